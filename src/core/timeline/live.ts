/** Is a conversation live on this link, and what has been heard of beyond its head (R5)? */
import type { ConversationState, Log } from '../state.js'
import { onlineLink, put, type Turn } from '../turn.js'

/** Somebody spoke of a `seq`: while the head is below it, a catch-up is under way or due. */
export function heard(turn: Turn, conversation: ConversationState, seq: number): ConversationState {
  if (seq <= conversation.log.heard || !Number.isSafeInteger(seq)) return conversation
  return put(turn, { ...conversation, log: { ...conversation.log, heard: seq } })
}

export function isLive(turn: Turn, log: Log): boolean {
  return log.liveOn !== 0 && log.liveOn === onlineLink(turn)
}
