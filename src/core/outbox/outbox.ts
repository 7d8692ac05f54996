/** The application's side of the outbox: send, retry, take back; and what a written row releases (R11, R13). */
import { save, unsave } from '../cache/disk-queue.js'
import type { Write } from '../../ports/storage.js'
import type { ConversationState } from '../state.js'
import { conversationOf, put, report, type Turn } from '../turn.js'
import { type Entry, entryKey, entryWrite, queuedNow } from './entry.js'

/** The caller has checked limits and content; the entry stands in the view before this returns. */
export function send(turn: Turn, conversation: ConversationState, localId: string, content: unknown, bytes: number): void {
  const { config, outbox, session } = turn.state
  const skewMs = session.phase === 'online' ? session.skewMs : 0
  const entry: Entry = {
    localId,
    conversation: conversation.id,
    lane: config.lane,
    n: outbox.nextN,
    content,
    bytes,
    at: turn.env.wallMs + skewMs,
    madeMs: turn.env.nowMs,
    arm: config.faults.queuedBeforeWrite ? queuedNow : { kind: 'saving' },
    attempts: 0,
    handed: false,
    voiding: false,
    stored: config.faults.queuedBeforeWrite === true,
    alone: 0,
    settledThen: 0,
  }
  turn.state.outbox = { ...outbox, nextN: outbox.nextN + 1, entries: outbox.entries + 1, bytes: outbox.bytes + bytes }
  put(turn, { ...conversation, entries: [...conversation.entries, entry] })
  keep(turn, entry, [entryWrite(entry)])
}

/** Puts a failed entry at the end of its lane, under the same localId. False where none failed. */
export function retry(turn: Turn, conversation: ConversationState, localId: string): boolean {
  const entry = conversation.entries.find((each) => each.localId === localId)
  if (entry?.arm.kind !== 'failed') return false
  const { config, outbox } = turn.state
  const again: Entry = { ...entry, arm: { kind: 'saving' }, lane: config.lane, n: outbox.nextN, voiding: false, alone: 0 }
  turn.state.outbox = { ...outbox, nextN: outbox.nextN + 1 }
  put(turn, { ...conversation, entries: [...without(conversation.entries, localId), again] })
  keep(turn, again, [{ kind: 'remove', key: entryKey(entry) }, entryWrite(again)])
  return true
}

/** Takes an unsent entry back: at once where the server cannot have it, else by `void` in its place. */
export function discard(turn: Turn, conversation: ConversationState, localId: string): boolean {
  const entry = conversation.entries.find((each) => each.localId === localId)
  if (!entry || entry.voiding || entry.arm.kind === 'acked') return false
  const cannotHaveLanded = !entry.handed || (entry.arm.kind === 'failed' && entry.arm.final)
  const leaving: Entry = { ...entry, voiding: true, handed: !cannotHaveLanded, arm: { kind: 'saving' } }
  put(turn, { ...conversation, entries: replaced(conversation.entries, leaving) })
  keep(turn, leaving, [cannotHaveLanded ? { kind: 'remove', key: entryKey(entry) } : entryWrite(leaving)])
  return true
}

/** To disk, and on when it is there; while the disk fails, on from memory at once. */
function keep(turn: Turn, entry: Entry, writes: readonly Write[]): void {
  save(turn, entry, writes)
  if (turn.state.disk.failures > 0) saved(turn, entry.conversation, entry.localId, false)
}

/** Its rows are written (or, with `stored` false, cannot be written now and it goes on without). */
export function saved(turn: Turn, conversationId: string, localId: string, stored: boolean): void {
  const conversation = conversationOf(turn, conversationId)
  const entry = conversation?.entries.find((each) => each.localId === localId)
  if (!conversation || !entry) return
  if (entry.arm.kind !== 'saving') {
    if (entry.stored !== stored) put(turn, { ...conversation, entries: replaced(conversation.entries, { ...entry, stored }) })
    return
  }
  if (entry.voiding && !entry.handed && stored) {
    drop(turn, conversation, entry)
    report(turn, { kind: 'discarded', conversation: conversationId, localId })
    return
  }
  // A removal that the disk did not take would be undone by a crash, and the message sent: the server is told instead.
  const handed = entry.handed || entry.voiding
  put(turn, { ...conversation, entries: replaced(conversation.entries, { ...entry, handed, arm: queuedNow, stored }) })
}

/** Takes an entry out of memory; its row is the caller's matter. */
export function drop(turn: Turn, conversation: ConversationState, entry: Entry): ConversationState {
  const { outbox } = turn.state
  turn.state.outbox = { ...outbox, entries: outbox.entries - 1, bytes: outbox.bytes - entry.bytes, settled: outbox.settled + 1 }
  return put(turn, { ...conversation, entries: without(conversation.entries, entry.localId) })
}

/** Void answered: nothing happened under this id, and nothing will. */
export function voided(turn: Turn, conversation: ConversationState, entry: Entry): void {
  unsave(turn, entry, [{ kind: 'remove', key: entryKey(entry) }])
  drop(turn, conversation, entry)
  report(turn, { kind: 'discarded', conversation: conversation.id, localId: entry.localId })
}

export function replaced(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  return entries.map((each) => (each.localId === entry.localId ? entry : each))
}

function without(entries: readonly Entry[], localId: string): readonly Entry[] {
  return entries.filter((each) => each.localId !== localId)
}
