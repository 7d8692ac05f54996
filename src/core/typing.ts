/** Who is typing. Never stored, never queued: told at most every 3 s, shown for 6 s, gone by deadline. */
import type { MessageRow } from '../protocol/frames.js'
import { isCrowded } from './outbox/flush.js'
import type { Ephemeral } from './state.js'
import { isLive } from './timeline/live.js'
import { bounds, never, timing } from './timing.js'
import type { Draft, Turn } from './turn.js'

export const silent: Ephemeral = { typing: new Map(), toldAtMs: 0, endsAtMs: 0 }

/** Own typing, called on every keystroke. */
export function setTyping(turn: Turn, c: Draft, on: boolean): void {
  const { nowMs } = turn
  const { typing, toldAtMs, endsAtMs } = c.ephemeral
  const was = endsAtMs !== 0
  if (!on && !was) return
  const tell = isLive(turn, c.log) && !isCrowded(turn) && (!on || !was || nowMs - toldAtMs >= timing.typingToldMs)
  if (tell) turn.frames.push({ type: 'typing', conversation: c.id, on })
  c.ephemeral = { typing, toldAtMs: tell ? nowMs : toldAtMs, endsAtMs: on ? nowMs + timing.typingEndsMs : 0 }
}

/** Somebody else's. */
export function heardTyping(turn: Turn, c: Draft, user: string, on: boolean): void {
  const { typing } = c.ephemeral
  if (user === turn.config.user || (!typing.has(user) && (!on || typing.size >= bounds.typists))) return
  const next = new Map(typing)
  if (on) next.set(user, turn.nowMs + timing.typingShownMs)
  else next.delete(user)
  c.ephemeral = { ...c.ephemeral, typing: next }
}

/** A message ends its author's typing. */
export function authorsStopped(c: Draft, rows: readonly MessageRow[]): void {
  const { typing } = c.ephemeral
  if (typing.size === 0 || !rows.some(({ author }) => typing.has(author))) return
  const next = new Map(typing)
  for (const { author } of rows) next.delete(author)
  c.ephemeral = { ...c.ephemeral, typing: next }
}

export function typingTick(turn: Turn, c: Draft): void {
  const { typing, endsAtMs } = c.ephemeral
  if (endsAtMs !== 0 && turn.nowMs >= endsAtMs) setTyping(turn, c, false)
  const left = [...typing].filter(([, until]) => until > turn.nowMs)
  if (left.length < typing.size) c.ephemeral = { ...c.ephemeral, typing: new Map(left) }
}

export function typingWakeAt({ ephemeral }: Draft): number {
  let wakeAt = ephemeral.endsAtMs || never
  for (const until of ephemeral.typing.values()) wakeAt = Math.min(wakeAt, until)
  return wakeAt
}
