/**
 * What the log takes in (R4–R8): a live change iff it is the next; a delta iff it continues the head; a reset drops
 * what was held. Changes beyond a hole wait, bounded and unshown.
 */
import type { ChangeFrame, MessageRow, Opened } from '../../protocol/frames.js'
import { restart } from '../cache/cache.js'
import { askAgain, ownIds, settleOwn } from '../outbox/settle.js'
import { learnPeople } from '../people.js'
import { count, mergeMarks, newEpoch, readTo } from '../receipts.js'
import { bounds } from '../timing.js'
import { type Draft, report, type Turn } from '../turn.js'
import { authorsStopped } from '../typing.js'
import { applyChange, applyRow, closeIntake, type Intake, intakeOf } from './intake.js'
import { answer } from './history.js'
import { heard, isLive } from './live.js'
import { isDense, windowOf } from './window.js'

/** Live changes of one conversation, in the order they came. */
export function admitLive(turn: Turn, c: Draft, frames: readonly ChangeFrame[]): void {
  const { log } = c
  // Before the answer of `open` nobody knows whether what is held and what comes stand on one line (a restored backup).
  if (log.state !== 'ready' || !isLive(turn, log)) return keepBeyond(c, frames)
  const intake = intakeOf(c)
  const beyond: ChangeFrame[] = []
  const was = log.head
  for (const frame of frames) {
    if (frame.people) learnPeople(turn, frame.people)
    const isNext = frame.seq === log.head + 1 || (planted.applyOverHole && frame.seq > log.head)
    if (frame.epoch !== log.epoch || (!isNext && frame.seq > log.head)) beyond.push(frame)
    else if (isNext) {
      applyChange(intake, frame.seq, frame.tag, frame.change)
      drain(intake, log.beyond)
    }
  }
  if (log.head > was) finish(turn, intake, 'live')
  if (beyond.length > 0) keepBeyond(c, beyond)
}

/** Applies what waited, as far as it is contiguous. */
function drain(intake: Intake, beyond: readonly ChangeFrame[]): void {
  const { log } = intake.c
  for (const { epoch, seq, tag, change } of beyond) if (epoch === log.epoch && seq === log.head + 1) applyChange(intake, seq, tag, change)
}

/** Changes that cannot be shown yet. Overflow drops them all: the catch-up brings them (R5). */
function keepBeyond(c: Draft, frames: readonly ChangeFrame[]): void {
  const { log } = c
  const bySeq = new Map(log.beyond.map((frame) => [frame.seq, frame]))
  for (const frame of frames) {
    bySeq.set(frame.seq, frame)
    if (frame.epoch === log.epoch) heard(c, frame.seq)
    // Another epoch: what is held cannot be continued, and the server will say so when asked.
    else if (log.epoch !== '') log.liveOn = 0
  }
  log.beyond = bySeq.size > bounds.beyond ? [] : [...bySeq.values()].sort((a, b) => a.seq - b.seq)
}

/** An answer that continues what is held. False: it does not, and must be asked again. */
export function admitDelta(turn: Turn, c: Draft, frame: Opened): boolean {
  const { log } = c
  if (frame.epoch !== log.epoch || frame.to < frame.from || (frame.from > log.head && !planted.fromUnchecked)) return false
  const intake = intakeOf(c)
  // An answer read before what came live meanwhile is older than what is held.
  if (frame.to >= log.head) {
    describe(c, frame)
    for (const row of bySeq(frame.rows)) if (row.seq <= frame.to) applyRow(intake, row)
    log.head = frame.to
    log.tag = frame.tag
    drain(intake, log.beyond)
  }
  finish(turn, intake, 'catch-up')
  settleOwn(turn, c, landed(frame, log.head))
  return true
}

/** The asker's own changes up to here. */
function landed({ own }: Opened, head: number): readonly string[] {
  return own.flatMap(({ localId, seq }) => (seq <= head ? [localId] : []))
}

/** The newest page instead: every held window goes, the outbox stays (R8). */
export function admitReset(turn: Turn, c: Draft, frame: Opened): boolean {
  const rows = bySeq(frame.rows)
  if (!isDense(rows, frame.hidden)) return false
  const { log } = c
  const { user } = turn.config
  const { epoch, head, tail, load, beyond } = log
  const known = epoch !== ''
  // A backup was restored under the same epoch: what the watermarks named may be other messages now.
  const wentBack = frame.reset === 'ahead' || frame.reset === 'tag'
  describe(c, frame)
  Object.assign(log, {
    epoch: frame.epoch,
    head: frame.to,
    tag: frame.tag,
    heard: Math.max(frame.to, frame.head),
    tail: windowOf(rows, frame.from, frame.to),
    view: null,
    load: null,
    beyond: [],
  })
  c.entries = planted.pendingLostOnReset && known ? [] : askAgain(c.entries)
  restart(c.cache)
  c.cache.wentBack = wentBack
  // How far another epoch was written says nothing of this one.
  if (epoch !== frame.epoch) c.cache.head = 0
  if ((known && epoch !== frame.epoch) || wentBack) newEpoch(turn, c)
  answer(turn, load?.calls)
  if (known) {
    // Own messages that stood here and that the new page should hold but does not.
    const there = new Set(rows.map(({ id }) => id))
    const gone = tail.rows.filter((row) => row.author === user && row.seq > frame.from && !there.has(row.id))
    const lost = gone.map((row) => row.localId ?? row.id)
    report(turn, { kind: 'reset', conversation: c.id, why: frame.reset ?? 'reset', lost })
  }
  const intake = intakeOf(c)
  drain(intake, beyond)
  // On another line places mean nothing: what stands behind the last message known here is new.
  const isOther = epoch !== frame.epoch || wentBack
  const lastKnown = rows.findLastIndex((row) => (isOther ? tail.rows.some(({ id }) => id === row.id) : row.seq <= head))
  const news = known && (lastKnown >= 0 || !isOther) ? rows.slice(lastKnown + 1) : []
  finish(turn, intake, 'catch-up', [...news, ...intake.fresh])
  settleOwn(turn, c, [...ownIds(rows, user), ...landed(frame, Number.POSITIVE_INFINITY)])
  return true
}

/** Closes an intake: log, own settled entries, events, typing, unread. */
function finish(turn: Turn, intake: Intake, source: 'live' | 'catch-up', news: readonly MessageRow[] = intake.fresh): void {
  const { c, fresh } = intake
  closeIntake(intake)
  authorsStopped(c, fresh)
  count(c.receipts, fresh, turn.config.user)
  for (const row of news) report(turn, { kind: 'message', conversation: c.id, row, source })
  if (c.entries.length > 0) settleOwn(turn, c, ownIds(fresh, turn.config.user))
}

/** What `opened` says of the conversation besides its rows. */
function describe({ log }: Draft, { floor, hidden, profile, members, memberCount }: Opened): void {
  Object.assign(log, { floor, hidden, profile, members, memberCount })
}

function bySeq(rows: readonly MessageRow[]): readonly MessageRow[] {
  return [...rows].sort((a, b) => a.seq - b.seq)
}

/** People, watermarks and the server's unread count, after either kind of answer. */
export function admitRest(turn: Turn, c: Draft, { people, marks, unread, head, epoch }: Opened): void {
  const { user } = turn.config
  const { receipts } = c
  learnPeople(turn, people)
  mergeMarks(turn, c, epoch, marks)
  receipts.unread = { count: unread.count, more: unread.more, read: readTo(receipts, user), countedTo: head }
  // What came live meanwhile is not in the server's count.
  count(receipts, c.log.tail.rows, user)
}
