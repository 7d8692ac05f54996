/**
 * The built package, as an application imports it. CHATLOOM_DIST names another build, to compare two commits.
 * The decoder is no export of the package: it is built here from its source, as the package's own build does.
 */
import { mkdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

export const repository = fileURLToPath(new URL('../../..', import.meta.url))
export const dist = process.env.CHATLOOM_DIST ?? `${repository}dist`
/** For what a bench builds: ignored by git, and close enough to the repository to find its packages. */
export const scratch = fileURLToPath(new URL('../node_modules/.built', import.meta.url))

/** One entry of the package: `index`, `transports/websocket/index`, `server/index` … */
export const entry = (name) => import(pathToFileURL(`${dist}/${name}.js`).href)

/** Bundles a source of this repository for Node and imports it. */
export function built(source) {
  const outfile = `${scratch}/${source.replaceAll('/', '-').replace(/\.ts$/, '.mjs')}`
  mkdirSync(scratch, { recursive: true })
  buildSync({
    entryPoints: [`${repository}${source}`],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    packages: 'external',
    logLevel: 'error',
  })
  return import(pathToFileURL(outfile).href)
}
