/** What `package.json` promises: its subpaths and what an application installs with it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../house/source.js'

interface Manifest {
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>
  readonly dependencies: Record<string, string>
  readonly peerDependencies: Record<string, string>
}

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest

export interface Subpath {
  /** As an application imports it. */
  readonly name: string
  readonly types: string
  readonly code: string
}

/** Every subpath with code, in the order of `package.json`. Paths are absolute. */
export const subpaths: readonly Subpath[] = Object.entries(manifest.exports).flatMap(([path, to]) =>
  typeof to === 'string'
    ? []
    : [{ name: `chatloom${path.slice(1)}`, types: join(repository, to.types), code: join(repository, to.default) }],
)

/** Packages that an application has beside this one. */
export const installed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
