/** Ids as SQLite keeps them. Engines cut a text at its first NUL, so one that has any stands there as bytes, which equal no text. */
import type { SqlValue } from './engine.js'

export type SqlText = string | Uint8Array

export function bound(value: SqlValue): SqlValue {
  return typeof value === 'string' && value.includes('\0') ? Buffer.from(value) : value
}

export function textOf(value: SqlText): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString()
}
