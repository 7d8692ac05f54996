/** A store in the memory of this process: for tests, demonstrations and trials. Nothing survives the process. */
import { storeOver } from './ledger/store-over.js'
import { type MemoryData, memoryTables } from './memory-tables.js'
import type { Store } from './store.js'

/** Keeps everything in memory; all of it is gone with the process. */
export function memoryStore(): Store {
  return createMemoryStore()
}

/**
 * For tests: over data of their own.
 * @internal
 */
export function createMemoryStore(data?: MemoryData): Store {
  return storeOver(memoryTables(data))
}
