/** The memory store over tables that count: each call, and each row that a list brings. */
import { storeOver } from '../../src/server/ledger/store-over.js'
import { memoryTables } from '../../src/server/memory-tables.js'
import type { Store } from '../../src/server/store.js'
import type { Tables } from '../../src/server/tables.js'

export interface CountingStore {
  readonly store: Store
  /** What was read since the last call, by table. */
  reads(): Readonly<Record<string, number>>
}

export function countingStore(): CountingStore {
  let counts: Record<string, number> = {}
  const tables = memoryTables()
  const counted = Object.entries(tables).map(([name, ask]) => {
    if (name === 'transaction' || name === 'close' || name.startsWith('put')) return [name, ask]
    return [
      name,
      (...asked: readonly unknown[]) => {
        const found = (ask as (...all: readonly unknown[]) => unknown)(...asked)
        counts[name] = (counts[name] ?? 0) + (Array.isArray(found) ? Math.max(1, found.length) : 1)
        return found
      },
    ]
  })
  return {
    store: storeOver(Object.fromEntries(counted) as Tables),
    reads() {
      const read = counts
      counts = {}
      return read
    },
  }
}
