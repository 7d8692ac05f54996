/** Is a conversation live on this link, and what has been heard of beyond its head (R5)? */
import type { ChatState, Log } from '../state.js'
import { type Draft, onlineLink } from '../turn.js'

/** Somebody spoke of a `seq`: while the head is below it, a catch-up is under way or due. */
export function heard({ log }: Draft, seq: number): void {
  if (seq > log.heard && Number.isSafeInteger(seq)) log.heard = seq
}

/** A `head` frame or a `pong` spoke of it. */
export function hinted(c: Draft, seq: number): void {
  heard(c, seq)
  c.log.hinted = Math.max(c.log.hinted, seq)
}

export function isLive(turn: Pick<ChatState, 'session'>, log: Log): boolean {
  return log.liveOn !== 0 && log.liveOn === onlineLink(turn)
}
