/**
 * Owns how a row stands on disk. A value that is JSON stands as its text: a page of messages is cheaper to write as one string
 * than as hundreds of cloned fields, and no dearer to read. Any other value stands as it is. What stands on disk may come from
 * anywhere: a record without a version is no row, and a damaged text gives a row without a value, which nobody takes for one.
 */
import type { Row } from '../../ports/storage.js'

export type DiskRecord = Row | (Omit<Row, 'value'> & { readonly text: string })

export const isRecord = (record: DiskRecord | undefined): record is DiskRecord => typeof record?.version === 'string'

export const recordOf = ({ key, version, value }: Row): DiskRecord =>
  isJson(value, 99) ? { key, version, text: JSON.stringify(value) } : { key, version, value }

export function rowOf(record: DiskRecord): Row {
  if (!('text' in record)) return record
  const { key, version, text } = record
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {}
  return { key, version, value }
}

/** Does JSON give it back the same (but for the sign of a zero)? What nests deeper than `depth` may be a circle. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
  if (value === null) return true
  if (depth < 1) return false
  const isArray = Array.isArray(value)
  if (!isArray && Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const each of isArray ? value : Object.values(value)) if (!isJson(each, depth - 1)) return false
  return true
}
