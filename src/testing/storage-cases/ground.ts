/** Owns what every storage case stands on: one fresh disk, short words for rows, and checks that need no test runner. */
import type {
  CommitOptions,
  Key,
  KeyRange,
  Row,
  Storage,
  StorageErrorCode,
  StorageFactory,
  StorageScope,
  StorageState,
  Write,
} from '../../ports/storage.js'

/** One fresh, empty disk, made for each case. */
export interface StorageGround {
  /** All handles made by it share the disk. */
  readonly factory: StorageFactory
  /** The factory of a new page on the same disk, after every handle was closed. */
  reopen?(): StorageFactory | Promise<StorageFactory>
  /** The same after the page was killed in mid-work. */
  crash?(): StorageFactory | Promise<StorageFactory>
  /** Takes the disk away again. */
  dispose?(): void | Promise<void>
}

/** What a storage cannot do, each with the reason; its cases are left out. */
export type StorageGap = (typeof storageGaps)[number]

export const storageGaps = ['reopen', 'crash'] as const

export interface StorageCase {
  /** What the case rests on, beside the factory. */
  readonly needs?: StorageGap
  readonly name: string
  /** Rejects with a plain `Error` that says what was expected. */
  run(ground: StorageGround): Promise<void>
}

export const ada: StorageScope = { user: 'ada' }
export const all: KeyRange = { prefix: [] }
export const strict: CommitOptions = { durability: 'strict' }
export const relaxed: CommitOptions = { durability: 'relaxed' }

export const put = (key: Key, value: unknown = null, version = 'v1'): Write => ({ kind: 'put', row: { key, version, value } })
export const remove = (key: Key): Write => ({ kind: 'remove', key })
export const clear = (range: KeyRange): Write => ({ kind: 'clear', range })

/** A handle on the disk; `told` collects what it says about its place. */
export const openStorage = (factory: StorageFactory, scope: StorageScope = ada, told: StorageState[] = []): Storage =>
  factory(scope, { state: (state) => told.push(state) })

export const keysOf = async (storage: Storage, range: KeyRange = all): Promise<Key[]> => (await storage.read(range)).map((row) => row.key)

export const valueAt = async (storage: Storage, key: Key): Promise<unknown> => (await rowAt(storage, key))?.value

const rowAt = async (storage: Storage, key: Key): Promise<Row | undefined> => {
  const rows = await storage.read({ prefix: key, limit: 1 })
  return rows.find((row) => row.key.length === key.length)
}

/** Throws unless both hold the same JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (is !== should) throw new Error(`${what}: expected ${clip(should)}, got ${clip(is)}`)
}

/** Throws unless `call` rejects with this `StorageError`. */
export async function rejects(call: Promise<unknown>, code: StorageErrorCode, key?: Key): Promise<void> {
  const settled = await call.then(
    () => ({ code: 'nothing: it resolved', key: undefined }),
    (error) => ({ code: error?.code, key: error?.key }),
  )
  same(settled.code, code, 'the rejection')
  if (key) same(settled.key, key, `the key of the ${code}`)
}

const clip = (text = 'undefined') => (text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text)
