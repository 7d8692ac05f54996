/** What waits to be written strictly: outbox rows and registers, in the order they were made. */
import type { Write } from '../../ports/storage.js'
import type { Receipts } from '../state.js'
import type { Turn } from '../turn.js'
import { put } from './put.js'
import { load } from './writes.js'

/** Reads what a client needs before it may send: generation, outbox, registers. Safe to call often. */
export function openDisk(turn: Turn): void {
  const { disk } = turn
  if (disk.phase !== 'closed') return
  disk.phase = 'opening'
  disk.ask = load(turn, ...['g', 'o', 'r', 'u', 'i'].map((kind) => ({ prefix: [kind] })))
}

/** Queues writes of an entry for the next strict commit; `saved` follows, or with '' for `localId` nobody waits to hear. */
export function enqueue(turn: Turn, conversation: string, localId: string, writes: readonly Write[]): void {
  openDisk(turn)
  turn.disk.waiting = [...turn.disk.waiting, { conversation, localId, writes }]
}

export function saveRegister(turn: Turn, id: string, value: Receipts['pending']): void {
  const key = ['r', id]
  enqueue(turn, id, '', [value ? put(key, value) : { kind: 'remove', key }])
}
