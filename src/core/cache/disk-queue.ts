/** What waits to be written strictly: outbox rows and registers, in the order they were made. */
import type { Key, Write } from '../../ports/storage.js'
import type { Receipts } from '../state.js'
import { nextNumber, type Turn } from '../turn.js'

export const generationKey: Key = ['g']

/** Reads what a client needs before it may send: generation, outbox, registers. Safe to call often. */
export function openDisk(turn: Turn): void {
  const { disk } = turn
  if (disk.phase !== 'closed') return
  disk.phase = 'opening'
  disk.ask = nextNumber(turn)
  turn.effects.push({ kind: 'load', ask: disk.ask, ranges: ['g', 'o', 'r', 'u', 'i'].map((kind) => ({ prefix: [kind] })) })
}

/** Queues writes of an entry for the next strict commit; `saved` follows, or with '' for `localId` nobody waits to hear. */
export function enqueue(turn: Turn, conversation: string, localId: string, writes: readonly Write[]): void {
  openDisk(turn)
  turn.disk.waiting = [...turn.disk.waiting, { conversation, localId, writes }]
}

export function saveRegister(turn: Turn, id: string, value: Receipts['pending']): void {
  const key: Key = ['r', id]
  enqueue(turn, id, '', [value ? { kind: 'put', row: { key, version: '', value } } : { kind: 'remove', key }])
}
