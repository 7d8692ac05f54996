/**
 * The newest part of the list on disk, so that it paints before the server is heard. It is a picture, not a base: every
 * session reads the list anew, and no cursor is stored that could run ahead of the rows.
 */
import type { Key, Row } from '../../ports/storage.js'
import { arePeople, isCount, isFields, isId, isRow, isTime } from '../../protocol/guards.js'
import { generationKey } from '../cache/disk-queue.js'
import { learnPeople } from '../people.js'
import { bounds, never, timing } from '../timing.js'
import { nextNumber, type Turn } from '../turn.js'
import { itemsOf, withItem } from './book.js'

const inboxKey: Key = ['i']

/** One relaxed commit at most every two seconds, whatever happens in the list. */
export function storeInbox(turn: Turn): void {
  const { inbox, disk, people: known, nowMs } = turn
  if (nowMs < storeInboxAt(turn)) return
  const items = itemsOf(inbox.book).slice(0, bounds.storedInbox)
  const value = items.map(({ id, at, unread, more, rev, profile, people: users, last }) => {
    const people = users.flatMap((user) => (known.has(user) ? [{ user, profile: known.get(user) }] : []))
    return { id, at, unread, more, rev, profile, people, last }
  })
  inbox.stored = inbox.book
  inbox.storeAtMs = nowMs + timing.storeInboxMs
  turn.effects.push({
    kind: 'commit',
    commit: nextNumber(turn),
    writes: [{ kind: 'put', row: { key: inboxKey, version: '', value } }],
    durability: 'relaxed',
    expect: [{ key: generationKey, version: disk.generation }],
  })
}

/** When the list is next written. */
export function storeInboxAt({ inbox, disk }: Turn): number {
  return disk.phase === 'ready' && inbox.state === 'ready' && inbox.book !== inbox.stored ? inbox.storeAtMs : never
}

/** What an earlier session left; nothing of it replaces what has been learnt since. */
export function restoreInbox(turn: Turn, rows: readonly Row[]): void {
  const value = rows.find(({ key }) => key[0] === 'i')?.value
  const { inbox } = turn
  if (!Array.isArray(value) || inbox.state !== 'loading' || inbox.book.size > 0) return
  for (const stored of value.slice(0, bounds.storedInbox)) {
    if (!isFields(stored)) continue
    const { id, at, unread, more, rev, profile, people, last } = stored
    if (!isId(id) || !isTime(at) || !isCount(unread) || !isCount(rev) || !isFields(profile)) continue
    const known = arePeople(people) ? people : []
    learnPeople(turn, known)
    inbox.book = withItem(inbox.book, {
      id,
      at,
      unread,
      more: more === true,
      rev,
      profile,
      people: known.map(({ user }) => user),
      last: isRow(last) ? last : undefined,
      pending: undefined,
      receipts: undefined,
    })
  }
  if (inbox.book.size > 0) Object.assign(inbox, { stored: inbox.book, state: 'stale' })
}
