import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Storage, StorageState } from '../../ports/storage.js'
import { indexedDbStorage } from './index.js'

const ada = { user: 'ada' }
const all = { prefix: [] }
let disks = 0

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function page(name = `faults ${disks++}`) {
  const told: StorageState[] = []
  const factory = indexedDbStorage({ name })
  const open = () => factory(ada, { state: (state) => told.push(state) })
  return { told, open, storage: open(), database: JSON.stringify([name, null, 'ada']) }
}

const put = (storage: Storage, n: number) =>
  storage.commit([{ kind: 'put', row: { key: ['n', n], version: 'v', value: n } }], { durability: 'strict' })
const numbers = async (storage: Storage) => (await storage.read(all)).map((row) => row.value)

/** Puts a record as somebody else might have left it. */
async function putRaw(database: string, record: unknown) {
  const raw = await openRaw(database)
  await new Promise((resolve) => {
    const transaction = raw.transaction('rows', 'readwrite')
    transaction.objectStore('rows').put(record)
    transaction.oncomplete = resolve
  })
  raw.close()
}

const openRaw = (name: string, version?: number) =>
  new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const deleted = (name: string) =>
  new Promise<'deleted' | 'blocked'>((resolve) => {
    const request = indexedDB.deleteDatabase(name)
    request.onblocked = () => resolve('blocked')
    request.onsuccess = () => resolve('deleted')
  })

/** The connection a storage has opened last. */
function lastConnection(open: { mock: { results: { value?: unknown }[] } }): IDBDatabase {
  return (open.mock.results.at(-1)!.value as IDBOpenDBRequest).result
}

const inMemory = (reason: StorageState['reason']): StorageState => ({ kind: 'memory', cacheBytes: 4_000_000, reason })
const onDisk: StorageState = { kind: 'disk', cacheBytes: 64_000_000 }

describe('without a database', () => {
  it.each([
    ['missing', () => vi.stubGlobal('indexedDB', undefined)],
    [
      'forbidden',
      () =>
        vi.spyOn(indexedDB, 'open').mockImplementation(() => {
          throw new DOMException('no', 'SecurityError')
        }),
    ],
  ])('falls back to memory when IndexedDB is %s, says so once, and stays there', async (_, breakIt) => {
    breakIt()
    const { storage, open, told } = page()
    await Promise.all([put(storage, 1), put(storage, 2)])
    expect(await numbers(storage)).toEqual([1, 2])
    expect(told).toEqual([inMemory('unavailable')])
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    expect(await numbers(open())).toEqual([1, 2])
    expect(told).toEqual([inMemory('unavailable'), inMemory('unavailable')])
    await storage.close()
    await expect(storage.read(all)).rejects.toMatchObject({ code: 'closed' })
  })

  it('falls back when a newer build has raised the version', async () => {
    const { storage, told, database } = page()
    ;(await openRaw(database, 2)).close()
    await put(storage, 1)
    expect(told).toEqual([inMemory('unavailable')])
  })

  it('falls back as `full` when there is no room to open', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    const { storage, told } = page()
    await put(storage, 1)
    expect(told).toEqual([inMemory('full')])
  })

  it('falls back as `blocked` after the time limit, answers what waited, and closes what opens late', async () => {
    const { storage, told, database } = page()
    const holder = await openRaw(database)
    const deletion = deleted(database)
    const opening = vi.spyOn(indexedDB, 'open')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const waiting = [put(storage, 1), numbers(storage)]
    expect(await deletion).toBe('blocked')
    vi.advanceTimersByTime(4_999)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(await Promise.all(waiting)).toEqual([undefined, [1]])
    expect(told).toEqual([inMemory('blocked')])
    const late = opening.mock.results.at(-1)!.value as IDBOpenDBRequest
    const opened = new Promise((resolve) => late.addEventListener('success', resolve))
    holder.close()
    await opened
    await new Promise(setImmediate)
    expect(() => late.result.transaction('rows')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(await numbers(storage)).toEqual([1])
  })
})

