/** Reads the source tree that the house rules judge. Paths are relative to the repository and use `/`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface Source {
  readonly path: string
  readonly text: string
}

export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)

/** Every file under `folder` that `wanted` keeps, in path order. */
export function readSources(folder: string, wanted: (path: string) => boolean): Source[] {
  return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter(wanted)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(repository, path), 'utf8') }))
}

/** What is shipped: TypeScript under `src`, tests excluded. */
export const readShipped = (): Source[] => readSources('src', (path) => /\.tsx?$/.test(path) && !isTest(path))
