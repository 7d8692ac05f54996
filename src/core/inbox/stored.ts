/**
 * The newest part of the list on disk, so that it paints before the server is heard. It is a picture, not a base: every
 * session reads the list anew, and no cursor is stored that could run ahead of the rows.
 */
import type { Key, Row } from '../../ports/storage.js'
import { isFields, isPerson, isRow } from '../../protocol/guards.js'
import { generationKey } from '../cache/disk-queue.js'
import { learnPeople } from '../people.js'
import { bounds, never, timing } from '../timing.js'
import { nextNumber, type Turn } from '../turn.js'
import { type Book, emptyBook, itemsOf, withItem } from './book.js'
import type { InboxItemState } from './inbox-state.js'

const inboxKey: Key = ['i']

/** One relaxed commit at most every two seconds, whatever happens in the list. */
export function storeInbox(turn: Turn): void {
  const { inbox, disk, people } = turn.state
  if (!isDue(turn) || turn.env.nowMs < inbox.storeAtMs) return
  const items = itemsOf(inbox.book).slice(0, bounds.storedInbox)
  const value = items.map(({ id, at, unread, more, rev, profile, people: users, last }) => {
    const known = users.flatMap((user) => (people.has(user) ? [{ user, profile: people.get(user) }] : []))
    return { id, at, unread, more, rev, profile, people: known, last }
  })
  turn.state.inbox = { ...inbox, stored: inbox.book, storeAtMs: turn.env.nowMs + timing.storeInboxMs }
  turn.effects.push({
    kind: 'commit',
    commit: nextNumber(turn),
    writes: [{ kind: 'put', row: { key: inboxKey, version: '', value } }],
    durability: 'relaxed',
    expect: [{ key: generationKey, version: disk.generation }],
  })
}

function isDue({ state: { inbox, disk } }: Turn): boolean {
  return disk.phase === 'ready' && inbox.state === 'ready' && inbox.book !== inbox.stored
}

export function storeInboxAt(turn: Turn): number {
  return isDue(turn) ? turn.state.inbox.storeAtMs : never
}

/** What an earlier session left; nothing of it replaces what has been learnt since. */
export function restoreInbox(turn: Turn, rows: readonly Row[]): void {
  const value = rows.find((row) => row.key[0] === 'i')?.value
  const { inbox } = turn.state
  if (!Array.isArray(value) || inbox.state !== 'loading' || inbox.book.size > 0) return
  let book: Book<InboxItemState> = emptyBook()
  for (const stored of value.slice(0, bounds.storedInbox)) {
    if (!isFields(stored)) continue
    const { id, at, unread, more, rev, profile, people, last } = stored
    if (
      typeof id !== 'string' ||
      typeof at !== 'number' ||
      !Number.isSafeInteger(unread) ||
      !Number.isSafeInteger(rev) ||
      !isFields(profile)
    )
      continue
    const known = Array.isArray(people) ? people.filter(isPerson) : []
    learnPeople(turn, known)
    const users = known.map(({ user }) => user)
    const shown = isRow(last) ? last : undefined
    const item = { id, at, unread: unread as number, more: more === true, rev: rev as number, profile, people: users, last: shown }
    book = withItem(book, { ...item, pending: undefined, receipts: undefined })
  }
  if (book.size > 0) turn.state.inbox = { ...inbox, book, stored: book, state: 'stale' }
}
