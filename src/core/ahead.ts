/**
 * Messages shown ahead of the log (R18): what a faster path or another tab of this user has brought. Each stays until the
 * change that carries it stands in the log, wherever it lands and whatever it says, or until it is withdrawn. Never stored.
 */
import type { CombinatorFrame } from '../ports/transport.js'
import type { MessageRow } from '../protocol/frames.js'
import * as bounds from './bounds.js'
import { entryOf } from './outbox/outbox.js'
import type { Ahead, Provisional } from './state.js'
import * as timing from './timing.js'
import { never } from './timing.js'
import { type Draft, report, type Turn } from './turn.js'

type Shown = Extract<CombinatorFrame, { type: 'provisional' }>
type Named = Pick<MessageRow, 'author' | 'localId'>

export const nothingAhead: Ahead = { rows: [], keys: new Map() }

/** A message of somebody else that is on its way, or a newer state of it. */
export function showAhead(turn: Turn, c: Draft, { author, localId, content, at }: Shown): void {
  const { rows } = c.ahead
  const isIt = isOf({ author, localId })
  const { tail, view } = c.log
  const isOwn = author === turn.config.user && entryOf(c, localId)
  if (isOwn || tail.rows.findLast(isIt) || view?.rows.some(isIt)) return
  const place = rows.findIndex(isIt)
  const arrivedMs = rows[place]?.arrivedMs ?? turn.wallMs
  const row: Provisional = { author, localId, content, at, arrivedMs, untilMs: never }
  put(c, place < 0 ? [...rows, row].slice(-bounds.ahead) : rows.with(place, row))
}

/** No change will carry it. */
export function withdraw(turn: Turn, c: Draft, gone: (row: Provisional) => boolean): void {
  const withdrawn = c.ahead.rows.filter(gone)
  if (withdrawn.length === 0) return
  put(
    c,
    c.ahead.rows.filter((row) => !gone(row)),
  )
  for (const was of withdrawn) report(turn, { kind: 'withdrawn', conversation: c.id, was })
}

/** Rows that the log has taken in settle what was shown ahead of them, under the same key. */
export function confirm(turn: Turn, c: Draft, rows: readonly MessageRow[]): void {
  for (const row of c.ahead.rows.length > 0 ? rows : []) {
    const place = c.ahead.rows.findIndex(isOf(row))
    const was = c.ahead.rows[place]
    if (!was) continue
    const keys = new Map(c.ahead.keys).set(row.id, aheadKey(was))
    for (const oldest of keys.keys()) if (keys.size > bounds.ahead) keys.delete(oldest)
    c.ahead = { rows: c.ahead.rows.toSpliced(place, 1), keys }
    // Another stood before it and does not now, or it says something else.
    const isCorrected = place > 0 || JSON.stringify(row.content) !== JSON.stringify(was.content)
    if (isCorrected) report(turn, { kind: 'corrected', conversation: c.id, row, was })
  }
}

/** A new link says again what is on its way; what it does not say again in time is not. */
export function doubtAhead(turn: Turn, c: Draft): void {
  const untilMs = turn.nowMs + timing.aheadMs
  if (c.ahead.rows.length > 0)
    put(
      c,
      c.ahead.rows.map((row) => ({ ...row, untilMs })),
    )
}

export function aheadTick(turn: Turn, c: Draft): void {
  withdraw(turn, c, ({ untilMs }) => untilMs <= turn.nowMs)
}

export function aheadWakeAt({ ahead }: Draft): number {
  return ahead.rows.reduce((earliest, { untilMs }) => Math.min(earliest, untilMs), never)
}

/** Unlike any id of a server, and unlike the key of another author's. */
export function aheadKey({ author, localId }: Provisional): string {
  return JSON.stringify([author, localId])
}

export function isOf({ author, localId }: Named): (row: Named) => boolean {
  return (row) => row.localId === localId && row.author === author && localId !== undefined
}

function put(c: Draft, rows: readonly Provisional[]): void {
  c.ahead = { ...c.ahead, rows }
}
