/** Watermarks: within an epoch they only rise, never above the head, and read implies delivered (R21). */
import type { MarkWrite, Outcome } from '../store.js'
import type { Ledger } from './ledger.js'

export function mark({ tables, faults }: Ledger, write: MarkWrite): Outcome {
  const conversation = tables.conversation(write)
  const seat = tables.seat(write, write.user)
  if (!conversation || !seat?.active) return { kind: 'refused', code: 'not-found' }
  const { epoch, head, members: memberCount } = conversation
  const known = epoch === write.epoch || faults.staleReceipts === true
  const clamp = (asked: number | undefined) => (known ? Math.min(asked ?? 0, head) : 0)
  const rise = (held: number, asked: number) => (faults.lowerMarks && asked ? asked : Math.max(held, asked))
  const read = rise(seat.read, clamp(write.read))
  const delivered = Math.max(rise(seat.delivered, clamp(write.delivered)), faults.lowerMarks ? 0 : read)
  const moved = read !== seat.read || delivered !== seat.delivered
  const stamp = read === seat.read ? undefined : tables.nextStamp(write.tenant)
  if (moved) tables.putSeat(write, { ...seat, delivered, read, stamp: stamp ?? seat.stamp })
  return { kind: 'marked', epoch, mark: { user: write.user, delivered, read }, moved, memberCount, stamp }
}
