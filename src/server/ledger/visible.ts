/** What of a log one reader may see: nothing at or below the floor, nothing inside a hidden range (R7). */
import type { HiddenRange, MessageRow } from '../../protocol/frames.js'
import type { ConversationRecord, SeatRecord, Tables } from '../tables.js'

export interface Reader {
  readonly tables: Tables
  readonly conversation: ConversationRecord
  readonly seat: SeatRecord
  readonly floor: number
  readonly hidden: readonly HiddenRange[]
}

/** Undefined for everybody who is no member: absent and forbidden look alike (R27). */
export function readerOf(tables: Tables, at: { tenant: string; conversation: string; user: string }): Reader | undefined {
  const conversation = tables.conversation(at)
  const seat = conversation && tables.seat(at, at.user)
  if (!conversation || !seat?.active) return undefined
  const { floor, holes } = boundsOf(seat.stints)
  const hidden = holes.map((hole) => ({ ...hole, messages: tables.countMessages(at, hole.from, hole.to) }))
  return { tables, conversation, seat, floor, hidden }
}

/** A stint that opens the past opens all of it. */
export function boundsOf(stints: SeatRecord['stints']): { floor: number; holes: { from: number; to: number }[] } {
  let floor = 0
  let holes: { from: number; to: number }[] = []
  stints.forEach((stint, i) => {
    const before = stints[i - 1]
    if (!stint.closed) {
      floor = 0
      holes = []
    } else if (!before) floor = stint.joined
    else if (before.left !== undefined && before.left + 1 <= stint.joined) holes.push({ from: before.left, to: stint.joined })
  })
  return { floor, holes }
}

export function isVisible(reader: Pick<Reader, 'floor' | 'hidden'>, place: number): boolean {
  return place > reader.floor && !reader.hidden.some((range) => place >= range.from && place <= range.to)
}

/** Visible messages with a place in (after, before), in the asked direction, at most `limit`. */
export function visibleMessages(
  reader: Reader,
  range: { after: number; before: number; newestFirst: boolean; limit: number },
): MessageRow[] {
  const { tables, conversation } = reader
  const rows: MessageRow[] = []
  let { after, before } = { ...range, after: Math.max(range.after, reader.floor) }
  while (rows.length < range.limit) {
    const asked = range.limit - rows.length
    const found = tables.messages(conversation, { after, before, newestFirst: range.newestFirst, limit: asked })
    for (const row of found) if (isVisible(reader, row.seq)) rows.push(row)
    const last = found.at(-1)
    if (!last || found.length < asked) break
    // One step over a hidden range, however much was said in it.
    const hole = reader.hidden.find(({ from, to }) => last.seq >= from && last.seq <= to)
    if (range.newestFirst) before = hole?.from ?? last.seq
    else after = hole?.to ?? last.seq
  }
  return rows
}
