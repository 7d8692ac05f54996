/** Ordered like IndexedDB's array keys: element by element, numbers before strings, a prefix before what it begins. */
export type Key = readonly (string | number)[]

/**
 * Every key that begins with `prefix`, between `from` and `to` (both included) where given. Both continue `prefix`
 * (`{ prefix: ['p'], from: [3] }` begins at `['p', 3]`), and `to` includes every key that begins with it.
 */
export interface KeyRange {
  readonly prefix: Key
  readonly from?: Key
  readonly to?: Key
  /** Newest key first. Default false. */
  readonly reverse?: boolean
  /** At most this many rows. Default all. */
  readonly limit?: number
}

/** One stored record. `version` is chosen by the writer and compared by `expect`. */
export interface Row {
  readonly key: Key
  readonly version: string
  readonly value: unknown
}

export type Write =
  | { readonly kind: 'put'; readonly row: Row }
  | { readonly kind: 'remove'; readonly key: Key }
  /** Removes all of `range`, whatever its `reverse` and `limit`. */
  | { readonly kind: 'clear'; readonly range: KeyRange }

/** The row at `key` must have this version; `null`: there must be no row. */
export interface Expectation {
  readonly key: Key
  readonly version: string | null
}

export interface CommitOptions {
  /** `strict` resolves when the rows are on disk, `relaxed` when the engine has them. */
  readonly durability: 'relaxed' | 'strict'
  /** Checked in the same transaction; on a mismatch nothing is written. */
  readonly expect?: readonly Expectation[]
}

/** Keeps rows for one scope. Construction does no I/O; opens at the first call. */
export interface Storage {
  /** Rows in key order; sees whole commits only, and every commit called before it. */
  read(range: KeyRange): Promise<readonly Row[]>
  /** All or nothing. Rejects with a `StorageError`. */
  commit(writes: readonly Write[], options: CommitOptions): Promise<void>
  /** Ends every open handle; later calls reject `closed`. */
  close(): Promise<void>
}

/** `conflict`: an expectation failed. `full`: no room. `closed`: after `close()`. `failed`: anything else. */
export type StorageErrorCode = 'conflict' | 'full' | 'closed' | 'failed'

/** An error is recognised by these fields, not by its class. */
export interface StorageError extends Error {
  readonly code: StorageErrorCode
  /** The key whose expectation failed, for `conflict`. */
  readonly key?: Key
}

/** Where rows live now. `memory` with a `reason` is a fallback that the user should see. */
export interface StorageState {
  readonly kind: 'disk' | 'memory'
  readonly reason?: 'unavailable' | 'blocked' | 'full' | 'lost'
  /** How many bytes of cache the client may keep here. */
  readonly cacheBytes: number
}

export interface StorageEvents {
  /** Told whenever the place of the rows changes, first when it opens. */
  state(state: StorageState): void
}

export interface StorageScope {
  readonly tenant?: string
  readonly user: string
}

export type StorageFactory = (scope: StorageScope, to: StorageEvents) => Storage
