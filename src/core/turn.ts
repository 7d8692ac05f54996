/**
 * One step under way: the next state as it is built, and the effects it has asked for. It lives for one call of
 * `step`; seen from outside the step is pure. The table of conversations is copied at most once per turn (R33).
 */
import type { ClientFrame } from '../protocol/frames.js'
import { copyState, type Mutable } from './copies.js'
import type { Effect, Env, Report } from './event.js'
import type { ChatState, ConversationState } from './state.js'

export interface Turn {
  readonly env: Env
  readonly state: Mutable<ChatState>
  readonly effects: Effect[]
  /** Frames for the present link, sent together at the end of the turn. */
  readonly frames: ClientFrame[]
  /** Slots whose conversation changed in this turn. */
  readonly touched: Set<number>
  readonly before: ChatState
}

export function beginTurn(state: ChatState, env: Env): Turn {
  return { env, state: copyState(state), effects: [], frames: [], touched: new Set(), before: state }
}

export function conversationOf(turn: Turn, id: string): ConversationState | undefined {
  const slot = turn.state.slots.get(id)
  return slot === undefined ? undefined : turn.state.conversations[slot]
}

/** Replaces a conversation that is in memory. */
export function put(turn: Turn, next: ConversationState): ConversationState {
  const slot = turn.state.slots.get(next.id) as number
  if (turn.state.conversations === turn.before.conversations) turn.state.conversations = turn.before.conversations.slice()
  ;(turn.state.conversations as ConversationState[])[slot] = next
  turn.touched.add(slot)
  return next
}

/** A number not used before: for requests, asks, commits and uses. */
export function nextNumber(turn: Turn): number {
  turn.state.counter += 1
  return turn.state.counter
}

export function say(turn: Turn, frame: ClientFrame): void {
  turn.frames.push(frame)
}

export function report(turn: Turn, what: Report): void {
  turn.effects.push({ kind: 'report', report: what })
}

/** The link on which frames may go now; 0: none. */
export function onlineLink(turn: Turn): number {
  return turn.state.session.phase === 'online' ? turn.state.session.link : 0
}
