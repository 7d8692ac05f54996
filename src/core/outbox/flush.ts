/**
 * Handing entries to the link: in order, at most a window of them unacknowledged (R12, R17). A queued entry goes
 * only when everything before it in the conversation is in flight, acknowledged or failed.
 */
import type { ChatState } from '../state.js'
import * as bounds from '../bounds.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { isOutboxRead } from '../select.js'
import { type Draft, draftOf, type Turn } from '../turn.js'
import { type Entry, operationFrame, uncertain, withChange } from './entry.js'
import { fail, revise } from './outbox.js'

type Totals = Pick<ChatState, 'conversations' | 'outbox'>

export function flush(turn: Turn, c: Draft): void {
  const { session, nowMs } = turn
  const { log } = c
  if (c.entries.length === 0 || session.phase !== 'online' || !isOutboxRead(turn)) return
  const { link, features, limits } = session
  // `open` goes first on every link: a server may only then know this user in the conversation.
  if (log.liveOn !== link && !log.catchUp) return
  const mayRepeat = features.includes('idempotent')
  // What goes behind another may have to go again with it.
  const window = planted.windowUnbounded ? 1_000 : mayRepeat && features.includes('after') ? limits.window : 1
  let bytes = bytesInFlight(turn)
  // One that had failed and is taken back has others in flight behind it.
  let inFlight = c.entries.filter(isInFlight).length
  /** By lane: an adopted entry may have landed long ago, and vouches for nothing of another lane but that lane's first. */
  const last = new Map<unknown, Entry>()
  let newest: Entry | undefined
  for (const entry of c.entries) {
    const { arm, key } = entry
    const previous = last.get(key[2]) ?? newest
    // What another link acknowledged holds what is behind it until the log says whether it is still there.
    if (arm.kind === 'saving' || (arm.kind === 'acked' && arm.link !== link)) break
    if (arm.kind === 'queued') {
      if (arm.uncertain && !mayRepeat) {
        // Only the log can tell whether it landed, and where it does not, only its user may risk a second one (R31).
        if (log.liveOn !== link || log.head < log.heard) break
        fail(turn, c, entry, 'uncertain')
        continue
      }
      if (inFlight >= window || arm.notBeforeMs > nowMs || (arm.waits && previous?.arm.kind === 'inflight')) break
      if (bytes > 0 && bytes + entry.bytes > bounds.unackedBytes) break
      const deadlineMs = nowMs + timing.ackMs
      const going = revise(c, entry, { arm: { kind: 'inflight', link, deadlineMs }, handed: true, attempts: entry.attempts + 1 })
      turn.frames.push(operationFrame(going, planted.afterIgnored ? undefined : previous?.localId))
      bytes += entry.bytes
      inFlight += 1
    }
    if (arm.kind === 'failed') continue
    last.set(key[2], entry)
    newest = entry
  }
}

/** Operation bytes that wait for an answer on the link, over all conversations (R17). */
function bytesInFlight({ conversations, outbox }: Totals): number {
  let bytes = 0
  for (const { entries } of outbox.entries > 0 ? conversations : []) {
    for (const entry of entries) {
      if (isInFlight(entry)) bytes += entry.bytes
      if (isLast(entry)) break
    }
  }
  return bytes
}

/** The link has as much to carry as it may: what can wait or be left out is not sent now (R17). */
export function isCrowded(state: Totals): boolean {
  return bytesInFlight(state) >= bounds.unackedBytes
}

/** Room on the link is for every conversation that waits for it, with an entry or what else was left out: they are looked at too. */
export function shareRoom(turn: Turn): void {
  const was = bytesInFlight(turn.before)
  if (bytesInFlight(turn) >= was) return
  for (const { id, entries } of turn.conversations) if (entries.length > 0 || was >= bounds.unackedBytes) draftOf(turn, id)
}

export function isInFlight({ arm }: Entry): boolean {
  return arm.kind === 'inflight'
}

/** On its way, or tried in vain for as long as an answer may take: it waits for the link, and not beyond its end (R14). */
export function isUnanswered({ arm }: Entry): unknown {
  return arm.kind === 'queued' ? arm.uncertain && arm.notBeforeMs : arm.kind === 'inflight'
}

/** Some of the entries are to be handed over again. */
export function requeue(c: Draft, which: (entry: Entry, at: number) => unknown): void {
  c.entries = c.entries.map((each, at) => (which(each, at) ? withChange(each, { arm: uncertain }) : each))
}

/** When an entry of this conversation next wants to be looked at. What is due already waits for something else than time. */
export function flushWakeAt({ entries }: Draft, nowMs: number): number {
  let wakeAt = never
  for (const entry of entries) {
    const { arm } = entry
    if (arm.kind === 'inflight') wakeAt = Math.min(wakeAt, arm.deadlineMs)
    if (arm.kind === 'queued' && arm.notBeforeMs > nowMs) wakeAt = Math.min(wakeAt, arm.notBeforeMs)
    if (isLast(entry)) break
  }
  return wakeAt
}

/** Nothing is in flight behind one that waits, unless it had failed and is taken back. A long queue is not looked through. */
function isLast({ arm, voiding }: Entry): boolean {
  return arm.kind === 'queued' && !voiding
}
