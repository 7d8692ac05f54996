import { describe, expect, it } from 'vitest'
import type { StorageState } from '../../ports/storage.js'
import { storageSuite } from '../../testing/storage-suite.js'
import { memoryStorage } from './index.js'

describe('memory storage', () => {
  const setUp = () => {
    const factory = memoryStorage()
    return { factory, reopen: () => factory }
  }
  for (const { name, run } of storageSuite(setUp, { gaps: { crash: 'rows end with the page' } })) it(name, run)

  it('says that rows live in memory, without a reason, and how much cache it takes', async () => {
    const told: StorageState[] = []
    const open = (factory = memoryStorage()) => factory({ user: 'ada' }, { state: (state) => told.push(state) }).read({ prefix: [] })
    await open()
    await open(memoryStorage({ cacheBytes: 1_000 }))
    expect(told).toEqual([
      { kind: 'memory', cacheBytes: 4_000_000 },
      { kind: 'memory', cacheBytes: 1_000 },
    ])
  })
})
