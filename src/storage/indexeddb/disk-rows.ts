/**
 * Owns one commit and one read on an open IndexedDB database. IndexedDB costs by the request, hardly by the byte, so a
 * read is one request and a commit sends its checks and its writes in one go: a failed check aborts what was sent with it.
 * `read` and `commit` throw at once when the connection is gone; everything else rejects.
 */
import type { DBSchema, IDBPDatabase, OpenDBCallbacks, IDBPObjectStore } from 'idb'
import type { CommitOptions, KeyRange, Row, Storage, Write } from '../../ports/storage.js'
import { boundsOf, compareKeys } from '../key-order.js'
import { conflictAt, storageError } from '../storage-error.js'

/** The key stands inside the row, so that `getAll` hands back whole rows. */
interface Schema extends DBSchema {
  rows: { key: IDBValidKey; value: Row }
}

export type Database = IDBPDatabase<Schema>

export type Rows = Pick<Storage, 'read' | 'commit'>

type Upgrade = NonNullable<OpenDBCallbacks<Schema>['upgrade']>

export const createStore: Upgrade = (db, _from, _to, transaction) => {
  transaction.done.catch(quiet)
  db.createObjectStore('rows', { keyPath: 'key' })
}

/** idb keeps a promise for every transaction, and what went wrong is told by the request. */
const quiet = () => {}

export const diskRows = (db: Database): Rows => ({
  read(range) {
    const { store, done } = db.transaction('rows')
    done.catch(quiet)
    return readRows(store, range).catch(rethrow)
  },
  commit(writes, options) {
    return writeRows(begin(db, options), writes, options).catch(rethrow)
  },
})

async function readRows(store: IDBPObjectStore<Schema, ['rows']>, range: KeyRange): Promise<readonly Row[]> {
  const query = queryOf(range)
  const limit = Math.min(range.limit ?? maxCount, maxCount)
  if (!query || limit < 1) return []
  if (!range.reverse) return (await store.getAll(query, limit)).filter(isRow)
  if (limit === maxCount) return (await store.getAll(query)).filter(isRow).reverse()
  return (await newestRows(store, query, limit)).filter(isRow)
}

/** The largest count IndexedDB takes. */
const maxCount = 2 ** 32 - 1

async function newestRows(store: IDBPObjectStore<Schema, ['rows']>, query: IDBKeyRange, limit: number): Promise<Row[]> {
  // Engines that have `getAllRecords` let `getAll` run backwards too: one request instead of one per row.
  if ('getAllRecords' in IDBObjectStore.prototype) return store.getAll({ query, count: limit, direction: 'prev' } as never)
  const rows: Row[] = []
  let cursor = await store.openCursor(query, 'prev')
  while (cursor) {
    rows.push(cursor.value)
    cursor = rows.length < limit ? await cursor.continue() : null
  }
  return rows
}

async function writeRows(transaction: ReturnType<typeof begin>, writes: readonly Write[], { expect = [] }: CommitOptions): Promise<void> {
  const { store } = transaction
  let cause: unknown
  const note = (error: unknown) => {
    // Every request of an aborted transaction fails with AbortError; only the first other error tells why.
    if (nameOf(error) !== 'AbortError') cause ??= error
  }
  const stop = (error: unknown) => {
    note(error)
    transaction.abort()
  }
  const done = transaction.done
  try {
    for (const { key, version } of expect) {
      store.get(key as IDBValidKey).then((row) => (isRow(row) ? row.version : null) === version || cause || stop(conflictAt(key)), note)
    }
    for (const write of writes) request(store, write)?.catch(note)
  } catch (error) {
    stop(error)
  }
  await done.catch((error) => {
    throw cause ?? error
  })
}

const begin = (db: Database, { durability }: CommitOptions) => db.transaction('rows', 'readwrite', { durability })

function request(store: IDBPObjectStore<Schema, ['rows'], 'rows', 'readwrite'>, write: Write): Promise<unknown> | undefined {
  if (write.kind === 'put') return store.put(write.row)
  if (write.kind === 'remove') return store.delete(write.key as IDBValidKey)
  const query = queryOf(write.range)
  return query && store.delete(query)
}

/** Undefined for a range that holds nothing, which IndexedDB refuses to make. */
function queryOf(range: KeyRange): IDBKeyRange | undefined {
  const { lower, upper } = boundsOf(range)
  return compareKeys(lower, upper) > 0 ? undefined : IDBKeyRange.bound(lower, upper)
}

/** What stands on disk may come from anywhere: a record without a version is no row. */
const isRow = (row: Row | undefined): row is Row => typeof row?.version === 'string'

export const nameOf = (error: unknown): unknown => (error as Error | null)?.name

function rethrow(cause: unknown): never {
  if (typeof (cause as { code?: unknown } | null)?.code === 'string') throw cause
  if (nameOf(cause) === 'QuotaExceededError')
    throw storageError('full', 'The rows were not written: the disk has no room. Clear some.', { cause })
  throw storageError('failed', 'IndexedDB did not do what it was asked: see the cause. Try again.', { cause })
}
