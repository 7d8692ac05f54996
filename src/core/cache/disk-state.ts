/** The disk as the core sees it; `disk.ts` has the machine. */
import type { Write } from '../../ports/storage.js'

/** Writes that belong to one entry or register, in order. */
export interface Saving {
  readonly conversation: string
  /** '' for a register. */
  readonly localId: string
  readonly writes: readonly Write[]
}

/** Stored bytes, about, and when it was last opened (device milliseconds), by conversation. */
export type Usage = ReadonlyMap<string, { readonly bytes: number; readonly openedAt: number }>

export interface DiskState {
  readonly phase: 'closed' | 'opening' | 'claiming' | 'founding' | 'ready' | 'fenced'
  /** '' until known; every commit expects it. */
  readonly generation: string
  /** The ask of the first read, or of lanes that nobody holds any more; 0: none. */
  readonly ask: number
  /** Entries of other lanes that this instance has taken over: their rows follow its memory from then on. */
  readonly adopted: readonly string[]
  /** Lanes whose instance has ended; their rows are to be read. */
  readonly freed: readonly string[]
  readonly waiting: readonly Saving[]
  readonly flight: { readonly commit: number; readonly savings: readonly Saving[] } | null
  readonly notBeforeMs: number
  readonly failures: number
  /** The cache commit under way; 0: none. The conversations in it have a `flight` of their own. */
  readonly cacheFlight: number
  readonly cacheNotBeforeMs: number
  /** After a commit that failed, however much waits. */
  readonly cacheRetryAtMs: number
  readonly usage: Usage
  /** As the disk remembers it, and will once the cache commit under way has landed. */
  readonly storedUsage: Usage
  readonly flightUsage: Usage
}

const nothingStored: Usage = new Map()

export const closedDisk: DiskState = {
  phase: 'closed',
  generation: '',
  ask: 0,
  adopted: [],
  freed: [],
  waiting: [],
  flight: null,
  notBeforeMs: 0,
  failures: 0,
  cacheFlight: 0,
  cacheNotBeforeMs: 0,
  cacheRetryAtMs: 0,
  usage: nothingStored,
  storedUsage: nothingStored,
  flightUsage: nothingStored,
}
