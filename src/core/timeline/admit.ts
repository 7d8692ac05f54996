/**
 * What the log takes in (R4–R8): a live change iff it is the next; a delta iff it continues the head; a reset drops
 * what was held. Changes beyond a hole wait, bounded and unshown.
 */
import type { ChangeFrame, MessageRow, Opened } from '../../protocol/frames.js'
import { confirm } from '../ahead.js'
import { restart } from '../cache/cache.js'
import { askAgain, settleOwn } from '../outbox/settle.js'
import { count, mergeMarks, newEpoch, readTo } from '../receipts.js'
import * as bounds from '../bounds.js'
import { type Draft, report, type Turn } from '../turn.js'
import { authorsStopped } from '../typing.js'
import { factsOf } from './facts.js'
import { applyChange, applyRow, closeIntake, type Intake } from './intake.js'
import { endLoad } from './history.js'
import { heard, isLive } from './live.js'
import { isDense, windowOf } from './window.js'

/** Live changes of one conversation, in the order they came. */
export function admitLive(turn: Turn, c: Draft, frames: readonly ChangeFrame[]): void {
  const { log } = c
  const { head } = log
  for (const { epoch, seq } of frames) {
    if (epoch === log.epoch) heard(c, seq)
    // Another epoch: what is held cannot be continued, and the server will say so when asked.
    else log.liveOn = 0
  }
  const waiting = log.beyond.length > 0 ? bySeq([...log.beyond, ...frames]) : frames
  // Before the answer of `open` nobody knows whether what is held and what comes stand on one line (a restored backup).
  if (!isLive(turn, log)) return keep(log, waiting)
  const intake: Intake = { c, fresh: [], unheld: [] }
  drain(turn, c, intake, waiting)
  if (log.head === head) return
  finish(turn, intake, 'live', intake.fresh)
  count(c.receipts, intake.fresh, turn.config.user)
}

/** Applies changes as far as they continue the log. The rest waits; what the log has gone past without them is shown ahead no more. */
function drain(turn: Turn, c: Draft, intake: Intake, frames: readonly ChangeFrame[]): void {
  const { log } = c
  const rest: ChangeFrame[] = []
  for (const frame of frames) {
    if (frame.epoch !== log.epoch) continue
    if (!planted.applyOverHole && frame.seq > log.head + 1) rest.push(frame)
    else if (frame.seq > log.head) applyChange(intake, frame)
    else if (frame.change.kind === 'message') confirm(turn, c, [frame.change.message])
  }
  keep(log, rest)
}

/** Changes that cannot be shown yet. Overflow drops them all: the catch-up brings them (R5). */
function keep(log: Draft['log'], frames: readonly ChangeFrame[]): void {
  log.beyond = frames.length > bounds.beyond ? [] : frames
}

/** The answer of an `open`. False: it does not continue what is held, or has a hole, and must be asked again. */
export function admitOpened(turn: Turn, c: Draft, frame: Opened): boolean {
  const { log, receipts } = c
  const { user } = turn.config
  const { epoch, from, to, unread } = frame
  const rows = bySeq(frame.rows)
  const isReset = frame.reset !== undefined
  const continues = epoch === log.epoch && to >= from && (planted.fromUnchecked || from <= log.head)
  if (isReset ? !isDense(rows, frame.hidden) : !continues) return false
  const known = isReset ? beginAnew(turn, c, frame, rows) : 0
  const intake: Intake = { c, fresh: [], unheld: [] }
  // An answer read before what came live meanwhile is older than what is held.
  if (to >= log.head) {
    for (const row of rows) if (row.seq <= to) applyRow(intake, row)
    // Of the changes between nobody tells the tags.
    if (to > log.head) log.tags = frame.tag
    log.head = to
    Object.assign(log, factsOf(frame))
    drain(turn, c, intake, log.beyond)
  }
  finish(turn, intake, 'catch-up', intake.fresh.slice(known))
  heard(c, log.head)
  settleOwn(
    turn,
    c,
    frame.own.filter(({ seq }) => seq <= log.head),
  )
  mergeMarks(turn, c, epoch, frame.marks)
  receipts.unread = { count: unread.count, more: unread.more, read: readTo(receipts, user), countedTo: frame.head }
  // What came live meanwhile is not in the server's count.
  count(receipts, log.tail.rows, user)
  return true
}

/** A reset: every held window goes, the outbox stays (R8). Gives how many of the newest page's rows are no news. */
function beginAnew(turn: Turn, c: Draft, { reset = '', epoch, from, to, head }: Opened, rows: readonly MessageRow[]): number {
  const { log, cache } = c
  const { epoch: wasEpoch, head: wasHead, tail } = log
  const known = wasEpoch !== ''
  // A backup was restored under the same epoch: what the watermarks named may be other messages now.
  const wentBack = reset === 'ahead' || reset === 'tag'
  const isOther = wentBack || epoch !== wasEpoch
  if (planted.pendingLostOnReset && known) c.entries = []
  // An answer that named the new epoch before its reset was ignored, and no other comes.
  askAgain(c, 0, known && isOther)
  restart(cache)
  cache.wentBack = wentBack
  // How far another epoch was written says nothing of this one.
  if (epoch !== wasEpoch) cache.head = 0
  if (known && isOther) newEpoch(turn, c)
  endLoad(turn, c)
  Object.assign(log, {
    epoch,
    head: 0,
    heard: Math.max(to, head),
    tags: '',
    tail: planted.rowsKeptOnReset ? log.tail : windowOf([], from, from),
    view: null,
  })
  if (!known) return rows.length
  const isAmong = (those: readonly MessageRow[], { id }: MessageRow) => those.some((each) => each.id === id)
  // Own messages that stood here and that the new page should hold but does not.
  const gone = tail.rows.filter((row) => row.author === turn.config.user && row.seq > from && !isAmong(rows, row))
  report(turn, { kind: 'reset', conversation: c.id, why: reset, lost: gone.map(({ localId, id }) => localId ?? id) })
  // On another line places mean nothing: what stands behind the last message known here is new.
  const lastKnown = rows.findLastIndex((row) => (isOther ? isAmong(tail.rows, row) : row.seq <= wasHead))
  return isOther && lastKnown < 0 ? rows.length : lastKnown + 1
}

/** Closes an intake: log, events, typing, own settled entries. */
function finish(turn: Turn, intake: Intake, source: 'live' | 'catch-up', news: readonly MessageRow[]): void {
  const { c, fresh } = intake
  closeIntake(intake)
  authorsStopped(c, news)
  confirm(turn, c, fresh)
  for (const row of news) report(turn, { kind: 'message', conversation: c.id, row, source })
  settleOwn(turn, c, fresh)
}

export function bySeq<Placed extends { readonly seq: number }>(items: readonly Placed[]): readonly Placed[] {
  return [...items].sort((a, b) => a.seq - b.seq)
}
