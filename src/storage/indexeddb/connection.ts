/**
 * Owns where calls go: to an open database, or for the rest of the page to a fallback. Calls start in the order they
 * were made; those made while a database opens wait for it.
 *
 *   idle ──call──▶ opening ──opened──▶ open ──closed by the engine, versionchange──▶ idle
 *                  opening ──refused, too slow──▶ fallen
 *                  open ──a transaction cannot start──▶ opening (once; again before one started: fallen)
 */
import { type OpenDBCallbacks, openDB, unwrap } from 'idb'
import type { StorageState } from '../../ports/storage.js'
import { diskRows, nameOf, type Rows } from './disk-rows.js'

export type FallbackReason = NonNullable<StorageState['reason']>

export interface ConnectionOptions {
  readonly database: string
  readonly openTimeoutMs: number
  /** Told at the first opening. */
  opened(): void
  /** Why this database was given up on before, if it was. */
  fallen(): FallbackReason | undefined
  /** Gives the rows that take every call from now on. */
  fallBack(reason: FallbackReason): Rows
}

export interface Connection {
  run<T>(call: (rows: Rows) => Promise<T>): Promise<T>
  /** Ends the connection; transactions under way still finish. */
  close(): void
}

export function connection({ database, openTimeoutMs, opened, fallen, fallBack }: ConnectionOptions): Connection {
  const waiting: ((rows: Rows) => unknown)[] = []
  let rows: Rows | undefined
  let db: IDBDatabase | undefined
  let opening = false
  let wasOpen = false
  /** A transaction has started since the last opening. */
  let proven = false

  const close = () => {
    db?.close()
    db = rows = undefined
  }

  const open = async () => {
    const known = fallen()
    if (known) {
      rows = fallBack(known)
      return drain()
    }
    opening = true
    proven = false
    try {
      db = await openWithin(database, openTimeoutMs, close)
      rows = diskRows(db)
      if (!wasOpen) opened()
      wasOpen = true
    } catch (error) {
      rows = fallBack(reasonOf(error, wasOpen))
    }
    opening = false
    drain()
  }

  const drain = () => {
    while (rows && waiting[0]) {
      try {
        waiting[0](rows)
      } catch {
        close()
        if (proven) void open()
        else rows = fallBack('lost')
        continue
      }
      proven = true
      waiting.shift()
    }
  }

  return {
    run: (call) =>
      new Promise((resolve, reject) => {
        waiting.push((rows) => call(rows).then(resolve, reject))
        if (rows) drain()
        else if (!opening) void open()
      }),
    close,
  }
}

const tooSlow = Symbol()

/** Rejects when the database does not open in time; one that opens later is closed again. An engine that still ends it is asked twice. */
async function openWithin(name: string, timeoutMs: number, gone: () => void): Promise<IDBDatabase> {
  const ask = async () => openDB(name, 1, { upgrade: createStore, blocking: gone, terminated: gone })
  const opening = ask().catch((error) => (nameOf(error) === 'AbortError' ? ask() : Promise.reject(error)))
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      opening.then((db) => db.close(), quiet)
      reject(tooSlow)
    }, timeoutMs)
  })
  return unwrap(await Promise.race([opening, late]).finally(() => clearTimeout(timer)))
}

const createStore: NonNullable<OpenDBCallbacks<unknown>['upgrade']> = (db, _from, _to, transaction) => {
  // idb keeps a promise for this transaction; what goes wrong is told by the opening itself.
  transaction.done.catch(quiet)
  // The key stands inside the record, so that `getAll` hands back whole rows.
  db.createObjectStore('rows', { keyPath: 'key' })
}

const quiet = () => {}

function reasonOf(error: unknown, wasOpen: boolean): FallbackReason {
  if (error === tooSlow) return 'blocked'
  if (nameOf(error) === 'QuotaExceededError') return 'full'
  return wasOpen ? 'lost' : 'unavailable'
}
