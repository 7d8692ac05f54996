/** What `package.json` and its lock promise to those who install. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository } from './source.js'

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
  readonly peerDependencies: Record<string, string>
  readonly peerDependenciesMeta: Record<string, { readonly optional?: boolean }>
}

interface Lock {
  readonly packages: Record<string, { readonly version: string; readonly resolved?: string }>
}

const read = (path: string): string => readFileSync(join(repository, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as Manifest

describe('package.json', () => {
  const lock = JSON.parse(read('package-lock.json')) as Lock

  it('asks users for at least the versions that are tested here', () => {
    const tested = Object.keys(manifest.dependencies).map((name) => [name, `^${lock.packages[`node_modules/${name}`]?.version}`])
    expect(manifest.dependencies).toEqual(Object.fromEntries(tested))
  })

  it('pins what only development needs', () => {
    expect(Object.entries(manifest.devDependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('asks for no framework', () => {
    expect(Object.keys(manifest.peerDependencies).filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([])
  })
})

describe.each(['package-lock.json', 'test/bench/package-lock.json', 'test/mutation/package-lock.json'])('%s', (path) => {
  it('names no registry', () => expect(read(path)).not.toMatch(/"resolved": "http/))
})
