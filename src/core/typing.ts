/** Who is typing. Never stored, never queued: told at most every 3 s, shown for 6 s, gone by deadline. */
import type { MessageRow } from '../protocol/frames.js'
import { isCrowded } from './outbox/flush.js'
import type { Ephemeral } from './state.js'
import { isLive } from './timeline/live.js'
import * as bounds from './bounds.js'
import * as timing from './timing.js'
import { never } from './timing.js'
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
  if (!on) return stopped(c, (each) => each === user)
  if (user === turn.config.user || (!typing.has(user) && typing.size >= bounds.typists)) return
  c.ephemeral = { ...c.ephemeral, typing: new Map(typing).set(user, turn.nowMs + timing.typingShownMs) }
}

/** A message ends its author's typing. */
export function authorsStopped(c: Draft, rows: readonly Pick<MessageRow, 'author'>[]): void {
  stopped(c, (user) => rows.some(({ author }) => author === user))
}

export function typingTick(turn: Turn, c: Draft): void {
  const { nowMs } = turn
  const { endsAtMs } = c.ephemeral
  if (nowMs >= endsAtMs) setTyping(turn, c, false)
  stopped(c, (_, until) => until <= nowMs)
}

function stopped(c: Draft, hasStopped: (user: string, until: number) => boolean): void {
  const { typing } = c.ephemeral
  if (typing.size === 0) return
  const left = [...typing].filter(([user, until]) => !hasStopped(user, until))
  if (left.length < typing.size) c.ephemeral = { ...c.ephemeral, typing: new Map(left) }
}

export function typingWakeAt({ ephemeral }: Draft): number {
  let wakeAt = ephemeral.endsAtMs || never
  for (const until of ephemeral.typing.values()) wakeAt = Math.min(wakeAt, until)
  return wakeAt
}
