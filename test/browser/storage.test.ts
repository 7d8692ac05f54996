import { afterAll, describe, expect, it, vi } from 'vitest'
import { cdp } from 'vitest/browser'
import type { KeyRange, Row, StorageState } from '../../src/ports/storage.js'
import { indexedDbStorage } from '../../src/storage/indexeddb/index.js'
import { storageSuite } from '../../src/testing/storage-suite.js'

let disks = 0

afterAll(async () => {
  for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name)
})

describe('indexeddb storage in a browser', () => {
  const setUp = () => {
    const name = `disk ${disks++}`
    return { factory: indexedDbStorage({ name }), reopen: () => indexedDbStorage({ name }) }
  }
  for (const { name, run } of storageSuite(setUp, { gaps: { crash: 'a test cannot kill the page it runs in' } })) it(name, run)

  it('reads backwards alike with and without getAllRecords', async () => {
    const storage = indexedDbStorage({ name: `disk ${disks++}` })({ user: 'ada' }, { state() {} })
    const rows = Array.from({ length: 30 }, (_, n): Row => ({ key: ['p', n], version: 'v', value: { n } }))
    await storage.commit(
      rows.map((row) => ({ kind: 'put', row })),
      { durability: 'relaxed' },
    )
    const ask: KeyRange = { prefix: ['p'], to: [20], reverse: true, limit: 7 }
    const fast = await storage.read(ask)
    const prototype = IDBObjectStore.prototype as { getAllRecords?: unknown }
    const { getAllRecords } = prototype
    expect(getAllRecords, 'this engine should have the fast way').toBeDefined()
    delete prototype.getAllRecords
    try {
      expect(await storage.read(ask)).toEqual(fast)
    } finally {
      prototype.getAllRecords = getAllRecords
    }
    expect(fast).toEqual(rows.slice(14, 21).reverse())
    await storage.close()
  })

  it('lets others delete its database, and opens a new one after', async () => {
    const name = `disk ${disks++}`
    const storage = indexedDbStorage({ name })({ user: 'ada' }, { state() {} })
    await storage.commit([{ kind: 'put', row: { key: ['a'], version: 'v', value: 1 } }], { durability: 'strict' })
    await new Promise<void>((resolve, reject) => {
      const deletion = indexedDB.deleteDatabase(JSON.stringify([name, null, 'ada']))
      deletion.onsuccess = () => resolve()
      deletion.onblocked = () => reject(new Error('the storage blocks the deletion'))
    })
    expect(await storage.read({ prefix: [] })).toEqual([])
    await storage.commit([{ kind: 'put', row: { key: ['b'], version: 'v', value: 2 } }], { durability: 'strict' })
    expect(await storage.read({ prefix: [] })).toHaveLength(1)
    await storage.close()
  })

  const devtools = (method: string, params: object): Promise<unknown> =>
    (cdp() as unknown as { send(method: string, params: object): Promise<unknown> }).send(method, { origin: location.origin, ...params })
  const put = (n: number, value: unknown) => ({ kind: 'put' as const, row: { key: ['n', n], version: 'v', value } })
  const numbers = async (storage: { read(range: KeyRange): Promise<readonly Row[]> }) =>
    (await storage.read({ prefix: ['n'] })).map((row) => row.key[1])

  it('reopens after the browser has closed its database by force', async () => {
    const told: StorageState[] = []
    const storage = indexedDbStorage({ name: `disk ${disks++}` })({ user: 'ada' }, { state: (state) => told.push(state) })
    const open = vi.spyOn(indexedDB, 'open')
    await storage.commit([put(1, null)], { durability: 'strict' })
    const connection: IDBDatabase = open.mock.results[0]!.value.result
    const closed = new Promise((resolve) => connection.addEventListener('close', resolve))
    await devtools('Storage.clearDataForOrigin', { storageTypes: 'indexeddb' })
    await closed
    await storage.commit([put(2, null)], { durability: 'strict' })
    expect(await numbers(storage)).toEqual([2])
    expect(told).toEqual([{ kind: 'disk', cacheBytes: 64_000_000 }])
    await storage.close()
  })
})
