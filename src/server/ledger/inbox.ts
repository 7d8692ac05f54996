/**
 * The list of a user's conversations, by stamps that rise with every change of a conversation or a seat (R24).
 * A cursor is `1.<stamp>`: everything up to the stamp is held; or `1.<stamp>.<below>`: in the middle of the first
 * reading, newest first, which goes on below `below`. A cursor of another version or from the future begins anew.
 */
import { byteLength } from '../bytes.js'
import type { InboxRow } from '../../protocol/frames.js'
import { limits, serverLimits } from '../../protocol/limits.js'
import type { InboxNews, InboxRead } from '../store.js'
import type { Tables } from '../tables.js'
import { listedPeople, peopleOf } from './people.js'
import { unreadOf } from './read.js'
import { type Reader, readerOf, visibleMessages } from './visible.js'

interface Cursor {
  readonly stamp: number
  readonly below?: number
}

interface Asking {
  readonly tenant: string
  readonly user: string
  readonly cursor?: string
}

export function readInbox(tables: Tables, at: Asking & { readonly news?: InboxNews }): InboxRead {
  const now = tables.lastStamp(at.tenant)
  const held = at.cursor === undefined ? undefined : parse(at.cursor)
  const known = held && held.stamp <= now ? held : undefined
  if (at.news && known && known.below === undefined) return readNews(tables, at, known.stamp, { ...at.news, now })
  const cursor: Cursor = known ?? { stamp: now, below: now + 1 }
  const first = cursor.below !== undefined
  const span = cursor.below === undefined ? { after: cursor.stamp, to: now } : { after: 0, to: cursor.below - 1 }
  const found = tables.seated({ ...at, ...span, newestFirst: first, limit: limits.pageRows })
  const names = found.map((seated) => seated.conversation.conversation)
  const { rows, gone, used } = fill(tables, at, names)
  const last = found[used - 1]
  const more = used < found.length || found.length === limits.pageRows
  const next = more && last ? (first ? `1.${cursor.stamp}.${last.stamp}` : `1.${last.stamp}`) : `1.${first ? cursor.stamp : now}`
  return { ...(known ? { prev: at.cursor } : {}), next, more, rows, gone: first ? [] : gone }
}

/** A store that went back to a backup is younger than what its server was told of: no cursor may be. */
function readNews(tables: Tables, at: Asking, held: number, { conversations, stamp, now }: InboxNews & { now: number }): InboxRead {
  const { rows, gone, used } = fill(tables, at, conversations.slice(0, limits.pageRows))
  const more = used < conversations.length
  return { prev: at.cursor, next: `1.${more ? held : Math.max(held, Math.min(stamp, now))}`, more, rows, gone }
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

function parse(cursor: string): Cursor | undefined {
  const match = /^1\.(\d{1,15})(?:\.(\d{1,15}))?$/.exec(cursor)
  if (!match) return undefined
  return { stamp: Number(match[1]), ...(match[2] === undefined ? {} : { below: Number(match[2]) }) }
}
