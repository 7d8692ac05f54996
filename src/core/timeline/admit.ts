/**
 * What the log takes in (R4–R8): a live change iff it is the next; a delta iff it continues the head; a reset drops
 * what was held. Changes beyond a hole wait, bounded and unshown.
 */
import type { ChangeFrame, MessageRow, Opened } from '../../protocol/frames.js'
import { restarted } from '../cache/cache.js'
import { askAgain, ownIds, settleOwn } from '../outbox/settle.js'
import { learnPeople } from '../people.js'
import { authorsStopped } from '../typing.js'
import { counted, mergeMarks, newEpoch } from '../receipts.js'
import type { ConversationState, Log, Window } from '../state.js'
import { bounds } from '../timing.js'
import { conversationOf, put, report, type Turn } from '../turn.js'
import { applyChange, applyRow, type LogDraft, closeDraft, draftOf } from './draft.js'
import { isLive } from './live.js'
import { isDense, windowOf } from './window.js'

/** Live changes of one conversation, in the order they came. */
export function admitLive(turn: Turn, conversation: ConversationState, frames: readonly ChangeFrame[]): void {
  // Before the answer of `open` nobody knows whether what is held and what comes stand on one line (a restored backup).
  if (conversation.log.state !== 'ready' || !isLive(turn, conversation.log)) return keepBeyond(turn, conversation, frames)
  const { faults } = turn.state.config
  const draft = draftOf(conversation, faults.olderRevWins)
  const beyond: ChangeFrame[] = []
  for (const frame of frames) {
    if (frame.people) learnPeople(turn, frame.people)
    if (frame.epoch !== draft.log.epoch) beyond.push(frame)
    else if (frame.seq === draft.log.head + 1 || (faults.applyOverHole && frame.seq > draft.log.head)) {
      applyChange(draft, frame.seq, frame.tag, frame.change)
      if (conversation.log.beyond.length > 0) drain(draft, conversation.log.beyond)
    } else if (frame.seq > draft.log.head) beyond.push(frame)
  }
  const moved = draft.log.head > conversation.log.head
  const next = moved ? finish(turn, draft, 'live') : conversation
  if (beyond.length > 0) keepBeyond(turn, next, beyond)
}

/** Applies what waited, as far as it is contiguous. */
function drain(draft: LogDraft, beyond: readonly ChangeFrame[]): void {
  for (const frame of beyond)
    if (frame.epoch === draft.log.epoch && frame.seq === draft.log.head + 1) applyChange(draft, frame.seq, frame.tag, frame.change)
}

/** Changes that cannot be shown yet. Overflow drops them all: the catch-up brings them (R5). */
function keepBeyond(turn: Turn, conversation: ConversationState, frames: readonly ChangeFrame[]): void {
  const { log } = conversation
  const foreign = log.epoch !== '' && frames.some((frame) => frame.epoch !== log.epoch)
  const bySeq = new Map([...log.beyond, ...frames].map((frame) => [frame.seq, frame] as const))
  const all = [...bySeq.values()].sort((a, b) => a.seq - b.seq)
  const heardNow = Math.max(log.heard, ...frames.filter((frame) => frame.epoch === log.epoch).map((frame) => frame.seq))
  const beyond = all.length > bounds.beyond ? [] : all
  // Another epoch: what is held cannot be continued, and the server will say so when asked.
  put(turn, { ...conversation, log: { ...log, beyond, heard: heardNow, liveOn: foreign ? 0 : log.liveOn } })
}

/** An answer that continues what is held. False: it does not, and must be asked again. */
export function admitDelta(turn: Turn, conversation: ConversationState, frame: Opened): boolean {
  const { log } = conversation
  const { faults } = turn.state.config
  if (frame.epoch !== log.epoch || frame.to < frame.from) return false
  if (frame.from > log.head && !faults.fromUnchecked) return false
  const draft = draftOf(conversation, faults.olderRevWins)
  // An answer read before what came live meanwhile is older than what is held.
  if (frame.to >= log.head) {
    Object.assign(draft.log, described(frame))
    for (const row of bySeq(frame.rows)) if (row.seq <= frame.to) applyRow(draft, row)
    draft.log.head = frame.to
    draft.log.tag = frame.tag
    drain(draft, log.beyond)
  }
  const next = finish(turn, draft, 'catch-up')
  settleOwn(
    turn,
    next.id,
    frame.own.filter((own) => own.seq <= draft.log.head).map((own) => own.localId),
  )
  return true
}

