/** The storage suite over the real IndexedDB of the page it runs in. */
import { indexedDbStorage } from '../../src/storage/indexeddb/index.js'
import { storageSuite } from '../../src/testing/storage-suite.js'

let disks = 0
const setUp = () => {
  const name = `disk ${disks++}`
  return { factory: indexedDbStorage({ name }), reopen: () => indexedDbStorage({ name }) }
}

declare global {
  interface Window {
    /** Runs every case; gives the names of all, and what went wrong. */
    storageCases(): Promise<{ readonly names: readonly string[]; readonly wrong: readonly string[] }>
  }
}

window.storageCases = async () => {
  const names: string[] = []
  const wrong: string[] = []
  for (const { name, run } of storageSuite(setUp, { gaps: { crash: 'a test cannot kill the page it runs in' } })) {
    names.push(name)
    try {
      await run()
    } catch (error) {
      wrong.push(`${name}: ${String(error)}`)
    }
  }
  return { names, wrong }
}
