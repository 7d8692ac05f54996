/** Answers to `open` and `history`: rows in present state, bounded by count and bytes (R5, R6, R32). */
import { byteLength } from '../bytes.js'
import type { HistoryAnchor, MessageRow, OwnChange, Position, ResetReason, Unread } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { OpenRead, PageRead } from '../store.js'
import { type ChangeRecord, joinedAt } from '../tables.js'
import { ownMark } from './mark.js'
import { listedPeople, peopleOf } from './people.js'
import { type Reader, boundsOf, isVisible, visibleMessages } from './visible.js'

/** Messages in the first page of a conversation. */
const firstRows = 50
const unreadExact = 100
/** Changes one catch-up answer looks through. */
const scanned = 1_000

export function readOpen(reader: Reader, position?: Position): OpenRead {
  const { tables, conversation } = reader
  const reset = resetReason(reader, position)
  const run = reset || !position ? newest(reader) : since(reader, position.seq)
  const isListed = conversation.members <= serverLimits.members
  const seats = isListed ? tables.seats(conversation, serverLimits.members) : []
  return {
    epoch: conversation.epoch,
    ...(reset ? { reset } : {}),
    ...run,
    tag: tagAt(reader, run.to),
    head: conversation.head,
    more: run.to < conversation.head,
    floor: reader.floor,
    hidden: reader.hidden,
    profile: conversation.profile,
    memberCount: conversation.members,
    members: seats.map((seat) => ({ user: seat.user, joined: joinedAt(seat) })),
    people: peopleOf(reader, run.rows, isListed ? serverLimits.members : listedPeople),
    marks: withSelf(seats, reader.seat).map((seat) => {
      const { user, delivered, read } = seat
      return user === reader.seat.user ? ownMark(seat) : { user, delivered, read }
    }),
    unread: unreadOf(reader),
  }
}

export function readPage(reader: Reader, anchor: HistoryAnchor, limit: number): PageRead {
  const { epoch, head } = reader.conversation
  const { rows, from, to } = pageRun(reader, anchor, Math.min(limit, limits.pageRows))
  return { epoch, asOf: head, from, to, rows, people: peopleOf(reader, rows, 0) }
}

/** A mark of unread may lie before a time that is hidden: what is said in there does not count. */
export function unreadOf({ tables, conversation, seat, floor, hidden }: Reader): Unread {
  const { user, read, marked } = seat
  let after = Math.max(floor, marked.at > 0 ? Math.min(read, marked.at - 1) : read)
  let count = 0
  for (const { from, to } of [...hidden, { from: conversation.head + 1, to: 0 }]) {
    if (from > after) count += tables.countUnread(conversation, user, { after, before: from }, unreadExact + 1 - count)
    after = Math.max(after, to)
  }
  return { count: Math.min(count, unreadExact), more: count > unreadExact }
}

function resetReason(reader: Reader, position: Position | undefined): ResetReason | undefined {
  const { epoch, head } = reader.conversation
  if (!position) return 'first'
  if (position.epoch !== epoch) return 'epoch'
  if (position.seq > head) return 'ahead'
  if (tagAt(reader, position.seq) !== position.tag) return 'tag'
  // What was hidden inside the log as it is held is shown since, and no change after the position speaks of it.
  const { holes } = boundsOf(reader.seat.stints.filter(({ joined }) => joined <= position.seq))
  return holes.some(({ from }) => isVisible(reader, from)) ? 'too-old' : undefined
}

function tagAt({ tables, conversation }: Reader, seq: number): string {
  if (seq === conversation.head) return conversation.tag
  return seq === 0 ? '' : (tables.tag(conversation, seq) ?? '')
}

interface Run {
  readonly from: number
  readonly to: number
  readonly rows: readonly MessageRow[]
}

function newest(reader: Reader): Run & { own: readonly OwnChange[] } {
  const { tables, conversation } = reader
  const run = olderThan(reader, conversation.head + 1, firstRows)
  const changes = tables.changes(conversation, Math.max(run.from, run.to - scanned), run.to)
  return { ...run, own: ownOf(reader, changes) }
}

/** Every visible message touched by a change in (from, to], in its present state. */
function since(reader: Reader, from: number): Run & { own: readonly OwnChange[] } {
  const { tables, conversation } = reader
  const changes = tables.changes(conversation, from, Math.min(conversation.head, from + scanned))
  const rows = new Map<number, MessageRow>()
  let bytes = 0
  let to = from
  for (const change of changes) {
    const place = change.message
    if (place && !rows.has(place) && isVisible(reader, place)) {
      const row = tables.message(conversation, place)
      bytes += row ? bytesOf(row) : 0
      if (rows.size && (rows.size === limits.pageRows || bytes > serverLimits.pageBytes)) break
      if (row) rows.set(place, row)
    }
    to = change.seq
  }
  const ordered = [...rows.values()].sort((a, b) => a.rev - b.rev)
  return {
    from,
    to,
    rows: ordered,
    own: ownOf(
      reader,
      changes.filter((change) => change.seq <= to),
    ),
  }
}

function ownOf({ seat }: Reader, changes: readonly ChangeRecord[]): OwnChange[] {
  return changes.filter((change) => change.user === seat.user && change.localId).map(({ localId, seq }) => ({ localId, seq }))
}

function pageRun(reader: Reader, anchor: HistoryAnchor, limit: number): Run {
  const { head } = reader.conversation
  // Nothing stands before the first place, and no place is below 0.
  if ('before' in anchor) return olderThan(reader, Math.max(1, Math.min(anchor.before, head + 1)), limit)
  if ('after' in anchor) return newerThan(reader, Math.min(anchor.after, head), limit)
  const middle = Math.min(anchor.around, head)
  const older = olderThan(reader, middle + 1, Math.ceil(limit / 2), serverLimits.pageBytes / 2)
  const newer = newerThan(reader, middle, Math.max(1, Math.floor(limit / 2)), serverLimits.pageBytes / 2)
  return { from: older.from, to: newer.to, rows: [...older.rows, ...newer.rows] }
}

function olderThan(reader: Reader, before: number, limit: number, maxBytes: number = serverLimits.pageBytes): Run {
  const found = visibleMessages(reader, { after: 0, before, newestFirst: true, limit })
  const rows = fitting(found, maxBytes)
  const complete = rows.length === found.length && found.length < limit
  const oldest = rows.at(-1)
  return { from: complete || !oldest ? Math.min(reader.floor, before - 1) : oldest.seq - 1, to: before - 1, rows: rows.reverse() }
}

function newerThan(reader: Reader, after: number, limit: number, maxBytes: number = serverLimits.pageBytes): Run {
  const { head } = reader.conversation
  const found = visibleMessages(reader, { after, before: head + 1, newestFirst: false, limit })
  const rows = fitting(found, maxBytes)
  const complete = rows.length === found.length && found.length < limit
  return { from: after, to: complete ? head : (rows.at(-1)?.seq ?? head), rows }
}

/** As many of the first rows as the bytes allow, but one at least. */
function fitting(rows: readonly MessageRow[], maxBytes: number): MessageRow[] {
  let bytes = 0
  const end = rows.findIndex((row, i) => {
    bytes += bytesOf(row)
    return i > 0 && bytes > maxBytes
  })
  return end === -1 ? [...rows] : rows.slice(0, end)
}

const bytesOf = (row: MessageRow) => byteLength(JSON.stringify(row))

function withSelf<Seat extends { readonly user: string }>(seats: readonly Seat[], self: Seat): readonly Seat[] {
  return seats.some((seat) => seat.user === self.user) ? seats : [...seats, self]
}
