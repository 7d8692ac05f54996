/**
 * Owns rows that live as long as the page. A factory is like one disk: handles of one scope share their rows, scopes see
 * nothing of each other. Rows are kept and handed out by reference, never copied and never changed: callers must not change them either.
 */
import type { Storage, StorageEvents, StorageFactory, StorageScope } from '../../ports/storage.js'
import { closedError } from '../storage-error.js'
import { checkKey, commitRows } from './commit-rows.js'
import { type OrderedRows, orderedRows } from './ordered-rows.js'

export interface MemoryStorageOptions {
  /** How many bytes of cache the client may keep (R30). Default 4 MB: a page's memory is dearer than its disk. */
  readonly cacheBytes?: number
}

/** Nothing survives the page; the default of `createChat`. */
export function memoryStorage({ cacheBytes = 4_000_000 }: MemoryStorageOptions = {}): StorageFactory {
  const scopes = new Map<string, OrderedRows>()
  return (scope, to) => {
    const name = scopeName(scope)
    const rows = scopes.get(name) ?? orderedRows()
    scopes.set(name, rows)
    return openMemory(rows, cacheBytes, to)
  }
}

/** One string per scope, never the same for two. */
export const scopeName = ({ tenant, user }: StorageScope): string => JSON.stringify([tenant ?? null, user])

function openMemory(rows: OrderedRows, cacheBytes: number, to: StorageEvents): Storage {
  let told = false
  let closed = false

  const enter = () => {
    if (closed) throw closedError()
    if (told) return
    told = true
    // In a microtask, as a storage on disk tells it: a caller is never re-entered inside its own call.
    queueMicrotask(() => to.state({ kind: 'memory', cacheBytes }))
  }

  return {
    async read(range) {
      enter()
      checkKey(range.prefix, range.from, range.to)
      return rows.read(range)
    },
    async commit(writes, { expect }) {
      enter()
      commitRows(rows, writes, expect)
    },
    async close() {
      closed = true
    },
  }
}
