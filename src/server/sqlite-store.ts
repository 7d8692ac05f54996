/** The durable embedded store: one SQLite file, one process. */
import { storeOver } from './ledger/store-over.js'
import { openFile } from './sqlite/engine.js'
import { prepareSchema } from './sqlite/schema.js'
import { sqliteTables } from './sqlite/tables.js'
import type { Store } from './store.js'

export interface SqliteStoreOptions {
  /** The file; it and its folder are made where there are none. */
  readonly path: string
}

/**
 * Opens the file at once, by Node's own `node:sqlite` or else `@photostructure/sqlite`. What it has resolved is on disk and survives
 * the process and the machine's power (WAL, `synchronous = FULL`). Throws where no engine is installed, another process has the file
 * open, or a newer chatloom wrote it; the sentence says what to do.
 */
export function sqliteStore({ path }: SqliteStoreOptions): Store {
  const file = openFile(path)
  try {
    return storeOver(sqliteTables(file, prepareSchema(file.database, path)))
  } catch (error) {
    file.close()
    throw error
  }
}