/** The newest page instead: every held window goes, the outbox stays (R8). */
export function admitReset(turn: Turn, conversation: ConversationState, frame: Opened): boolean {
  const rows = bySeq(frame.rows)
  if (!isDense(rows, frame.hidden)) return false
  const was = conversation.log
  const { user, faults } = turn.state.config
  const tail = windowOf(rows, frame.from, frame.to)
  const changed = was.epoch !== '' && was.epoch !== frame.epoch
  const log: Log = {
    ...was,
    ...described(frame),
    epoch: frame.epoch,
    head: frame.to,
    tag: frame.tag,
    heard: Math.max(frame.to, frame.head),
    tail,
    view: null,
    load: null,
    beyond: [],
  }
  const lost = was.epoch === '' ? [] : ownGone(was, tail, user)
  const entries = faults.pendingLostOnReset && was.epoch !== '' ? [] : askAgain(conversation.entries)
  let next = put(turn, { ...conversation, log, entries, cache: { ...restarted(conversation.cache), wentBack: isOtherLine(frame) } })
  if (changed || isOtherLine(frame)) next = put(turn, newEpoch(turn, next))
  for (const call of was.load?.calls ?? []) turn.effects.push({ kind: 'answer', call })
  if (was.epoch !== '') report(turn, { kind: 'reset', conversation: next.id, why: frame.reset ?? 'reset', lost })
  const draft = draftOf(next, faults.olderRevWins)
  drain(draft, was.beyond)
  const news = was.epoch === '' ? [] : rows.filter((row) => row.seq > was.head)
  finish(turn, draft, 'catch-up', [...news, ...draft.fresh])
  settleOwn(turn, next.id, [...ownIds(rows, user), ...frame.own.map((own) => own.localId)])
  return true
}

/** A backup was restored under the same epoch: what the watermarks named may be other messages now. */
function isOtherLine({ reset }: Opened): boolean {
  return reset === 'ahead' || reset === 'tag'
}

/** Own messages that stood here and that the new page should hold but does not. */
function ownGone(was: Log, tail: Window, user: string): readonly string[] {
  const there = new Set(tail.rows.map((row) => row.id))
  const gone = was.tail.rows.filter((row) => row.author === user && row.seq > tail.from && !there.has(row.id))
  return gone.map((row) => row.localId ?? row.id)
}

/** Closes a draft: state, own settled entries, events, typing, unread, people. */
function finish(turn: Turn, draft: LogDraft, source: 'live' | 'catch-up', news: readonly MessageRow[] = draft.fresh): ConversationState {
  const { user } = turn.state.config
  const { id } = draft.conversation
  const next = closeDraft(draft)
  next.ephemeral = authorsStopped(next.ephemeral, draft.fresh)
  next.receipts = counted(next.receipts, draft.fresh, user)
  put(turn, next)
  for (const row of news) report(turn, { kind: 'message', conversation: id, row, source })
  if (next.entries.length > 0) settleOwn(turn, id, ownIds(draft.fresh, user))
  return conversationOf(turn, id) as ConversationState
}

/** What `opened` says of the conversation besides its rows. */
function described(frame: Opened): Pick<Log, 'floor' | 'hidden' | 'profile' | 'members' | 'memberCount'> {
  const { floor, hidden, profile, members, memberCount } = frame
  return { floor, hidden, profile, members, memberCount }
}

function bySeq(rows: readonly MessageRow[]): readonly MessageRow[] {
  return [...rows].sort((a, b) => a.seq - b.seq)
}

/** People, watermarks and the server's unread count, after either kind of answer. */
export function admitRest(turn: Turn, id: string, frame: Opened): void {
  learnPeople(turn, frame.people)
  const conversation = conversationOf(turn, id) as ConversationState
  const { log } = conversation
  const { user } = turn.state.config
  const known = conversation.receipts.marks.get(user)?.read ?? 0
  const read = Math.max(known, frame.marks.find((mark) => mark.user === user)?.read ?? 0)
  const unread = { ...frame.unread, read, countedTo: frame.head }
  // What came live meanwhile is not in the server's count.
  const receipts = counted({ ...conversation.receipts, unread }, log.tail.rows, user)
  const next = put(turn, { ...conversation, receipts })
  mergeMarks(turn, next, frame.epoch, frame.marks)
}
