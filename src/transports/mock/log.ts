/**
 * The mock server's memory of one conversation: a log in which every change is a message, so `seq` is its place in the list.
 * Everybody is a member from the beginning.
 */
import type {
  ChangeFrame,
  ClientFrame,
  Mark,
  MessageRow,
  Opened,
  Page,
  Person,
  Position,
  ResetReason,
  Unread,
} from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'

export interface Log {
  readonly conversation: string
  readonly epoch: string
  readonly rows: MessageRow[]
  readonly marks: Map<string, Mark>
  /** Messages by author and local id: a known local id gets its first answer (R15); `null` was taken back. */
  readonly answers: Map<string, MessageRow | null>
}

export function createLog(conversation: string): Log {
  return { conversation, epoch: `${conversation}-1`, rows: [], marks: new Map(), answers: new Map() }
}

export const answerKey = (author: string, localId: string) => JSON.stringify([author, localId])

export function append(log: Log, message: { author: string; content: unknown; at: number; localId?: string }): MessageRow {
  const seq = log.rows.length + 1
  const row = { id: `${log.conversation}-m${seq}`, seq, index: seq - 1, rev: seq, ...message }
  log.rows.push(row)
  if (message.localId) log.answers.set(answerKey(message.author, message.localId), row)
  return row
}

export function changeOf(log: Log, message: MessageRow): ChangeFrame {
  const { conversation, epoch } = log
  return { type: 'change', conversation, epoch, seq: message.seq, tag: tagAt(message.seq), change: { kind: 'message', message } }
}

export function markOf(log: Log, user: string): Mark {
  return log.marks.get(user) ?? { user, delivered: 0, read: 0 }
}

/** What another user may know of a mark: not from where on it is unread again. */
export const shownTo = (mark: Mark, user: string): Mark => (mark.user === user ? mark : { ...mark, marked: undefined })

export function unreadOf(log: Log, user: string): Unread {
  const { read, marked } = markOf(log, user)
  const all = log.rows.filter((row) => row.seq >= Math.min(read + 1, marked?.at || Infinity) && row.author !== user).length
  return { count: Math.min(all, 100), more: all > 100 }
}

/** The answer to `open`: what follows the position, or the newest page where there is no way on from it. */
export function openedOf(log: Log, user: string, request: number, position: Position | undefined): Opened {
  const head = log.rows.length
  const reset = resetFor(log, position)
  const from = reset ? Math.max(0, head - limits.pageRows) : (position as Position).seq
  const rows = log.rows.slice(from, from + limits.pageRows)
  const to = from + rows.length
  const members = membersOf(log, user)
  return {
    type: 'opened',
    request,
    conversation: log.conversation,
    epoch: log.epoch,
    reset,
    from,
    to,
    tag: tagAt(to),
    head,
    more: to < head,
    floor: 0,
    hidden: [],
    rows,
    own: rows.flatMap(({ author, localId, seq }) => (author === user && localId ? [{ localId, seq }] : [])),
    profile: {},
    memberCount: members.length,
    members: members.map((member) => ({ user: member, joined: 0 })),
    people: peopleOf(members),
    marks: [...log.marks.values()].map((mark) => shownTo(mark, user)),
    unread: unreadOf(log, user),
  }
}

/** The answer to `history`; a place is a seq, and here every seq is a message. */
export function pageOf(log: Log, { request, anchor, limit }: ClientFrame & { type: 'history' }): Page {
  const head = log.rows.length
  const count = Math.min(limit, limits.pageRows)
  const first =
    'before' in anchor ? anchor.before - 1 - count : 'after' in anchor ? anchor.after : anchor.around - 1 - Math.floor(count / 2)
  const from = Math.min(Math.max(0, first), head)
  const last = 'before' in anchor ? anchor.before - 1 : from + count
  const to = Math.min(Math.max(from, last), head)
  const rows = log.rows.slice(from, to)
  const people = peopleOf(new Set(rows.map((row) => row.author)))
  return { type: 'page', request, conversation: log.conversation, epoch: log.epoch, asOf: head, from, to, rows, people }
}

export function membersOf(log: Log, user: string): readonly string[] {
  return [...new Set([user, ...log.rows.map((row) => row.author), ...log.marks.keys()])]
}

export const peopleOf = (users: Iterable<string>): Person[] => [...users].map((user) => ({ user, profile: { name: user } }))

const tagAt = (seq: number) => (seq ? `t${seq}` : '')

function resetFor(log: Log, position: Position | undefined): ResetReason | undefined {
  if (!position) return 'first'
  if (position.epoch !== log.epoch) return 'epoch'
  if (position.seq > log.rows.length) return 'ahead'
  return position.tag === tagAt(position.seq) ? undefined : 'tag'
}
