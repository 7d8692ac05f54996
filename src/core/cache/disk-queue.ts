/** What waits to be written strictly: outbox rows and registers, in the order they were made. */
import type { Key, Write } from '../../ports/storage.js'
import type { Entry } from '../outbox/entry.js'
import { nextNumber, type Turn } from '../turn.js'
import type { Saving } from './disk-state.js'

export const generationKey: Key = ['g']

/** Reads what a client needs before it may send: generation, outbox, registers. Safe to call often. */
export function openDisk(turn: Turn): void {
  if (turn.state.disk.phase !== 'closed') return
  const ask = nextNumber(turn)
  turn.state.disk = { ...turn.state.disk, phase: 'opening', ask }
  turn.effects.push({
    kind: 'load',
    ask,
    ranges: [{ prefix: generationKey }, { prefix: ['o'] }, { prefix: ['r'] }, { prefix: ['u'] }, { prefix: ['i'] }],
  })
}

/** Queues writes for the next strict commit; `saved` follows. */
export function save(turn: Turn, entry: Entry, writes: readonly Write[]): void {
  enqueue(turn, { conversation: entry.conversation, localId: entry.localId, writes })
}

/** Removes a row of which nobody waits to hear. */
export function unsave(turn: Turn, entry: Entry, writes: readonly Write[]): void {
  enqueue(turn, { conversation: entry.conversation, localId: '', writes })
}

export function saveRegister(turn: Turn, id: string, register: { epoch: string; read: number } | null): void {
  const key: Key = ['r', id]
  const write: Write = register ? { kind: 'put', row: { key, version: '', value: register } } : { kind: 'remove', key }
  enqueue(turn, { conversation: id, localId: '', writes: [write] })
}

function enqueue(turn: Turn, saving: Saving): void {
  openDisk(turn)
  turn.state.disk = { ...turn.state.disk, waiting: [...turn.state.disk.waiting, saving] }
}
