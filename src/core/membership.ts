/** Left, removed, or never there (R27): the rows stay readable, nothing more is asked or sent, entries fail. */
import { fail } from './outbox/settle.js'
import type { ConversationState } from './state.js'
import { conversationOf, put, report, type Turn } from './turn.js'

export function gone(turn: Turn, conversation: ConversationState, why: string): void {
  const { log, id } = conversation
  if (log.state === 'gone') return
  for (const call of log.load?.calls ?? []) turn.effects.push({ kind: 'answer', call, code: 'conversation-gone' })
  put(turn, { ...conversation, log: { ...log, state: 'gone', liveOn: 0, catchUp: null, load: null, beyond: [] } })
  for (const entry of conversation.entries) {
    const present = conversationOf(turn, id)
    // What was reported `sent` is at the server and stays so.
    if (present && entry.arm.kind !== 'failed' && entry.arm.kind !== 'acked') fail(turn, present, entry, 'conversation-gone', false)
  }
  report(turn, { kind: 'left', conversation: id, why })
}
