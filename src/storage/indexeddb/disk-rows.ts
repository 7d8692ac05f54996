/**
 * Owns one commit and one read on an open IndexedDB database. IndexedDB costs by the request, hardly by the byte, so a
 * read is one request and a commit sends its checks and its writes in one go: a failed check aborts what was sent with it.
 * `read` and `commit` throw at once when the connection is gone; everything else rejects.
 */
import { wrap } from 'idb'
import type { CommitOptions, KeyRange, Row, Storage, Write } from '../../ports/storage.js'
import { boundsOf, compareKeys } from '../key-order.js'
import { conflictAt, storageError } from '../storage-error.js'
import { type DiskRecord, isRecord, recordOf, rowOf } from './record.js'

export type Rows = Pick<Storage, 'read' | 'commit'>

export const diskRows = (db: IDBDatabase): Rows => {
  /** Reads of one moment share a transaction; after a commit begins a new one, which sees it. */
  let reading: IDBObjectStore | undefined
  const done = () => {
    reading = undefined
  }
  return {
    read(range) {
      if (!reading) {
        reading = db.transaction('rows').objectStore('rows')
        queueMicrotask(done)
      }
      return readRows(reading, range).catch(rethrow)
    },
    commit(writes, { durability, expect = [] }) {
      done()
      return writeRows(db.transaction('rows', 'readwrite', { durability }), writes, expect).catch(rethrow)
    },
  }
}

async function readRows(store: IDBObjectStore, { reverse, limit = maxCount, ...range }: KeyRange): Promise<readonly Row[]> {
  const query = queryOf(range)
  const count = Math.min(limit, maxCount)
  if (!query || count < 1) return []
  const records: DiskRecord[] = reverse ? await newest(store, query, count) : await wrap(store.getAll(query, count))
  return records.filter(isRecord).map(rowOf)
}

/** The largest count IndexedDB takes. */
const maxCount = 2 ** 32 - 1

async function newest(store: IDBObjectStore, query: IDBKeyRange, count: number): Promise<DiskRecord[]> {
  // Engines that have `getAllRecords` let `getAll` run backwards too: one request instead of one per row.
  if ('getAllRecords' in IDBObjectStore.prototype) return wrap(store.getAll({ query, count, direction: 'prev' } as never))
  const records: DiskRecord[] = []
  let cursor = await wrap(store).openCursor(query, 'prev')
  while (cursor) {
    records.push(cursor.value)
    cursor = records.length < count ? await cursor.continue() : null
  }
  return records
}

function writeRows(transaction: IDBTransaction, writes: readonly Write[], expect: NonNullable<CommitOptions['expect']>): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: unknown
    const stop = (error: unknown) => {
      cause = error
      transaction.abort()
    }
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(cause ?? transaction.error)
    try {
      const store = transaction.objectStore('rows')
      for (const { key, version } of expect) {
        const asked = store.get(key as IDBValidKey)
        asked.onsuccess = () => {
          if ((isRecord(asked.result) ? asked.result.version : null) !== version) stop(conflictAt(key))
        }
      }
      for (const write of writes) request(store, write)
    } catch (error) {
      stop(error)
    }
  })
}

function request(store: IDBObjectStore, write: Write): void {
  if (write.kind === 'put') store.put(recordOf(write.row))
  else {
    const query = write.kind === 'clear' ? queryOf(write.range) : (write.key as IDBValidKey)
    if (query) store.delete(query)
  }
}

/** Undefined for a range that holds nothing, which IndexedDB refuses to make. */
function queryOf(range: KeyRange): IDBKeyRange | undefined {
  const { lower, upper } = boundsOf(range)
  return compareKeys(lower, upper) > 0 ? undefined : IDBKeyRange.bound(lower, upper)
}

export const nameOf = (error: unknown): unknown => (error as Error | null)?.name

function rethrow(cause: unknown): never {
  if (typeof (cause as { code?: unknown } | null)?.code === 'string') throw cause
  if (nameOf(cause) === 'QuotaExceededError')
    throw storageError('full', 'The rows were not written: the disk has no room. Clear some.', { cause })
  throw storageError('failed', 'IndexedDB did not do what it was asked: see the cause. Try again.', { cause })
}
