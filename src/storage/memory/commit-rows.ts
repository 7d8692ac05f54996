/** Owns the meaning of a commit over rows in memory: everything is checked before anything is written (R29). */
import type { Expectation, Key, KeyRange, Row, Write } from '../../ports/storage.js'
import { isKey } from '../key-order.js'
import { conflictAt, storageError } from '../storage-error.js'
import type { OrderedRows } from './ordered-rows.js'

/** Writes all or throws a `StorageError` (`failed` for a key without a place in the order, else `conflict`) and writes nothing. */
export function commitRows(rows: OrderedRows, writes: readonly Write[], expect: readonly Expectation[] = []): void {
  for (const write of writes) checkWrite(write)
  for (const { key, version } of expect) {
    checkKey(key)
    if ((rows.get(key)?.version ?? null) !== version) throw conflictAt(key)
  }
  for (const write of writes) {
    if (write.kind === 'put') rows.put(write.row)
    else if (write.kind === 'remove') rows.remove(write.key)
    else rows.clear(write.range)
  }
}

/** Throws `failed` for a key that is not made of strings and numbers. */
export function checkKey(...keys: readonly (Key | undefined)[]): void {
  for (const key of keys) {
    if (key && !isKey(key)) {
      throw storageError('failed', 'A key holds strings and numbers.', { key })
    }
  }
}

function checkWrite({ row, key, range }: { readonly row?: Row; readonly key?: Key; readonly range?: KeyRange }): void {
  checkKey(row?.key, key, range?.prefix, range?.from, range?.to)
}
