/** The list of conversations (R24, R25): its order, its badge, its cursors, and who speaks for a conversation. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore, welcomeFrame } from '../../../test/fakes/driven-core.js'
import { live, openedFrame, openWith, requestOf, row, said, send } from '../../../test/fakes/wire-frames.js'
import type { InboxRow, ServerFrame } from '../../protocol/frames.js'
import { type Book, bookOf, emptyBook, itemOf, itemsOf, type Ordered, withItem, replaced } from './book.js'

type InboxFrame = Extract<ServerFrame, { type: 'inbox' }>

const summary = (conversation: string, at: number, more: Partial<InboxRow> = {}): InboxRow => ({
  conversation,
  epoch: 'e1',
  rev: 1,
  head: 3,
  last: row(3, { at }),
  unread: { count: 1, more: false },
  read: 0,
  profile: { name: conversation },
  people: [],
  ...more,
})
const answer = (core: DrivenCore, rows: readonly InboxRow[], more: Partial<InboxFrame> = {}) =>
  core.hear({ type: 'inbox', request: requestOf(core, 'inbox'), next: 'i1', more: false, rows, gone: [], ...more })
const push = (core: DrivenCore, prev: string, next: string, rows: readonly InboxRow[], gone: readonly string[] = []) =>
  core.hear({ type: 'inbox', prev, next, more: false, rows, gone })
const ids = (core: DrivenCore) => itemsOf(core.state().inbox.book).map(({ id }) => id)
const openOf = (core: DrivenCore, id: string) => core.sent('open').findLast(({ conversation }) => conversation === id)!.request
const asked = (core: DrivenCore) => core.sent('inbox').map(({ cursor }) => cursor)

function listed(rows = [summary('a', 10), summary('b', 30), summary('x', 20)]): DrivenCore {
  const core = drivenCore()
  core.online()
  answer(core, rows)
  return core
}

describe('R24: the list', () => {
  it('stands newest first, and a live push moves one up', () => {
    const core = listed()
    expect(ids(core)).toEqual(['b', 'x', 'a'])
    push(core, 'i1', 'i2', [summary('a', 40, { rev: 2 })])
    expect(ids(core)).toEqual(['a', 'b', 'x'])
    expect(core.state().inbox).toMatchObject({ state: 'ready', cursor: 'i2' })
  })

  it('the badge is the sum of its items', () => {
    const core = listed([summary('a', 1, { unread: { count: 4, more: false } }), summary('b', 2, { unread: { count: 100, more: true } })])
    expect(core.state().inbox.book).toMatchObject({ size: 2, unread: 104, inexact: 1 })
    push(core, 'i1', 'i2', [], ['b'])
    expect(core.state().inbox.book).toMatchObject({ size: 1, unread: 4, inexact: 0 })
  })

  it('R22: the count of a conversation that is held is of what lies above the read that it names', () => {
    const core = listed()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 300, 50)
    push(core, 'i1', 'i2', [summary('c', 300, { epoch: 'e1', head: 300, read: 120, unread: { count: 70, more: false } })])
    expect(core.conversation().receipts.unread).toEqual({ count: 70, more: false, read: 120, countedTo: 300 })
  })

  it('R23: tells as delivered what a summary names, but not where only what was opened counts', () => {
    const told = (delivered: 'received' | 'opened') => {
      const core = drivenCore({ delivered })
      core.online()
      answer(core, [summary('a', 10)])
      return core.sent('receipt').map((frame) => frame.delivered)
    }
    expect([told('received'), told('opened')]).toEqual([[3], []])
  })

  it('an older `rev` never takes the place of a newer', () => {
    const core = listed([summary('a', 10, { rev: 5 })])
    push(core, 'i1', 'i2', [summary('a', 99, { rev: 4 })])
    expect(itemOf(core.state().inbox.book, 'a')).toMatchObject({ rev: 5, at: 10 })
  })

  it('R8: but in a list that began anew: a restored backup counts on from where it was', () => {
    const core = listed([summary('a', 10, { rev: 5 }), summary('b', 20, { rev: 5 })])
    core.offline()
    core.wait(1_000)
    core.online()
    answer(core, [summary('b', 8, { rev: 4 })], { next: 'p2', more: true })
    answer(core, [summary('a', 9, { rev: 3 })], { prev: 'p2', next: 'p3' })
    expect(itemsOf(core.state().inbox.book)).toMatchObject([
      { id: 'a', rev: 3, at: 9 },
      { id: 'b', rev: 4, at: 8 },
    ])
    push(core, 'p3', 'p4', [summary('b', 7, { rev: 3 })])
    expect(itemOf(core.state().inbox.book, 'b')).toMatchObject({ rev: 4, at: 8 })
  })

  it('a broken chain asks once from the last cursor, and what comes meanwhile is left to the answer', () => {
    const core = listed()
    core.forget()
    push(core, 'i7', 'i8', [summary('new', 99)])
    push(core, 'i8', 'i9', [summary('newer', 100)])
    expect(asked(core)).toEqual(['i1'])
    expect(ids(core)).not.toContain('new')
    answer(core, [summary('new', 99)], { prev: 'i1', next: 'i9' })
    push(core, 'i9', 'i10', [summary('last', 101)])
    expect(ids(core).slice(0, 2)).toEqual(['last', 'new'])
  })

  it('is asked for page by page, and a list that began anew drops what it did not name', () => {
    const core = listed()
    core.offline()
    expect(core.state().inbox.state).toBe('stale')
    core.wait(1_000)
    core.forget()
    core.online()
    expect(asked(core)).toEqual(['i1'])
    answer(core, [summary('a', 10)], { next: 'p2', more: true })
    expect(ids(core)).toEqual(['b', 'x', 'a'])
    answer(core, [summary('x', 20)], { prev: 'p2', next: 'p3' })
    expect(asked(core)).toEqual(['i1', 'p2'])
    expect(ids(core)).toEqual(['x', 'a'])
    expect(core.state().inbox.state).toBe('ready')
  })

  it('an answer to an older request is ignored', () => {
    const core = listed()
    core.hear({ type: 'inbox', request: 999, next: 'i9', more: false, rows: [summary('late', 99)], gone: [] })
    expect(ids(core)).not.toContain('late')
  })

  it('a request that fails or is never answered is made again after a pause', () => {
    const core = drivenCore()
    core.online()
    core.hear({ type: 'failed', request: requestOf(core, 'inbox'), code: 'unavailable', retryAfterMs: 3_000 })
    core.wait(2_999)
    expect(asked(core)).toHaveLength(1)
    core.wait(1)
    expect(asked(core)).toHaveLength(2)
    core.wait(15_000)
    core.wait(1_000)
    expect(asked(core)).toHaveLength(3)
  })

  it('is asked for on the next link where one ended with its welcome, and not without a link', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'connect' })
    core.dispatch({ kind: 'link-opened', link: 1 })
    core.hear({ ...welcomeFrame, user: core.state().config.user }, { type: 'drain', retryAfterMs: 60_000 })
    core.wait(59_000)
    expect([core.state().session.phase, asked(core)]).toEqual(['waiting', []])
    core.wait(5_000)
    core.online()
    expect(asked(core)).toEqual([undefined])
  })

  it('R31: is not asked of a server that has none', () => {
    const core = drivenCore()
    core.online({ features: ['after'] })
    expect(asked(core)).toEqual([])
  })
})

describe('R24: who speaks for a conversation', () => {
  it('a followed one speaks for itself: log, unread, profile and outbox', () => {
    const core = live(listed(), 5)
    expect(itemOf(core.state().inbox.book, 'c')).toMatchObject({ unread: 5, last: { seq: 5 }, profile: { name: 'c' } })
    push(core, 'i1', 'i2', [summary('c', 1, { rev: 9, unread: { count: 77, more: false } })])
    expect(itemOf(core.state().inbox.book, 'c')).toMatchObject({ unread: 5, last: { seq: 5 } })
    send(core, 'mine')
    expect(itemOf(core.state().inbox.book, 'c')?.pending?.localId).toBe('mine')
    expect(ids(core)[0]).toBe('c')
  })

  it("an unfollowed one's summary is taken, and tells the log of a head it has not seen", () => {
    const core = live(drivenCore(), 5)
    answer(core, [summary('c', 1, { head: 9 })])
    expect(core.conversation().log).toMatchObject({ heard: 9 })
    expect(core.conversation().log.catchUp).not.toBeNull()
  })

  it("L7 R22: a summary brings a followed one the server's count where not everything unread is held", () => {
    const core = drivenCore()
    live(core, 300, 50, { unread: { count: 60, more: false } })
    answer(core, [])
    const unread = () => itemOf(core.state().inbox.book, 'c')?.unread
    expect(unread()).toBe(60)
    const row = summary('c', 1, { rev: 2, head: 300, read: 240, unread: { count: 20, more: false } })
    core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: [{ user: 'me', delivered: 240, read: 240 }] })
    push(core, 'i1', 'i2', [row])
    expect(unread()).toBe(20)
    push(core, 'i2', 'i3', [{ ...row, read: 100, unread: { count: 55, more: false } }])
    push(core, 'i3', 'i4', [{ ...row, head: 299, unread: { count: 19, more: false } }])
    push(core, 'i4', 'i5', [{ ...row, epoch: 'e0', unread: { count: 18, more: false } }])
    expect(unread()).toBe(20)
    core.hear(said(301))
    expect(unread()).toBe(21)
  })

  it('a held one is not dropped from the list by the list; one that was left goes', () => {
    const core = live(listed(), 5)
    push(core, 'i1', 'i2', [], ['c', 'a'])
    expect(ids(core)).toContain('c')
    expect(ids(core)).not.toContain('a')
    core.hear({ type: 'left', conversation: 'c', seq: 6, why: 'removed' })
    expect(ids(core)).not.toContain('c')
  })

  it('R27: one that was left goes, also where it is let go from memory in the same turn', () => {
    const core = live(drivenCore({ conversations: 1 }), 5)
    answer(core, [summary('c', 10), summary('d', 20)])
    core.dispatch({ kind: 'watch', conversation: 'd' })
    core.wait(10_000)
    core.offline()
    core.wait(1_000)
    core.online()
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    expect(ids(core)).toContain('c')
    core.hear({ type: 'failed', request: openOf(core, 'c'), code: 'not-found' })
    expect(core.state().slots.has('c')).toBe(false)
    expect(ids(core)).toEqual(['d'])
  })

  it.each<[why: string, followed: number]>([
    ['until it is asked for', 50],
    ['where there is no room to follow it', 1],
  ])('R27: one from disk that the list does not name is of a user who was removed: it stands nowhere, %s', (_, followed) => {
    const before = live(drivenCore(), 5)
    before.wait(10_000)
    const core = drivenCore({ disk: before.disk, lane: 'next' })
    core.online({ limits: { ...welcomeFrame.limits, followed } })
    core.dispatch({ kind: 'watch', conversation: 'd' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'first', conversation: 'd' }))
    answer(core, [summary('d', 10)])
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    expect(core.conversation().log).toMatchObject({ state: 'ready', head: 5 })
    expect(ids(core)).toEqual(['d'])
    send(core, 'mine')
    expect(ids(core)).toContain('c')
  })

  it('R27: one that is held and not followed goes with the list, and one with something to send stays', () => {
    const core = live(listed([summary('c', 10), summary('d', 20)]), 5)
    core.offline()
    core.wait(1_000)
    core.online()
    send(core, 'mine', { conversation: 'd' })
    answer(core, [], { prev: 'i1', next: 'i2', gone: ['c', 'd'] })
    expect(ids(core)).toEqual(['d'])
    core.hear(openedFrame(openOf(core, 'c'), 5, 6))
    expect(ids(core)).toContain('c')
  })

  it('a message written before the log is known keeps the summary beside it', () => {
    const core = listed([summary('c', 10, { unread: { count: 7, more: false } })])
    send(core, 'mine')
    expect(itemOf(core.state().inbox.book, 'c')).toMatchObject({ unread: 7, profile: { name: 'c' }, pending: { localId: 'mine' } })
  })

  it('keeps its object while nothing it shows has changed', () => {
    const core = live(listed(), 5)
    const before = itemOf(core.state().inbox.book, 'c')
    core.hear({ type: 'typing', conversation: 'c', user: 'ann', on: true })
    expect(itemOf(core.state().inbox.book, 'c')).toBe(before)
    core.hear(said(6))
    expect(itemOf(core.state().inbox.book, 'c')).not.toBe(before)
  })

  it('R25: names the people of a conversation', () => {
    const core = listed([summary('a', 1, { people: [{ user: 'ann', profile: { name: 'Ann' } }] })])
    expect(itemOf(core.state().inbox.book, 'a')?.people).toEqual([{ user: 'ann' }])
    expect(core.state().people.get('ann')).toEqual({ name: 'Ann' })
  })

  it('the summary for one that is held and, for want of room, not followed', () => {
    const core = drivenCore()
    core.online({ limits: { followed: 1, window: 8, contentBytes: 32_768, pageRows: 100 } })
    answer(core, [])
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'first', conversation: 'c' }))
    core.wait(3_000)
    core.dispatch({ kind: 'watch', conversation: 'd' })
    core.wait(3_000)
    expect(core.sent('unfollow').map(({ conversation }) => conversation)).toEqual(['c'])
    push(core, 'i1', 'i2', [summary('c', 50, { rev: 5, head: 5, last: row(5, { at: 50 }), unread: { count: 5, more: false } })])
    core.wait(10_000)
    expect(itemOf(core.state().inbox.book, 'c')).toMatchObject({ last: { seq: 5 }, unread: 5 })
  })
})

describe('the book', () => {
  interface Item extends Ordered {
    readonly name: string
  }
  const item = (id: string, at: number): Item => ({ id, at, unread: 1, more: false, name: `${id}@${at}` })
  const sorted = (items: Iterable<Item>) => [...items].sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))

  it('keeps order, sums and finds through a thousand moves, as a plain sort does', () => {
    let seed = 7
    const next = (below: number) => {
      seed = (seed * 16_807) % 2_147_483_647
      return seed % below
    }
    const plain = new Map<string, Item>()
    let book: Book<Item> = emptyBook()
    for (let i = 0; i < 1_000; i++) {
      const id = `c${next(150)}`
      if (next(5) === 0) {
        plain.delete(id)
        book = replaced(book, id)
      } else {
        const moved = item(id, next(40))
        plain.set(id, moved)
        book = withItem(book, moved)
      }
      expect(itemOf(book, id)).toBe(plain.get(id))
    }
    expect(itemsOf(book)).toEqual(sorted(plain.values()))
    expect(book).toMatchObject({ size: plain.size, unread: plain.size, inexact: 0 })
  })

  it('goes on where a whole chunk of it has gone', () => {
    const all = Array.from({ length: 100 }, (_, i) => item(`c${i}`, i))
    const [, gone = [], ...left] = bookOf(all).chunks
    expect(left).not.toEqual([])
    const book = withItem(
      gone.reduce((rest, { id }) => replaced(rest, id), bookOf(all)),
      item('new', gone[0]!.at),
    )
    expect(itemsOf(book)).toEqual(sorted([...all.filter((each) => !gone.includes(each)), item('new', gone[0]!.at)]))
  })

  it('leaves the chunks it does not touch as they are', () => {
    const before = bookOf(Array.from({ length: 500 }, (_, i) => item(`c${i}`, i)))
    const after = withItem(before, item('c499', 1_000))
    expect(after.chunks.filter((chunk) => !before.chunks.includes(chunk)).length).toBeLessThanOrEqual(2)
  })
})
