/** The application's side of the outbox: send, retry, take back; and what a written row releases (R11, R13). */
import type { Key, Write } from '../../ports/storage.js'
import { enqueue } from '../cache/disk-queue.js'
import { type Draft, draftOf, report, shownTime, type Turn } from '../turn.js'
import { type Entry, entryRemoval, entryWrite, queuedNow, withChange } from './entry.js'

export function entryOf({ entries }: Draft, localId: string | undefined): Entry | undefined {
  return entries.find((each) => each.localId === localId)
}

/** The caller has checked limits and content; the entry stands in the view before this returns. */
export function send(turn: Turn, c: Draft, localId: string, content: unknown, bytes: number): void {
  const { outbox } = turn
  // Nobody is promised what memory keeps: there the row is written too, but nothing waits for it.
  const goesAtOnce = turn.storage?.kind === 'memory' || planted.queuedBeforeWrite === true
  const entry: Entry = {
    localId,
    conversation: c.id,
    key: nextKey(turn, c),
    content,
    bytes,
    at: shownTime(turn),
    madeMs: turn.nowMs,
    arm: goesAtOnce ? queuedNow : { kind: 'saving' },
    attempts: 0,
    // Where no locks say who lives, another instance may adopt it at once.
    handed: !(turn.config.locks || goesAtOnce),
    voiding: false,
    stored: goesAtOnce,
    alone: 0,
    settledThen: 0,
  }
  outbox.entries += 1
  outbox.bytes += bytes
  c.entries = [...c.entries, entry]
  keep(turn, entry)
}

/** The end of the own lane. */
function nextKey({ config, outbox }: Turn, c: Draft): Key {
  return ['o', c.id, config.lane, outbox.nextN++]
}

/** Puts a failed entry at the end of its lane, under the same localId. */
export function retry(turn: Turn, c: Draft, localId: string): void {
  const entry = entryOf(c, localId)
  if (entry?.arm.kind !== 'failed') return
  const again = withChange(entry, { arm: { kind: 'saving' }, key: nextKey(turn, c), alone: 0 })
  c.entries = [...c.entries.filter((each) => each !== entry), again]
  keep(turn, again, entryRemoval(entry))
}

/** Takes an unsent entry back: at once where the server cannot have it, else by `void` in its place. */
export function discard(turn: Turn, c: Draft, localId: string): void {
  const entry = entryOf(c, localId)
  if (!entry || entry.voiding || entry.arm.kind === 'acked') return
  leave(turn, c, entry, entry.handed && !(entry.arm.kind === 'failed' && entry.arm.final))
}

/** It is taken back from here on; with `handed` its row stays until the server has said so. */
export function leave(turn: Turn, c: Draft, entry: Entry, handed: boolean): void {
  keep(turn, revise(c, entry, { voiding: true, handed, arm: { kind: 'saving' } }))
}

/** To disk, and on when it is there; while the disk fails, on from memory at once. */
function keep(turn: Turn, entry: Entry, ...first: readonly Write[]): void {
  const leaves = entry.voiding && !entry.handed
  enqueue(turn, entry.conversation, entry.localId, [...first, leaves ? entryRemoval(entry) : entryWrite(entry)])
  if (turn.disk.failures > 0) saved(turn, entry.conversation, entry.localId, false)
  // It waits for its row: in memory too that is written now.
  else if (entry.arm.kind === 'saving') turn.disk.notBeforeMs = 0
}

/** Its rows are written (or, with `stored` false, cannot be written now and it goes on without). */
export function saved(turn: Turn, conversation: string, localId: string, stored: boolean): void {
  const c = draftOf(turn, conversation)
  const entry = c && entryOf(c, localId)
  if (!entry) return
  if (entry.arm.kind !== 'saving') revise(c, entry, { stored })
  else if (entry.voiding && !entry.handed && (stored || c.log.state === 'gone')) takenBack(turn, c, entry)
  // A removal that the disk did not take would be undone by a crash, and the message sent: the server is told instead, where it hears it.
  else revise(c, entry, { handed: entry.handed || entry.voiding, arm: queuedNow, stored })
}

/** Takes an entry out of memory; its row is the caller's matter. */
export function drop({ outbox }: Turn, c: Draft, entry: Entry): void {
  outbox.entries -= 1
  outbox.bytes -= entry.bytes
  outbox.settled += 1
  c.entries = c.entries.filter((each) => each !== entry)
}

/** Nothing happened under this id, and nothing will. */
export function takenBack(turn: Turn, c: Draft, entry: Entry): void {
  drop(turn, c, entry)
  report(turn, { kind: 'discarded', conversation: c.id, localId: entry.localId })
}

/** Visible and at rest until `retry` or `discard`; everything behind it goes on. */
export function fail(turn: Turn, c: Draft, entry: Entry, code: string, final = true): void {
  keep(turn, revise(c, entry, { arm: { kind: 'failed', code, final, behind: c.log.head }, voiding: false }))
  report(turn, { kind: 'failed', conversation: c.id, localId: entry.localId, code })
}

/** Puts a changed entry in the place of the old one. */
export function revise(c: Draft, entry: Entry, change: Partial<Entry>): Entry {
  const revised = withChange(entry, change)
  c.entries = c.entries.map((each) => (each === entry ? revised : each))
  return revised
}
