/**
 * Messages shown ahead of the log (R18): what a faster path or another tab of this user has brought. Each stays until the
 * change that carries it stands in the log, wherever it lands and whatever it says, or until it is withdrawn. Never stored.
 */
import type { CombinatorFrame } from '../ports/transport.js'
import type { MessageRow } from '../protocol/frames.js'
import { isFields } from '../protocol/guards.js'
import * as bounds from './bounds.js'
import { entryOf } from './outbox/outbox.js'
import type { Provisional } from './state.js'
import * as timing from './timing.js'
import { never } from './timing.js'
import { type Draft, report, type Turn } from './turn.js'
import { authorsStopped } from './typing.js'

type Shown = Extract<CombinatorFrame, { type: 'provisional' }>
type Named = Pick<MessageRow, 'author' | 'localId'>

/** A message of somebody else that is on its way, or a newer state of it. */
export function showAhead(turn: Turn, c: Draft, frame: Shown): void {
  const { author, localId, content, at } = frame
  const { tail, view, state } = c.log
  const isIt = isOf(frame)
  const isOwn = author === turn.config.user && entryOf(c, localId)
  if (isOwn || state === 'gone' || tail.rows.findLast(isIt) || view?.rows.some(isIt)) return
  authorsStopped(c, [frame])
  const place = c.ahead.findIndex(isIt)
  const row: Provisional = { arrivedMs: turn.nowMs, beyond: never, ...c.ahead[place], author, localId, content, at, untilMs: never }
  c.ahead = place < 0 ? [...c.ahead, row] : c.ahead.with(place, row)
  const [oldest] = c.ahead
  if (c.ahead.length > bounds.ahead) withdraw(turn, c, (each) => each === oldest)
}

/** No change will carry it, as far as is known here. */
export function withdraw(turn: Turn, c: Draft, gone: (row: Provisional) => boolean): void {
  c.ahead = c.ahead.filter((was) => {
    const isGone = gone(was)
    if (isGone && !planted.endUntold) report(turn, { kind: 'withdrawn', conversation: c.id, was })
    return !isGone
  })
}

/** Rows that the log has taken in settle what was shown ahead of them. */
export function confirm(turn: Turn, c: Draft, rows: readonly MessageRow[]): void {
  for (const row of c.ahead.length > 0 ? rows : []) {
    const place = c.ahead.findIndex(isOf(row))
    const was = c.ahead[place]
    if (!was) continue
    const left = c.ahead.filter((each) => each !== was)
    c.ahead = left.map((each, at) => (at < place && row.seq < each.beyond ? { ...each, beyond: row.seq } : each))
    // It stood before one that the log has before it, or it says something else. An answer that is not taken may have lacked it.
    const isCorrected = was.beyond < row.seq || textOf(row.content) !== textOf(was.content)
    if (isCorrected) report(turn, { kind: 'corrected', conversation: c.id, row, was })
  }
}

/** What has become an entry here, or was adopted as one, shows itself (L5). */
export function yieldToEntries({ config }: Turn, c: Draft): void {
  c.ahead = c.ahead.filter(({ author, localId }) => author !== config.user || !entryOf(c, localId))
}

/** A new link says again what is on its way; what it does not say again in time is not. */
export function doubtAhead(turn: Turn, c: Draft): void {
  const untilMs = turn.nowMs + timing.aheadMs
  c.ahead = c.ahead.map((row) => ({ ...row, untilMs }))
}

export function aheadTick(turn: Turn, c: Draft): void {
  if (c.log.liveOn) withdraw(turn, c, ({ untilMs }) => untilMs <= turn.nowMs)
}

/** Whoever brings it may have heard of its change, which the log has not taken in: not before the log is live is it known to lack it. */
export function aheadWakeAt({ ahead, log }: Draft): number {
  return log.liveOn ? Math.min(...ahead.map(({ untilMs }) => untilMs)) : never
}

export function isOf({ author, localId }: Named): (row: Named) => boolean {
  return (row) => row.localId === localId && row.author === author
}

/** Equal for equal JSON: another backend may give the keys of an object in another order. */
function textOf(content: unknown): string | undefined {
  return JSON.stringify(content, (_, value) => (isFields(value) ? Object.fromEntries(Object.entries(value).sort()) : value))
}
