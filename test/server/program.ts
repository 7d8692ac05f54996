/** Programs of tests, bundled for Node so that they run in processes of their own. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

/** Bundles `test/server/<name>.ts`; close enough to the repository that its packages are found. */
export function program(name: string): { readonly path: string; remove(): void } {
  const cache = join(process.cwd(), 'node_modules', '.cache', 'chatloom')
  mkdirSync(cache, { recursive: true })
  const path = join(cache, `${name}-${process.pid}.mjs`)
  buildSync({
    entryPoints: [`test/server/${name}.ts`],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  })
  return { path, remove: () => rmSync(path) }
}