describe('with a database that goes away', () => {
  it('reopens after a forced close, keeping the order of calls', async () => {
    const open = vi.spyOn(indexedDB, 'open')
    const { storage, told } = page()
    await put(storage, 1)
    lastConnection(open).close()
    const answers = await Promise.all([numbers(storage), put(storage, 2), numbers(storage), put(storage, 3), numbers(storage)])
    expect(answers).toEqual([[1], undefined, [1, 2], undefined, [1, 2, 3]])
    lastConnection(open).close()
    expect(await numbers(storage)).toEqual([1, 2, 3])
    expect(open).toHaveBeenCalledTimes(3)
    expect(told).toEqual([onDisk])
  })

  it('falls back as `lost` when no transaction starts after reopening either', async () => {
    const { storage, told } = page()
    await put(storage, 1)
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('closing', 'InvalidStateError')
    })
    await Promise.all([put(storage, 2), put(storage, 3)])
    vi.restoreAllMocks()
    expect(await numbers(storage)).toEqual([2, 3])
    expect(told).toEqual([onDisk, inMemory('lost')])
  })

  it('falls back as `lost` when it cannot reopen', async () => {
    const { storage, told, database } = page()
    await put(storage, 1)
    ;(await openRaw(database, 2)).close()
    expect(await numbers(storage)).toEqual([])
    expect(told).toEqual([onDisk, inMemory('lost')])
  })

  it('asks once more for a database that the engine is still ending', async () => {
    const open = vi.spyOn(indexedDB, 'open')
    const { storage, told } = page()
    await put(storage, 1)
    const ending = () => {
      throw new DOMException('The connection was closed.', 'AbortError')
    }
    lastConnection(open).close()
    open.mockImplementationOnce(ending)
    expect(await numbers(storage)).toEqual([1])
    expect(told).toEqual([onDisk])
    open.mockImplementation(ending)
    const other = page()
    await put(other.storage, 1)
    expect(other.told).toEqual([inMemory('unavailable')])
  })

  it('lets others delete the database, and opens a new one at the next call', async () => {
    const { storage, told, database } = page()
    await put(storage, 1)
    expect(await deleted(database)).toBe('deleted')
    expect(await numbers(storage)).toEqual([])
    await put(storage, 2)
    expect(await numbers(storage)).toEqual([2])
    expect(told).toEqual([onDisk])
  })

  it('asks reads again that the engine aborted', async () => {
    const { storage } = page()
    await put(storage, 1)
    const { getAll } = IDBObjectStore.prototype
    const aborted = vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementationOnce(function (this: IDBObjectStore, ...args) {
      queueMicrotask(() => this.transaction.abort())
      return getAll.apply(this, args as [])
    })
    expect(await Promise.all([numbers(storage), numbers(storage)])).toEqual([[1], [1]])
    expect(aborted).toHaveBeenCalledTimes(4)
  })
})

describe('a commit that does not reach the disk', () => {
  const failing = (fail: (store: IDBObjectStore) => void) => {
    const original = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, ...args) {
      const request = original.apply(this, args)
      fail(this)
      return request
    })
  }

  it('rejects `full` for want of room, stays on disk and writes nothing', async () => {
    const { storage, told } = page()
    await put(storage, 1)
    failing(() => {
      throw new DOMException('no room', 'QuotaExceededError')
    })
    await expect(put(storage, 2)).rejects.toMatchObject({ code: 'full', cause: { name: 'QuotaExceededError' } })
    expect(await numbers(storage)).toEqual([1])
    expect(told).toEqual([onDisk])
  })

  it('rejects `failed` when aborted after its requests', async () => {
    const { storage } = page()
    failing(({ transaction }) => transaction.abort())
    await expect(put(storage, 1)).rejects.toMatchObject({ code: 'failed' })
    expect(await numbers(storage)).toEqual([])
  })

  it('rejects `failed` for a value that cannot be stored, and writes nothing of the commit', async () => {
    const { storage } = page()
    const row = (n: number, value: unknown) => ({ kind: 'put' as const, row: { key: [n], version: 'v', value } })
    await expect(storage.commit([row(1, 1), row(2, () => {})], { durability: 'relaxed' })).rejects.toMatchObject({ code: 'failed' })
    expect(await numbers(storage)).toEqual([])
  })
})

