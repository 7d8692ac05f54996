/** fake-indexeddb on the time of a world, as the disk of its devices: its queue is moved by the virtual clock alone. */
import 'fake-indexeddb/auto'
import { indexedDbStorage } from '../../src/storage/indexeddb/index.js'
import { type DiskRecord, rowOf } from '../../src/storage/indexeddb/record.js'
import { storageError } from '../../src/storage/storage-error.js'
import type { Row, Storage, StorageErrorCode, StorageScope } from '../../src/ports/storage.js'
import type { DiskParts, WorldDisk } from '../../src/testing/world/tab.js'
import type { World } from '../../src/testing/world/world.js'

/** So many histories in all. */
export const seeds = Number(process.env.SEEDS ?? 200)
export const halfOf = (all: number): number => Math.ceil(all / 2)
/** Of half of them. */
export const timeout = Math.max(600_000, 3_000 * seeds)

/** One task of the engine takes so long. */
const taskMs = 0.1

/** While a world runs, tasks of IndexedDB are its timers. Returns the end of it. */
export function onVirtualTime({ time }: World): () => void {
  const real = globalThis.setImmediate
  const queue = (task: (...args: unknown[]) => void, ...args: unknown[]) => {
    time.later(taskMs, () => {
      time.beat()
      task(...args)
    })
  }
  globalThis.setImmediate = queue as unknown as typeof real
  return () => {
    globalThis.setImmediate = real
    // What a world leaves behind would be looked through in the next one.
    rawDatabases().clear()
  }
}

interface RawTransaction {
  readonly _finished: boolean
  readonly mode: string
}

interface RawDatabase {
  readonly transactions: readonly RawTransaction[]
  readonly rawObjectStores: ReadonlyMap<string, { readonly records: { values(): Iterable<{ readonly value: DiskRecord }> } }>
}

const rawDatabases = () => (indexedDB as unknown as { readonly _databases: Map<string, RawDatabase> })._databases

/** A record never changes, and is read after every step. */
const rows = new WeakMap<DiskRecord, Row>()

function rowAt(record: DiskRecord): Row {
  const known = rows.get(record)
  if (known) return known
  const row = rowOf(record)
  rows.set(record, row)
  return row
}

let disks = 0

/** A browser ends without harm to what is committed; an evicted one begins with nothing. */
export function indexedDbDisk({ cacheBytes }: DiskParts): WorldDisk {
  disks += 1
  let life = 0
  let failing: StorageErrorCode | undefined
  const counts = { crashes: 0, lost: 0, landed: 0, failed: 0 }
  const mine = `world${disks}`
  const databaseOf = ({ user }: StorageScope) => rawDatabases().get(JSON.stringify([`${mine}.${life}`, null, user]))
  const take = () => {
    const code = failing
    failing = undefined
    return code
  }
  return {
    factory(scope, to): Storage {
      const storage = indexedDbStorage({ name: `${mine}.${life}`, cacheBytes })(scope, to)
      return {
        ...storage,
        commit(writes, options) {
          const code = take()
          return code
            ? Promise.reject(storageError(code, 'The rows were not written: this failure was asked for.'))
            : storage.commit(writes, options)
        },
      }
    },
    crash() {
      counts.crashes += 1
      failing = undefined
    },
    failNext(code) {
      failing = code
    },
    stall() {},
    resume() {},
    evict() {
      life += 1
    },
    certain: (scope) => [...(databaseOf(scope)?.rawObjectStores.get('rows')?.records.values() ?? [])].map(({ value }) => rowAt(value)),
    isBusy: () =>
      [...rawDatabases()].some(
        ([name, { transactions }]) =>
          name.includes(`"${mine}.`) && transactions.some((each) => !each._finished && each.mode === 'readwrite'),
      ),
    counts,
  }
}
