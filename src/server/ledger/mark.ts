/**
 * Watermarks: within an epoch they only rise, never above the head, and read implies delivered. Beside them the place from
 * which a user has the conversation as unread again: there the higher `rev` wins (R21).
 */
import type { Mark } from '../../protocol/frames.js'
import type { MarkWrite, Outcome } from '../store.js'
import type { SeatRecord } from '../tables.js'
import type { Ledger } from './ledger.js'

export function mark({ tables }: Ledger, write: MarkWrite): Outcome {
  const conversation = tables.conversation(write)
  const seat = tables.seat(write, write.user)
  if (!conversation || !seat?.active) return { kind: 'refused', code: 'not-found' }
  const { epoch, head, members: memberCount } = conversation
  const known = epoch === write.epoch || planted.staleReceipts === true
  const clamp = (asked: number | undefined) => (known ? Math.min(asked ?? 0, head) : 0)
  const rise = (held: number, asked: number) => (planted.lowerMarks && asked ? asked : Math.max(held, asked))
  const read = rise(seat.read, clamp(write.read))
  const delivered = Math.max(rise(seat.delivered, clamp(write.delivered)), planted.lowerMarks ? 0 : read)
  const moved = read !== seat.read || delivered !== seat.delivered
  const remarked = known && write.marked !== undefined && write.marked.rev > seat.marked.rev
  const marked = remarked && write.marked ? { at: clamp(write.marked.at), rev: write.marked.rev } : seat.marked
  const stamp = remarked || read !== seat.read ? tables.nextStamp(write.tenant) : undefined
  const next = { ...seat, delivered, read, marked, stamp: stamp ?? seat.stamp }
  if (moved || remarked) tables.putSeat(write, next)
  return { kind: 'marked', epoch, mark: ownMark(next), moved, memberCount, stamp }
}

/** A member's registers as that member alone is told of them. */
export function ownMark({ user, delivered, read, marked }: SeatRecord): Mark {
  return { user, delivered, read, ...(marked.rev > 0 ? { marked } : {}) }
}