describe('economy', () => {
  it('does nothing before the first call, opens once, and asks for the durability it was given', async () => {
    const open = vi.spyOn(indexedDB, 'open')
    const { storage } = page()
    expect(open).not.toHaveBeenCalled()
    await storage.read(all)
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    await Promise.all([put(storage, 1), storage.commit([], { durability: 'relaxed' }), storage.read(all)])
    expect(open).toHaveBeenCalledTimes(1)
    expect(transaction.mock.calls.map(([, mode, options]) => [mode, options])).toEqual([
      ['readwrite', { durability: 'strict' }],
      ['readwrite', { durability: 'relaxed' }],
      [undefined, undefined],
    ])
  })

  it('reads in one transaction what is asked in one go, and in a new one behind a commit', async () => {
    const { storage } = page()
    await storage.read(all)
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    const asked = [numbers(storage), numbers(storage), put(storage, 1), numbers(storage), numbers(storage), put(storage, 2)]
    expect(await Promise.all(asked)).toEqual([[], [], undefined, [1], [1], undefined])
    expect(await numbers(storage)).toEqual([1, 2])
    expect(transaction.mock.calls.map(([, mode]) => mode)).toEqual([undefined, 'readwrite', undefined, 'readwrite', undefined])
  })

  it('lets a read that is refused take no other along', async () => {
    const { storage } = page()
    await put(storage, 1)
    const [refused, answered] = await Promise.allSettled([storage.read({ prefix: [Number.NaN] }), numbers(storage)])
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'failed' } })
    expect(answered).toMatchObject({ value: [1] })
  })
})

describe('what a record holds', () => {
  const stored = async (database: string) => {
    const raw = await openRaw(database)
    const request = raw.transaction('rows').objectStore('rows').getAll()
    await new Promise((resolve) => {
      request.onsuccess = resolve
    })
    raw.close()
    return request.result as unknown[]
  }

  it('is one text for a value that is JSON', async () => {
    const { storage, database } = page()
    const value = [{ id: 'a', content: { text: 'ä \ud800' }, n: [1.5, null, true] }]
    await storage.commit([{ kind: 'put', row: { key: ['a'], version: 'v', value } }], { durability: 'relaxed' })
    expect(await stored(database)).toEqual([{ key: ['a'], version: 'v', text: JSON.stringify(value) }])
    expect(await storage.read(all)).toEqual([{ key: ['a'], version: 'v', value }])
  })

  it('is the value itself where JSON would not give it back', async () => {
    const { storage, database } = page()
    const circle: unknown[] = []
    circle.push(circle)
    const sparse = [1]
    sparse[2] = 3
    const bare = [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, new Date(0), new Map([[1, 2]]), new Uint8Array([1])]
    const values = [...bare, ...bare.map((value) => ({ deep: [value] })), { gone: undefined, here: 1 }, sparse, circle]
    const writes = values.map((value, n) => ({ kind: 'put' as const, row: { key: ['n', n], version: 'v', value } }))
    await storage.commit(writes, { durability: 'relaxed' })
    expect((await storage.read(all)).map((row) => row.value)).toStrictEqual(values)
    expect((await stored(database)).filter((record) => 'text' in (record as object))).toEqual([])
  })

  it('gives a row without a value where its text is damaged, and every other row', async () => {
    const { storage, database } = page()
    await put(storage, 1)
    const damaged = ['', '[{"id":"a"', '{"a":1}}', 'undefined', {}]
    for (const [i, text] of damaged.entries()) await putRaw(database, { key: ['n', i + 2], version: 'v', text })
    await put(storage, 99)
    const rows = await storage.read(all)
    expect(rows.map(({ value }) => value)).toEqual([1, ...damaged.map(() => undefined), 99])
    expect(new Set(rows.map(({ version }) => version))).toEqual(new Set(['v']))
    const expected = [{ key: ['n', 2], version: 'v' }]
    await storage.commit([{ kind: 'remove', key: ['n', 2] }], { durability: 'relaxed', expect: expected })
  })

  it('passes over records without a version, and treats them as no row', async () => {
    const { storage, database } = page()
    await put(storage, 1)
    await putRaw(database, { key: ['n', 2], version: { toString: 'v' }, value: 2 })
    expect(await numbers(storage)).toEqual([1])
    await storage.commit([], { durability: 'relaxed', expect: [{ key: ['n', 2], version: null }] })
  })
})
