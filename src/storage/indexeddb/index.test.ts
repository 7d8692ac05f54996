import 'fake-indexeddb/auto'
import { describe, it } from 'vitest'
import { storageSuite } from '../../testing/storage-suite.js'
import { indexedDbStorage } from './index.js'

let disks = 0

describe('indexeddb storage', () => {
  const setUp = () => {
    const name = `disk ${disks++}`
    return { factory: indexedDbStorage({ name }), reopen: () => indexedDbStorage({ name }) }
  }
  for (const { name, run } of storageSuite(setUp, { gaps: { crash: 'a test cannot kill the process it runs in' } })) it(name, run)
})
