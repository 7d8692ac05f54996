/** Questions about the state that more than one reader asks. */
import type { MessageRow } from '../protocol/frames.js'
import { rowOf } from './outbox/entry.js'
import type { ChatState } from './state.js'

/** Whether the outbox of before has been read: memory knows of every entry that this instance is to send. */
export function isOutboxRead({ disk: { phase } }: Pick<ChatState, 'disk'>): boolean {
  return phase === 'ready' || phase === 'founding'
}

/** Its row, or the code of its failure; neither while it is pending. */
export interface SettledState {
  readonly row?: MessageRow | undefined
  readonly code?: string
}

/** What has become of an own message, as far as memory tells; nothing where it does not know of one. */
export function settledRow({ conversations, config: { user } }: ChatState, localId: string): SettledState | undefined {
  for (const { entries, log } of conversations) {
    const entry = entries.find((each) => each.localId === localId && !each.voiding)
    if (entry) {
      const { arm } = entry
      if (arm.kind === 'failed') return arm
      return { row: arm.kind === 'acked' ? (arm.message ?? rowOf(entry, user)) : undefined }
    }
    const row = log.tail.rows.findLast((each) => each.localId === localId && each.author === user)
    if (row) return { row }
  }
  return undefined
}
