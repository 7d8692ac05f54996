/** Who is typing. Never stored, never queued: told at most every 3 s, shown for 6 s, gone by deadline. */
import type { MessageRow } from '../protocol/frames.js'
import type { ConversationState, Ephemeral } from './state.js'
import { bounds, never, timing } from './timing.js'
import { isLive } from './timeline/live.js'
import { put, say, type Turn } from './turn.js'

export const silent: Ephemeral = { typing: new Map(), toldAtMs: 0, endsAtMs: 0 }

/** Own typing, called on every keystroke. */
export function setTyping(turn: Turn, conversation: ConversationState, on: boolean): void {
  const { ephemeral, id } = conversation
  const { nowMs } = turn.env
  const typing = ephemeral.endsAtMs !== 0
  if (!on && !typing) return
  const tell = isLive(turn, conversation.log) && (on ? !typing || nowMs - ephemeral.toldAtMs >= timing.typingToldMs : typing)
  if (tell) say(turn, { type: 'typing', conversation: id, on })
  const toldAtMs = tell ? nowMs : ephemeral.toldAtMs
  put(turn, { ...conversation, ephemeral: { ...ephemeral, toldAtMs, endsAtMs: on ? nowMs + timing.typingEndsMs : 0 } })
}

/** Somebody else's. */
export function heardTyping(turn: Turn, conversation: ConversationState, user: string, on: boolean): void {
  const { typing } = conversation.ephemeral
  if (user === turn.state.config.user || (!typing.has(user) && (!on || typing.size >= bounds.typists))) return
  const next = new Map(typing)
  if (on) next.set(user, turn.env.nowMs + timing.typingShownMs)
  else next.delete(user)
  put(turn, { ...conversation, ephemeral: { ...conversation.ephemeral, typing: next } })
}

/** A message ends its author's typing. */
export function authorsStopped(ephemeral: Ephemeral, rows: readonly MessageRow[]): Ephemeral {
  if (ephemeral.typing.size === 0 || !rows.some((row) => ephemeral.typing.has(row.author))) return ephemeral
  const typing = new Map(ephemeral.typing)
  for (const row of rows) typing.delete(row.author)
  return { ...ephemeral, typing }
}

export function typingTick(turn: Turn, conversation: ConversationState): void {
  const { ephemeral } = conversation
  const { nowMs } = turn.env
  if (ephemeral.endsAtMs !== 0 && nowMs >= ephemeral.endsAtMs) return setTyping(turn, conversation, false)
  const left = [...ephemeral.typing].filter(([, until]) => until > nowMs)
  if (left.length < ephemeral.typing.size) put(turn, { ...conversation, ephemeral: { ...ephemeral, typing: new Map(left) } })
}

export function typingWakeAt({ ephemeral }: ConversationState): number {
  let wakeAt = ephemeral.endsAtMs === 0 ? never : ephemeral.endsAtMs
  for (const until of ephemeral.typing.values()) wakeAt = Math.min(wakeAt, until)
  return wakeAt
}
