/**
 * Owns rows on the browser's disk: one database per (name, tenant, user), one store of rows. Where the browser gives
 * no database, rows live in memory until the page ends, and `StorageEvents.state` says why.
 */
import type { StorageFactory, StorageState } from '../../ports/storage.js'
import { memoryStorage } from '../memory/index.js'
import { closedError } from '../storage-error.js'
import { connection, type FallbackReason } from './connection.js'
import { nameOf } from './disk-rows.js'

export interface IndexedDbStorageOptions {
  /** Separates applications of one origin. Default `chatloom`. */
  readonly name?: string
  /** How many bytes of cache the client may keep on disk (R30). Default 64 MB. */
  readonly cacheBytes?: number
  /** Falls back to memory when the database is not open by then, in milliseconds. Default 5,000. */
  readonly openTimeoutMs?: number
}

/** Rows survive the page (R29). Never throws: without IndexedDB it falls back to memory and says so. */
export function indexedDbStorage(options: IndexedDbStorageOptions = {}): StorageFactory {
  const { name = 'chatloom', cacheBytes = 64_000_000, openTimeoutMs = 5_000 } = options
  const memory = memoryStorage()
  /** Databases given up on: they stay in memory until a new page, or rows would jump back and forth. */
  const fallen = new Map<string, FallbackReason>()

  return (scope, to) => {
    const database = JSON.stringify([name, scope.tenant ?? null, scope.user])
    const calls = new Set<Promise<unknown>>()
    let closed = false

    const link = connection({
      database,
      openTimeoutMs,
      opened: () => to.state({ kind: 'disk', cacheBytes }),
      fallBack(reason) {
        fallen.set(database, reason)
        return memory(scope, { state: (state: StorageState) => to.state({ ...state, reason }) })
      },
      fallen: () => fallen.get(database),
    })

    /** Keeps each call until it settles, so that `close` can wait for it. */
    const enter = <T>(call: () => Promise<T>): Promise<T> => {
      if (closed) return Promise.reject(closedError())
      const done = call()
      const forget = () => calls.delete(done)
      calls.add(done)
      done.then(forget, forget)
      return done
    }

    return {
      read(range) {
        const read = () => link.run((rows) => rows.read(range))
        // The engine may close the database under a read; asked again, it goes to the reopened one.
        return enter(() => read().catch((error) => (nameOf(error.cause) === 'AbortError' ? read() : Promise.reject(error))))
      },
      commit: (writes, how) => enter(() => link.run((rows) => rows.commit(writes, how))),
      async close() {
        closed = true
        await Promise.allSettled(calls)
        link.close()
      },
    }
  }
}
