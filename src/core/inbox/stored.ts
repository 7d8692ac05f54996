/**
 * The newest part of the list on disk, so that it paints before the server is heard. It is a picture, not a base: every
 * session reads the list anew, and no cursor is stored that could run ahead of the rows.
 */
import type { Row } from '../../ports/storage.js'
import type { Person } from '../../protocol/frames.js'
import { arePeople, isCount, isFields, isFlag, isId, isRow, isTime, maybe, recordOf } from '../../protocol/guards.js'
import * as bounds from '../bounds.js'
import { put } from '../cache/put.js'
import { commit } from '../cache/writes.js'
import { learnPeople } from '../people.js'
import * as timing from '../timing.js'
import { never } from '../timing.js'
import { offers, type Turn } from '../turn.js'
import { bookOf, itemsOf } from './book.js'
import type { InboxItemState } from './inbox-state.js'

interface StoredItem extends Omit<InboxItemState, 'people'> {
  readonly people: readonly Person[]
}

const isStoredItem = recordOf<Omit<StoredItem, 'pending' | 'receipts'>>({
  id: isId,
  at: isTime,
  unread: isCount,
  more: isFlag,
  rev: isCount,
  profile: isFields,
  people: arePeople,
  last: maybe(isRow),
})

/** One relaxed commit at most every two seconds, whatever happens in the list. */
export function storeInbox(turn: Turn): void {
  const { inbox, people: known, nowMs } = turn
  if (nowMs < storeInboxAt(turn)) return
  const items = itemsOf(inbox.book).slice(0, bounds.storedInbox)
  const value = items.map((item): StoredItem => {
    const people = item.people.slice(0, bounds.listedPeople).flatMap(({ user }) => {
      const profile = known.get(user)
      return profile ? [{ user, profile }] : []
    })
    return { ...item, people, pending: undefined, receipts: undefined }
  })
  inbox.stored = inbox.book
  inbox.storeAtMs = nowMs + timing.storeInboxMs
  commit(turn, 'relaxed', [put(['i'], value)])
}

/** When the list is next written. */
export function storeInboxAt(turn: Turn): number {
  const { inbox, disk } = turn
  return disk.phase === 'ready' && !offers(turn, 'cached') && inbox.state === 'ready' && inbox.book !== inbox.stored
    ? inbox.storeAtMs
    : never
}

/** What an earlier session left, as far as it is whole; nothing of it replaces what has been learnt since. */
export function restoreInbox(turn: Turn, rows: readonly Row[]): void {
  const value = rows.find(({ key }) => key[0] === 'i')?.value
  const { inbox } = turn
  if (!Array.isArray(value) || inbox.state !== 'loading' || inbox.book.size > 0) return
  const found: readonly StoredItem[] = value.slice(0, bounds.storedInbox).filter(isStoredItem)
  if (found.length === 0) return
  learnPeople(
    turn,
    found.flatMap(({ people }) => people),
  )
  const book = bookOf<InboxItemState>(found.map((item) => ({ ...item, people: item.people.map(({ user }) => ({ user })) })))
  Object.assign(inbox, { book, stored: book, state: 'stale' })
}
