/** Bundles a program of the tests for Node, so that it runs in a process of its own, without a test runner around it. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

/** `entry` from the repository on. The bundle lies close enough to the repository that its packages are found. */
export function bundle(name, entry) {
  const cache = join(process.cwd(), 'node_modules', '.cache', 'chatloom')
  mkdirSync(cache, { recursive: true })
  const path = join(cache, `${name}-${process.pid}.mjs`)
  buildSync({
    entryPoints: [entry],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    banner: { js: 'globalThis.planted = {}' },
  })
  return { path, remove: () => rmSync(path) }
}
