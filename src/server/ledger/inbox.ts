/**
 * The list of a user's conversations, by stamps that rise with every change of a conversation or a seat (R24).
 * A cursor is `3.<stamp>.<below>.<now>.<line>`: everything up to the stamp is held, or, in the middle of the first reading, newest first,
 * will be when it has gone on below `below`. Rows up to `now` may have been told with it. One of another version, or one whose line a
 * restored backup ended before `now`, begins anew.
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
  /** 0: the first reading is over. */
  readonly below: number
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
  const { tables } = store
  const now = tables.lastStamp(at.tenant)
  const held = heldBy(store, at)
  if (at.news && held && !held.below) return readNews(store, at, held.stamp, at.news)
  const { stamp, below } = held ?? { stamp: now, below: now + 1 }
  const span = below ? { after: 0, to: below - 1 } : { after: stamp, to: now }
  const found = tables.seated({ ...at, ...span, newestFirst: below > 0, limit: limits.pageRows })
  const { rows, gone, used } = fill(
    tables,
    at,
    found.map((seated) => seated.conversation.conversation),
  )
  const more = used < found.length || found.length === limits.pageRows
  const end = (more && found[used - 1]?.stamp) || 0
  const next = below ? cursorOf(store, at, stamp, end) : cursorOf(store, at, end || now)
  return { prev: held && at.cursor, next, more, rows, gone: below ? [] : gone }
}

/** A store that went back to a backup is younger than what its server was told of: no cursor may be. */
function readNews(store: Stamped, at: Asking, held: number, { conversations, stamp }: InboxNews): InboxRead {
  const { tables } = store
  const { rows, gone, used } = fill(tables, at, conversations.slice(0, limits.pageRows))
  const more = used < conversations.length
  const next = cursorOf(store, at, more ? held : Math.max(held, Math.min(stamp, tables.lastStamp(at.tenant))))
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

function cursorOf({ tables, lines }: Stamped, { tenant }: Asking, stamp: number, below = 0): string {
  return `3.${stamp}.${below}.${tables.lastStamp(tenant)}.${lines.present(tenant)}`
}

/** What the cursor says, where it still means the same. */
function heldBy({ lines }: Stamped, { tenant, cursor = '' }: Asking): Cursor | undefined {
  const [, stamp, below, now, line = ''] = /^3\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(.*)$/.exec(cursor) ?? []
  return stamp && lines.holds(tenant, line, Number(now)) ? { stamp: Number(stamp), below: Number(below) } : undefined
}
