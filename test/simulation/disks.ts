/** The disks that a history can be run over, by the name that a printed command gives them. */
import type { HistoryOptions } from '../../src/testing/world/history.js'

export type DiskName = 'crashing' | 'indexeddb'

/** Loaded where it is asked for: it takes the place of the engine of the machine. */
export async function over(disk: DiskName = 'crashing'): Promise<Pick<HistoryOptions, 'disk' | 'inspect'>> {
  if (disk === 'crashing') return {}
  if (disk !== 'indexeddb') throw new Error(`There is no disk ${disk}.`)
  const { indexedDbDisk, onVirtualTime } = await import('./virtual-indexeddb.js')
  return { disk: indexedDbDisk, inspect: onVirtualTime }
}
