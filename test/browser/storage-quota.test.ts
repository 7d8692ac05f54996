/** In a file of its own: the browser remembers how much room there was for as long as a database is open. */
import { expect, it } from 'vitest'
import { cdp } from 'vitest/browser'
import { indexedDbStorage } from '../../src/storage/indexeddb/index.js'

const session = () => cdp() as unknown as { send(method: string, params: object): Promise<unknown> }
const setQuota = (quotaSize?: number) => session().send('Storage.overrideQuotaForOrigin', { origin: location.origin, quotaSize })

it('rejects `full` when the quota is used up, writes nothing of it, and goes on when there is room', async () => {
  const storage = indexedDbStorage({ name: 'quota' })({ user: 'ada' }, { state() {} })
  const put = (n: number, value: unknown) => ({ kind: 'put' as const, row: { key: ['n', n], version: 'v', value } })
  const numbers = async () => (await storage.read({ prefix: ['n'] })).map((row) => row.key[1])
  const noise = Array.from(crypto.getRandomValues(new Uint32Array(16_384)))
  await session().send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'all' })
  await setQuota(2_000_000)
  try {
    await storage.commit([put(1, null)], { durability: 'strict' })
    const heavy = Array.from({ length: 100 }, (_, n) => put(n + 2, noise))
    await expect(storage.commit(heavy, { durability: 'strict' })).rejects.toMatchObject({ code: 'full' })
    expect(await numbers()).toEqual([1])
    await setQuota()
    await storage.commit([put(2, 'small')], { durability: 'strict' })
    expect(await numbers()).toEqual([1, 2])
  } finally {
    await setQuota()
    await storage.close()
  }
})
