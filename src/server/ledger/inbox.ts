/**
 * The list of a user's conversations, by stamps that rise with every change of a conversation or a seat (R24).
 * A cursor is `2.<stamp>..<line>`: everything up to the stamp is held; or `2.<stamp>.<below>.<line>`: in the middle of the first
 * reading, newest first, which goes on below `below`. One of another version, or of a line that a restored backup ended, begins anew.
 */
import { byteLength } from '../bytes.js'
import type { InboxRow } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { InboxNews, InboxRead } from '../store.js'
import type { Tables } from '../tables.js'
import type { Lines } from './lines.js'
import { listedPeople, peopleOf } from './people.js'
import { unreadOf } from './read.js'
import { type Reader, readerOf, visibleMessages } from './visible.js'

interface Cursor {
  readonly stamp: number
  readonly below?: number
}

interface Stamped {
  readonly tables: Tables
  readonly lines: Lines
}

interface Asking {
  readonly tenant: string
  readonly user: string
  readonly cursor?: string
}

export function readInbox(store: Stamped, at: Asking & { readonly news?: InboxNews }): InboxRead {
  const { tables, lines } = store
  const now = tables.lastStamp(at.tenant)
  const line = lines.present(at.tenant)
  const known = heldBy(lines, at)
  if (at.news && known && known.below === undefined) return readNews(store, at, known.stamp, { ...at.news, now })
  const cursor: Cursor = known ?? { stamp: now, below: now + 1 }
  const first = cursor.below !== undefined
  const span = cursor.below === undefined ? { after: cursor.stamp, to: now } : { after: 0, to: cursor.below - 1 }
  const found = tables.seated({ ...at, ...span, newestFirst: first, limit: limits.pageRows })
  const names = found.map((seated) => seated.conversation.conversation)
  const { rows, gone, used } = fill(tables, at, names)
  const last = found[used - 1]
  const more = used < found.length || found.length === limits.pageRows
  const next =
    more && last ? cursorOf(line, first ? cursor.stamp : last.stamp, first ? last.stamp : '') : cursorOf(line, first ? cursor.stamp : now)
  return { ...(known ? { prev: at.cursor } : {}), next, more, rows, gone: first ? [] : gone }
}

/** A store that went back to a backup is younger than what its server was told of: no cursor may be. */
function readNews(
  { tables, lines }: Stamped,
  at: Asking,
  held: number,
  { conversations, stamp, now }: InboxNews & { now: number },
): InboxRead {
  const { rows, gone, used } = fill(tables, at, conversations.slice(0, limits.pageRows))
  const more = used < conversations.length
  const next = cursorOf(lines.present(at.tenant), more ? held : Math.max(held, Math.min(stamp, now)))
  return { prev: at.cursor, next, more, rows, gone }
}

/** Rows in the order asked, until the bytes of one answer are full; `used` of the conversations were looked at. */
function fill(tables: Tables, { tenant, user }: Asking, conversations: readonly string[]) {
  const rows: InboxRow[] = []
  const gone: string[] = []
  let used = 0
  let bytes = 0
  for (const conversation of conversations) {
    const reader = readerOf(tables, { tenant, user, conversation })
    const row = reader && inboxRow(reader)
    bytes += row ? byteLength(JSON.stringify(row)) : 0
    if (used && bytes > serverLimits.pageBytes) break
    if (row) rows.push(row)
    else gone.push(conversation)
    used++
  }
  return { rows, gone, used }
}

function inboxRow(reader: Reader): InboxRow {
  const { conversation, seat } = reader
  const [last] = visibleMessages(reader, { after: 0, before: conversation.head + 1, newestFirst: true, limit: 1 })
  return {
    conversation: conversation.conversation,
    epoch: conversation.epoch,
    rev: Math.max(seat.stamp, conversation.stamp),
    head: conversation.head,
    ...(last ? { last } : {}),
    unread: unreadOf(reader),
    read: seat.read,
    profile: conversation.profile,
    people: peopleOf(reader, last ? [last] : [], listedPeople),
  }
}

function cursorOf(line: string, stamp: number, below: number | '' = ''): string {
  return `2.${stamp}.${below}.${line}`
}

/** What the cursor says, where it still means the same. */
function heldBy(lines: Lines, { tenant, cursor = '' }: Asking): Cursor | undefined {
  const match = /^2\.(\d{1,15})\.(\d{0,15})\.(.*)$/.exec(cursor)
  if (!match) return undefined
  const [, stamp, below, line = ''] = match
  if (!lines.holds(tenant, line, Number(stamp))) return undefined
  return { stamp: Number(stamp), ...(below ? { below: Number(below) } : {}) }
}
