/** Owns how storages fail: plain errors, recognised by `code`, so that two copies of the package agree. */
import type { Key, StorageError, StorageErrorCode } from '../ports/storage.js'

export function storageError(code: StorageErrorCode, message: string, detail: { key?: Key; cause?: unknown } = {}): StorageError {
  const error = new Error(message, detail.cause === undefined ? undefined : { cause: detail.cause })
  return Object.assign(error, detail.key ? { code, key: detail.key } : { code })
}

export const conflictAt = (key: Key): StorageError =>
  storageError('conflict', `Nothing was written: the row ${JSON.stringify(key)} is not the expected version. Read it again.`, { key })

export const closedError = (): StorageError => storageError('closed', 'The storage is closed. Open a new one.')
