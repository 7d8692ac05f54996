/**
 * Handing entries to the link: in order, at most a window of them unacknowledged (R12, R17). A queued entry goes
 * only when everything before it in the conversation is in flight, acknowledged or failed.
 */
import type { ConversationState } from '../state.js'
import { bounds, never, timing } from '../timing.js'
import { onlineLink, put, say, type Turn } from '../turn.js'
import { type Arm, type Entry, isUnsettled, operationFrame, queuedNow } from './entry.js'
import { bytesInFlight } from './in-flight.js'

export function flush(turn: Turn, conversation: ConversationState): void {
  const link = onlineLink(turn)
  const { session, disk, config } = turn.state
  if (link === 0 || session.phase !== 'online' || (disk.phase !== 'ready' && disk.phase !== 'founding')) return
  // `open` goes first on every link: a server may only then know this user in the conversation.
  if (conversation.log.state !== 'ready' || (conversation.log.liveOn !== link && conversation.log.catchUp === null)) return
  const window = session.features.includes('after') ? session.limits.window : 1
  const { nowMs } = turn.env
  const next: Entry[] = []
  let bytes = bytesInFlight(turn.state.conversations)
  let inFlight = 0
  let previous: string | undefined
  let at = 0
  for (; at < conversation.entries.length; at++) {
    const entry = conversation.entries[at] as Entry
    const { arm } = entry
    if (arm.kind === 'saving') break
    // What another link acknowledged holds what is behind it until the log says whether it is still there.
    if (arm.kind === 'acked' && arm.link !== link) break
    if (arm.kind === 'inflight') inFlight += 1
    if (isUnsettled(entry)) previous = entry.localId
    if (arm.kind === 'queued') {
      if (inFlight >= window || arm.notBeforeMs > nowMs) break
      if (arm.waitFor !== undefined && isInFlight(conversation, arm.waitFor)) break
      if (bytes > 0 && bytes + entry.bytes > bounds.unackedBytes) break
      const going: Entry = {
        ...entry,
        handed: true,
        attempts: entry.attempts + 1,
        arm: { kind: 'inflight', link, deadlineMs: nowMs + timing.ackMs },
      }
      say(turn, operationFrame(going, config.faults.afterIgnored ? undefined : previous))
      next[at] = going
      inFlight += 1
      bytes += entry.bytes
      previous = entry.localId
    }
  }
  if (next.length > 0) put(turn, { ...conversation, entries: conversation.entries.map((entry, i) => next[i] ?? entry) })
}

function isInFlight(conversation: ConversationState, localId: string): boolean {
  return conversation.entries.some((each) => each.localId === localId && each.arm.kind === 'inflight')
}

/** The link is gone: everything in flight waits for the next, of unknown fate. */
export function linkLost(turn: Turn, conversation: ConversationState): void {
  if (!conversation.entries.some((each) => each.arm.kind === 'inflight')) return
  put(turn, {
    ...conversation,
    entries: conversation.entries.map((each) => (each.arm.kind === 'inflight' ? { ...each, arm: queuedNow } : each)),
  })
}

/** `entry` and everything in flight behind it return to the queue. */
export function returnFrom(entries: readonly Entry[], localId: string, first: Arm, rest: Arm = queuedNow): readonly Entry[] {
  const start = entries.findIndex((each) => each.localId === localId)
  return entries.map((each, i) => {
    if (i === start) return { ...each, arm: first }
    return i > start && each.arm.kind === 'inflight' ? { ...each, arm: rest } : each
  })
}

/** When an entry of this conversation next wants to be looked at. What is due already waits for something else than time. */
export function flushWakeAt(conversation: ConversationState, nowMs: number): number {
  let wakeAt = never
  for (const { arm } of conversation.entries) {
    if (arm.kind === 'inflight') wakeAt = Math.min(wakeAt, arm.deadlineMs)
    if (arm.kind === 'saving') break
    if (arm.kind === 'queued') {
      if (arm.notBeforeMs > nowMs) wakeAt = Math.min(wakeAt, arm.notBeforeMs)
      break
    }
  }
  return wakeAt
}
