/** What this link has taken and not yet acknowledged, over all conversations (R17). */
import type { ConversationState } from '../state.js'
import type { Turn } from '../turn.js'

export function bytesInFlight(conversations: readonly ConversationState[]): number {
  let bytes = 0
  for (const { entries } of conversations) {
    for (const entry of entries) {
      if (entry.arm.kind === 'inflight') bytes += entry.bytes
      else if (entry.arm.kind === 'queued') break
    }
  }
  return bytes
}

/** Room on the link is for every conversation that waits for it: they are looked at too. */
export function shareRoom(turn: Turn): void {
  const { conversations, outbox } = turn.state
  if (outbox.entries === 0 || bytesInFlight(conversations) >= bytesInFlight(turn.before.conversations)) return
  for (const [slot, { entries }] of conversations.entries()) if (entries.length > 0) turn.touched.add(slot)
}
