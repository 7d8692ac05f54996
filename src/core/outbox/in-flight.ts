/** What this link has taken and not yet acknowledged, over all conversations (R17). */
import type { Turn } from '../turn.js'

export function bytesInFlight(turn: Turn): number {
  let bytes = 0
  for (const conversation of turn.state.conversations) {
    for (const entry of conversation.entries) {
      if (entry.arm.kind === 'inflight') bytes += entry.bytes
      else if (entry.arm.kind === 'queued') break
    }
  }
  return bytes
}
