/** SQLite rows as records and back. The file is this server's own: columns are trusted to have their types. */
import type { MessageRow, Profile } from '../../protocol/frames.js'
import type { HistoryRule } from '../store.js'
import { type SqlText, textOf } from './text.js'
import type { ChangeRecord, ConversationRecord, SeatRecord, Seated, Stint } from '../tables.js'

export interface ConversationSql {
  cid: number
  tenant: SqlText
  id: SqlText
  epoch: string
  head: number
  tag: string
  messages: number
  members: number
  profile: string
  history: HistoryRule
  stamp: number
}

interface SeatSql {
  user: SqlText
  active: number
  stints: string
  delivered: number
  read: number
  stamp: number
  marked_at: number
  marked_rev: number
}

interface ChangeSql {
  seq: number
  tag: string
  message: number
  user: SqlText
  local_id: SqlText
}

interface MessageSql {
  seq: number
  idx: number
  rev: number
  id: string
  at: number
  author: SqlText
  local_id: SqlText | null
  content: string | null
  deleted: number
}

type SeatedSql = SeatSql & Omit<ConversationSql, 'stamp'> & { conversation_stamp: number; seated_stamp: number }

export function conversationOf(row: ConversationSql): ConversationRecord {
  const { epoch, head, tag, messages, members, history, stamp } = row
  const [tenant, conversation] = [textOf(row.tenant), textOf(row.id)]
  return { tenant, conversation, epoch, head, tag, messages, members, profile: JSON.parse(row.profile) as Profile, history, stamp }
}

export function seatOf(row: unknown): SeatRecord {
  const { user, active, stints, delivered, read, stamp, marked_at: at, marked_rev: rev } = row as SeatSql
  return { user: textOf(user), active: active === 1, stints: JSON.parse(stints) as Stint[], delivered, read, marked: { at, rev }, stamp }
}

export function seatedOf(row: unknown): Seated {
  const sql = row as SeatedSql
  return { conversation: conversationOf({ ...sql, stamp: sql.conversation_stamp }), seat: seatOf(sql), stamp: sql.seated_stamp }
}

export function changeOf(row: unknown): ChangeRecord {
  const { seq, tag, message, user, local_id: localId } = row as ChangeSql
  return { seq, tag, message, user: textOf(user), localId: textOf(localId) }
}

export function messageOf(row: unknown): MessageRow {
  const { id, seq, idx: index, rev, at, author, local_id: localId, content, deleted } = row as MessageSql
  return {
    id,
    seq,
    index,
    rev,
    at,
    author: textOf(author),
    ...(localId === null ? {} : { localId: textOf(localId) }),
    ...(content === null ? {} : { content: JSON.parse(content) as unknown }),
    ...(deleted ? { deleted: true as const } : {}),
  }
}
