/** Owns how storages fail: plain errors, recognised by `code`, so that two copies of the package agree. */
import type { Key, StorageError, StorageErrorCode } from '../ports/storage.js'

export function storageError(code: StorageErrorCode, message: string, detail: { key?: Key; cause?: unknown } = {}): StorageError {
  return Object.assign(new Error(message, detail), detail.key ? { code, key: detail.key } : { code })
}

export const conflictAt = (key: Key): StorageError =>
  storageError('conflict', 'Not written: a row has another version. Read it again.', { key })

export const closedError = (): StorageError => storageError('closed', 'The storage is closed. Open a new one.')
