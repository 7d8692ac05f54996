/**
 * The list of a user's conversations, by stamps that rise with every change of a conversation or a seat (R24).
 * A cursor is `1.<stamp>`: everything up to the stamp is held; or `1.<stamp>.<below>`: in the middle of the first
 * reading, newest first, which goes on below `below`. A cursor of another version or from the future begins anew.
 */
import type { InboxRow } from '../../protocol/frames.js'
import { limits } from '../../protocol/limits.js'
import type { InboxRead } from '../store.js'
import type { Seated, Tables } from '../tables.js'
import { peopleOf, unreadOf } from './read.js'
import { type Reader, readerOf, visibleMessages } from './visible.js'

const listedPeople = 8

interface Cursor {
  readonly stamp: number
  readonly below?: number
}

export function readInbox(tables: Tables, at: { tenant: string; user: string; cursor?: string }): InboxRead {
  const now = tables.lastStamp(at.tenant)
  const held = at.cursor === undefined ? undefined : parse(at.cursor)
  const known = held && held.stamp <= now ? held : undefined
  const cursor: Cursor = known ?? { stamp: now, below: now + 1 }
  const first = cursor.below !== undefined
  const span = cursor.below === undefined ? { after: cursor.stamp, to: now } : { after: 0, to: cursor.below - 1 }
  const found = tables.seated({ ...at, ...span, newestFirst: first, limit: limits.pageRows })
  const { rows, gone, used } = fill(tables, at, found, first)
  const last = used.at(-1)
  const more = used.length < found.length || found.length === limits.pageRows
  const next = more && last ? (first ? `1.${cursor.stamp}.${last.stamp}` : `1.${last.stamp}`) : `1.${first ? cursor.stamp : now}`
  return { ...(known ? { prev: at.cursor } : {}), next, more, rows, gone }
}

function fill(tables: Tables, at: { tenant: string; user: string }, found: readonly Seated[], first: boolean) {
  const rows: InboxRow[] = []
  const gone: string[] = []
  const used: Seated[] = []
  let bytes = 0
  for (const seated of found) {
    const { conversation } = seated.conversation
    const reader = seated.seat.active ? readerOf(tables, { ...at, conversation }) : undefined
    const row = reader && inboxRow(reader, seated.stamp)
    bytes += row ? Buffer.byteLength(JSON.stringify(row)) : 0
    if (used.length && bytes > limits.pageBytes) break
    if (row) rows.push(row)
    else if (!first) gone.push(conversation)
    used.push(seated)
  }
  return { rows, gone, used }
}

function inboxRow(reader: Reader, rev: number): InboxRow {
  const { tables, conversation, seat } = reader
  const [last] = visibleMessages(reader, { after: 0, before: conversation.head + 1, newestFirst: true, limit: 1 })
  const users = new Set([...(last ? [last.author] : []), ...tables.seats(conversation, listedPeople).map((other) => other.user)])
  return {
    conversation: conversation.conversation,
    epoch: conversation.epoch,
    rev,
    head: conversation.head,
    ...(last ? { last } : {}),
    unread: unreadOf(reader),
    read: seat.read,
    profile: conversation.profile,
    people: peopleOf(reader, users),
  }
}

function parse(cursor: string): Cursor | undefined {
  const match = /^1\.(\d{1,15})(?:\.(\d{1,15}))?$/.exec(cursor)
  if (!match) return undefined
  return { stamp: Number(match[1]), ...(match[2] === undefined ? {} : { below: Number(match[2]) }) }
}
