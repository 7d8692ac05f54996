import { afterAll, describe, expect, it } from 'vitest'
import type { KeyRange, Row } from '../../src/ports/storage.js'
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
})
