/** Which folder may import which, and which packages it may import: the direction of imports. */
import { type Import, importsOf } from './imports.js'
import type { Source } from './source.js'

interface Floor {
  /** Path prefixes of ours that it may import; its own folder always. */
  readonly sees: readonly string[]
  /** The same, for type imports alone. */
  readonly seesTypes?: readonly string[]
  readonly packages: readonly string[]
}

const anything = ['src/']
const binding = (framework: string): Floor => ({
  sees: ['src/bindings/', 'src/index.ts'],
  seesTypes: ['src/client/'],
  packages: [framework],
})

/** By path prefix. */
const floors: Record<string, Floor> = {
  'src/protocol/': { sees: [], packages: [] },
  'src/ports/': { sees: ['src/protocol/'], packages: [] },
  'src/core/': { sees: ['src/protocol/', 'src/ports/'], packages: [] },
  'src/client/': { sees: ['src/core/', 'src/protocol/', 'src/ports/'], packages: ['eventemitter3', 'ulidx'] },
  'src/index.ts': { sees: ['src/client/', 'src/storage/memory/', 'src/ports/', 'src/protocol/'], packages: [] },
  'src/transports/': { sees: ['src/protocol/', 'src/ports/'], packages: ['reconnecting-websocket', 'eventsource-parser'] },
  'src/storage/': { sees: ['src/ports/'], packages: ['idb'] },
  // What the three bindings share.
  'src/bindings/': { sees: [], seesTypes: ['src/client/'], packages: [] },
  'src/react/': binding('react'),
  'src/vue/': binding('vue'),
  'src/svelte/': binding('svelte'),
  'src/server/': { sees: ['src/protocol/'], packages: ['zod', 'ws', 'jose', '@photostructure/sqlite', 'node:'] },
  // One command over what serves and what asks.
  'src/cli/': { sees: ['src/server/', 'src/testing/'], packages: ['node:'] },
  'src/testing/': { sees: anything, packages: ['zod', 'ws', 'jose', 'eventsource-parser', 'node:'] },
}

/** The definition of the wire in zod: beside the client, or zod would be in its bundle and its types. */
const serverOnly = ['src/protocol/schemas.ts', 'src/protocol/client-codec.ts']
const serverSide = ['src/server/', 'src/testing/', ...serverOnly]

const under = (path: string, prefixes: readonly string[]): boolean => prefixes.some((prefix) => path.startsWith(prefix))

const among = (name: string, packages: readonly string[]): boolean =>
  packages.includes(name) || (name.startsWith('node:') && packages.includes('node:'))

/** One sentence per import that points where it may not. */
export function floorErrors(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const home = Object.keys(floors).find((prefix) => source.path.startsWith(prefix))
    if (home === undefined) return [`${source.path} stands on no floor`]
    return importsOf(source)
      .filter((one) => !allowed(home, one))
      .map(({ from, to, typeOnly }) => `${from} may not import ${to}${typeOnly ? ' (type)' : ''}`)
  })
}

function allowed(home: string, { from, to, typeOnly }: Import): boolean {
  const floor = floors[home] as Floor
  if (!to.startsWith('src/')) return among(to, serverOnly.includes(from) ? ['zod'] : floor.packages)
  if (serverOnly.includes(to) && !under(from, serverSide)) return false
  return under(to, [home, ...floor.sees, ...(typeOnly ? (floor.seesTypes ?? []) : [])])
}
