/** Questions about the state that more than one reader asks. */
import type { MessageRow } from '../protocol/frames.js'
import { rowOf } from './outbox/entry.js'
import type { ChatState } from './state.js'

export type SettledState =
  | { readonly kind: 'row'; readonly row: MessageRow }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'pending' }
  | { readonly kind: 'unknown' }

/** What has become of an own message, as far as memory tells. */
export function settledRow({ conversations, config: { user } }: ChatState, localId: string): SettledState {
  for (const { entries, log } of conversations) {
    const entry = entries.find((each) => each.localId === localId && !each.voiding)
    if (entry?.arm.kind === 'failed') return { kind: 'failed', code: entry.arm.code }
    if (entry?.arm.kind === 'acked') return { kind: 'row', row: entry.arm.message ?? rowOf(entry, user) }
    if (entry) return { kind: 'pending' }
    const row = log.tail.rows.findLast((each) => each.localId === localId && each.author === user)
    if (row) return { kind: 'row', row }
  }
  return { kind: 'unknown' }
}
