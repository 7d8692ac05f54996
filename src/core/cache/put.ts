import type { Key, Write } from '../../ports/storage.js'

/** The write of a row; `version` where somebody expects one. */
export function put(key: Key, value: unknown, version = ''): Write {
  return { kind: 'put', row: { key, version, value } }
}
