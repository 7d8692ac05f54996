/** Watermarks, the own read register and unread (R21–R23), and typing, which expires. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../test/fakes/driven-core.js'
import { echo, live, openedFrame, openWith, requestOf, row, said, send } from '../../test/fakes/wire-frames.js'
import type { Row } from '../ports/storage.js'
import type { Mark } from '../protocol/frames.js'
import { unreadOf } from './receipts.js'

const marks = (core: DrivenCore, ...list: Mark[]) => core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: list })
const read = (core: DrivenCore) => core.dispatch({ kind: 'mark-read', conversation: 'c' })
const unread = (core: DrivenCore) => unreadOf(core.conversation(), 'me')
const reconnect = (core: DrivenCore, head: number) => {
  core.offline()
  core.wait(1_000)
  core.online()
  core.hear(openedFrame(requestOf(core, 'open'), head, head))
}

/** Online with what an earlier session left on disk. */
const openedAgain = (core: DrivenCore) => {
  core.online()
  core.hear(openedFrame(requestOf(core, 'open'), 5, 5))
  return core
}

describe('L7 R21: watermarks', () => {
  it('merge by max in whatever order they come, and read counts as delivered', () => {
    const core = live(drivenCore(), 5)
    marks(core, { user: 'ann', delivered: 3, read: 1 }, { user: 'eve', delivered: 0, read: 4 })
    marks(core, { user: 'ann', delivered: 2, read: 2 }, { user: 'eve', delivered: 1, read: 0 })
    expect([...core.conversation().receipts.marks]).toEqual([
      ['ann', { delivered: 3, read: 2 }],
      ['eve', { delivered: 4, read: 4 }],
    ])
  })

  it('of another epoch mean nothing', () => {
    const core = live(drivenCore(), 5)
    core.hear({ type: 'marks', conversation: 'c', epoch: 'e0', marks: [{ user: 'ann', delivered: 5, read: 5 }] })
    expect(core.conversation().receipts.marks.size).toBe(0)
  })

  it('L11: of more members than are known are not kept', () => {
    const core = live(drivenCore(), 5)
    marks(core, ...Array.from({ length: 400 }, (_, i) => ({ user: `u${i}`, delivered: 1, read: 0 })))
    expect(core.conversation().receipts.marks.size).toBe(257)
    marks(core, { user: 'me', delivered: 2, read: 2 })
    expect(core.conversation().receipts.marks.get('me')).toEqual({ delivered: 2, read: 2 })
  })

  it('tell how long it took until a message of ours was delivered, once', () => {
    const core = live(drivenCore(), 5)
    core.hear(echo(6, 'mine', { at: 1_000_000 }))
    marks(core, { user: 'ann', delivered: 6, read: 0 })
    marks(core, { user: 'ann', delivered: 6, read: 6 })
    expect(core.reports('delivered')).toEqual([{ kind: 'delivered', conversation: 'c', tookMs: 1_000 }])
  })
})

describe('L7 R21: the own read', () => {
  it('is kept on disk and told on every link until the server covers it', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    read(core)
    expect(core.sent('receipt')).toMatchObject([{ epoch: 'e1', read: 5 }])
    expect(core.stored(['r', 'c'])).toMatchObject([{ value: { epoch: 'e1', read: 5 } }])
    core.forget()
    reconnect(core, 5)
    expect(core.sent('receipt')).toMatchObject([{ read: 5 }])
    marks(core, { user: 'me', delivered: 5, read: 5 })
    expect(core.conversation().receipts.pending).toBeNull()
    expect(core.stored(['r'])).toEqual([])
    core.forget()
    reconnect(core, 5)
    expect(core.sent('receipt')).toEqual([])
  })

  it('lost on a link that lives is told again until the server covers it', () => {
    const core = live(drivenCore(), 5)
    read(core)
    const told = () => core.sent('receipt').filter((frame) => frame.read === 5).length
    for (const times of [1, 2]) {
      core.wait(9_999)
      expect(told()).toBe(times)
      core.wait(1)
      expect(told()).toBe(times + 1)
    }
  })

  it('R31: is kept, and not told to a server that takes no receipts', () => {
    const core = drivenCore()
    core.online({ features: ['inbox'] })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first' }))
    read(core)
    core.wait(20_000)
    expect(core.sent('receipt')).toEqual([])
    expect(unread(core).count).toBe(0)
  })

  it('covered by the server is told no more', () => {
    const core = live(drivenCore(), 5)
    read(core)
    marks(core, { user: 'me', delivered: 5, read: 5 })
    core.wait(30_000)
    expect(core.sent('receipt').filter((frame) => frame.read === 5)).toHaveLength(1)
  })

  it('above all that a restored backup has left is told as far as the log goes, and then forgotten', () => {
    const core = drivenCore()
    core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 9 } })
    live(core, 5)
    expect(core.sent('receipt')[0]).toMatchObject({ read: 5 })
    expect(core.stored(['r', 'c'])).toHaveLength(1)
    marks(core, { user: 'me', delivered: 5, read: 5 })
    expect(core.stored(['r', 'c'])).toEqual([])
  })

  it('above a head that the server has covered already is let go, though nothing is left to be told', () => {
    const core = drivenCore()
    core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 9 } })
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 5, 5, { marks: [{ user: 'me', delivered: 5, read: 5 }] })
    expect(core.sent('receipt')).toEqual([])
    expect(core.conversation().receipts.pending).toBeNull()
  })

  it('survives a reload', () => {
    const core = live(drivenCore(), 5)
    read(core)
    const next = openedAgain(drivenCore({ disk: core.disk, lane: 'next' }))
    expect(next.sent('receipt')).toMatchObject([{ read: 5 }])
  })

  it('above the head of a live log was in what a restored backup has lost, and is let go', () => {
    const core = live(drivenCore(), 5)
    core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 9 } })
    const next = openedAgain(drivenCore({ disk: core.disk, lane: 'next' }))
    expect(next.sent('receipt')).toMatchObject([{ read: 5 }])
    marks(next, { user: 'me', delivered: 5, read: 5 })
    expect(next.conversation().receipts.pending).toBeNull()
    next.hear(said(6))
    expect(unread(next).count).toBe(1)
  })

  it('R23: while hidden nobody reads, and what is read is never read again', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    core.dispatch({ kind: 'signal', signal: 'hidden' })
    read(core)
    expect(core.sent('receipt')).toEqual([])
    core.dispatch({ kind: 'signal', signal: 'visible' })
    read(core)
    read(core)
    expect(core.sent('receipt')).toHaveLength(1)
  })

  it('R23: in a run far back it reaches that run and no further', () => {
    const core = live(drivenCore(), 300, 50)
    core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq: 100 })
    core.hear({
      type: 'page',
      request: requestOf(core, 'history'),
      conversation: 'c',
      epoch: 'e1',
      asOf: 300,
      from: 98,
      to: 100,
      rows: [row(99), row(100)],
      people: [],
    })
    read(core)
    expect(core.conversation().receipts.pending).toMatchObject({ read: 100 })
  })

  it('R22: a message of ours does not read what came before it', () => {
    const core = live(drivenCore(), 5, 5, { unread: { count: 5, more: false } })
    send(core, 'mine')
    core.hear(echo(6, 'mine'))
    expect(unread(core)).toEqual({ count: 5, more: false })
  })
})

describe('R23: delivered', () => {
  it('is told only after the commit, coalesced, and only for messages of others', () => {
    const core = live(drivenCore(), 0)
    core.forget()
    core.hold()
    core.hear(echo(1, 'own'))
    core.hear(said(2))
    core.wait(1_000)
    expect(core.sent('receipt')).toEqual([])
    core.release()
    core.hear(said(3), said(4))
    core.wait(1_000)
    expect(core.sent('receipt').at(-1)).toEqual({ type: 'receipt', conversation: 'c', epoch: 'e1', delivered: 4 })
    expect(core.sent('receipt').length).toBeLessThan(4)
    marks(core, { user: 'me', delivered: 4, read: 0 })
    core.forget()
    core.hear(echo(5, 'own too'))
    core.wait(1_000)
    expect(core.sent('receipt')).toEqual([])
  })
})

describe('R23: delivered only once opened', () => {
  it('is told while somebody subscribes, and not of what the inbox summarises', () => {
    const core = live(drivenCore({ delivered: 'opened' }), 5)
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    core.forget()
    core.hear(said(6))
    core.wait(1_000)
    expect(core.sent('receipt')).toEqual([])
    core.dispatch({ kind: 'watch', conversation: 'c' })
    expect(core.sent('receipt')).toMatchObject([{ delivered: 6 }])
    core.forget()
    const unheld = {
      conversation: 'x',
      epoch: 'e1',
      rev: 1,
      head: 1,
      last: row(1),
      unread: { count: 1, more: false },
      read: 0,
      profile: {},
      people: [],
    }
    core.hear({ type: 'inbox', prev: core.state().inbox.cursor, next: 'n', more: false, rows: [unheld], gone: [] })
    expect(core.sent('receipt')).toEqual([])
  })

  it('L11: told and no longer wanted when it would be told again, it is let go: nothing wakes for it', () => {
    const core = live(drivenCore({ delivered: 'opened' }), 5)
    core.hear(said(6))
    core.wait(1_000)
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    core.forget()
    core.wait(12_000)
    expect(core.sent('receipt')).toEqual([])
    expect(core.state().wakeAtMs).toBeGreaterThan(core.nowMs())
  })
})

describe('L7 R22: unread', () => {
  it('counts messages of others above the own read, no tombstones', () => {
    const core = live(drivenCore(), 4)
    marks(core, { user: 'me', delivered: 4, read: 2 })
    core.hear(echo(5, 'own'), said(6, { deleted: true, content: undefined }), said(7))
    expect(unread(core)).toEqual({ count: 3, more: false })
    read(core)
    expect(unread(core)).toEqual({ count: 0, more: false })
  })

  it('is exact to 100, then more', () => {
    expect(unread(live(drivenCore(), 100))).toEqual({ count: 100, more: false })
    expect(unread(live(drivenCore(), 101, 101))).toEqual({ count: 100, more: true })
  })

  it("is the server's where not everything is held, and moves on with what comes", () => {
    const core = live(drivenCore(), 300, 50, { unread: { count: 60, more: false } })
    expect(unread(core)).toEqual({ count: 60, more: false })
    core.hear(said(301), echo(302, 'own'))
    expect(unread(core)).toEqual({ count: 61, more: false })
    const many = live(drivenCore(), 300, 50, { unread: { count: 100, more: true } })
    many.hear(said(301))
    expect(unread(many)).toEqual({ count: 100, more: true })
  })
})

describe('L7 R21: marked unread', () => {
  const mark = (core: DrivenCore, seq = 0) => core.dispatch({ kind: 'mark-unread', conversation: 'c', seq })
  /** What the server says of the own registers. */
  const answer = (core: DrivenCore, at: number, rev: number, to = 5) =>
    marks(core, { user: 'me', delivered: to, read: to, marked: { at, rev } })
  const told = (core: DrivenCore) => core.sent('receipt').flatMap(({ marked }) => (marked ? [marked] : []))
  const pending = (core: DrivenCore) => core.conversation().receipts.pending
  /** Live, and everything read. */
  const allRead = (head = 5, count = head) => {
    const core = live(drivenCore(), head, count, { marks: [{ user: 'me', delivered: head, read: head }] })
    core.forget()
    return core
  }

  it('counts again from the newest message of somebody else on, or from a place; the watermark stays', () => {
    const core = allRead()
    core.hear(echo(6, 'own'))
    mark(core)
    expect(unread(core).count).toBe(1)
    expect(told(core)).toEqual([{ at: 5, rev: 1 }])
    mark(core, 2)
    expect(unread(core).count).toBe(4)
    answer(core, 2, 2)
    expect([unread(core).count, pending(core)]).toEqual([4, null])
    expect(core.conversation().receipts.marks.get('me')).toEqual({ delivered: 5, read: 5 })
    core.hear(said(7))
    expect(unread(core).count).toBe(5)
  })

  it('stays as it is where nobody else has written', () => {
    const marked = [{ user: 'me', delivered: 3, read: 3, marked: { at: 2, rev: 1 } }]
    const core = live(drivenCore(), 3, 3, { rows: [1, 2, 3].map((seq) => row(seq, { author: 'me' })), marks: marked })
    mark(core)
    expect([pending(core), told(core)]).toEqual([null, []])
  })

  it('R22: counts what was unread before, where that is more', () => {
    const core = live(drivenCore(), 5, 5, { marks: [{ user: 'me', delivered: 5, read: 2 }] })
    mark(core)
    expect(unread(core).count).toBe(3)
  })

  it('ends with reading, whether that raises the watermark or not', () => {
    const core = allRead()
    mark(core)
    answer(core, 5, 1)
    core.forget()
    read(core)
    read(core)
    expect(core.sent('receipt')).toMatchObject([{ marked: { at: 0, rev: 2 } }])
    expect(core.sent('receipt')[0]?.read).toBeUndefined()
    answer(core, 0, 2)
    mark(core)
    core.hear(said(6))
    core.forget()
    read(core)
    expect(core.sent('receipt')).toMatchObject([{ read: 6, marked: { at: 0, rev: 4 } }])
    expect(unread(core).count).toBe(0)
  })

  it('does nothing outside of the log, nor where it is not known or this user is no member', () => {
    const core = allRead()
    for (const seq of [6, -1]) mark(core, seq)
    core.dispatch({ kind: 'mark-unread', conversation: 'unknown', seq: 1 })
    core.hear({ type: 'left', conversation: 'c', seq: 6, why: 'removed' })
    mark(core, 1)
    expect(core.stored(['r'])).toEqual([])
    const empty = live(drivenCore(), 0)
    mark(empty)
    expect(pending(empty)).toBeNull()
  })

  it('is kept on disk beside the own read, and told on every link until the server has it or a newer one', () => {
    const core = allRead()
    mark(core, 4)
    expect(core.stored(['r', 'c'])).toMatchObject([{ value: { epoch: 'e1', marked: { at: 4, rev: 1 } } }])
    reconnect(core, 5)
    expect(told(core)).toEqual([
      { at: 4, rev: 1 },
      { at: 4, rev: 1 },
    ])
    const next = drivenCore({ disk: core.disk, lane: 'next' })
    expect(unread(openedAgain(next)).count).toBe(2)
    expect(told(next)).toEqual([{ at: 4, rev: 1 }])
    mark(next, 3)
    expect(told(next).at(-1)).toEqual({ at: 3, rev: 2 })
    answer(next, 4, 1)
    expect(pending(next)).not.toBeNull()
    answer(next, 3, 2)
    expect([pending(next), next.stored(['r'])]).toEqual([null, []])
  })

  it('of two devices that do not know of each other the first at the server stands, and neither tells again', () => {
    const core = allRead()
    core.offline()
    mark(core, 4)
    mark(core, 2)
    read(core)
    mark(core, 3)
    core.forget()
    // The other one has set it meanwhile.
    core.wait(1_000)
    core.online()
    const other: Mark = { user: 'me', delivered: 5, read: 5, marked: { at: 5, rev: 1 } }
    core.hear(openedFrame(requestOf(core, 'open'), 5, 5, { marks: [other], unread: { count: 1, more: false } }))
    expect([unread(core).count, pending(core), told(core)]).toEqual([1, null, []])
    mark(core, 3)
    expect(told(core)).toEqual([{ at: 3, rev: 2 }])
    answer(core, 2, 2)
    expect([unread(core).count, pending(core)]).toEqual([4, null])
    answer(core, 5, 1)
    expect(unread(core).count).toBe(4)
  })

  it('R3: of another epoch is dropped', () => {
    const core = allRead()
    core.offline()
    mark(core, 2)
    core.wait(1_000)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'epoch', epoch: 'e2', marks: [{ user: 'me', delivered: 5, read: 5 }] }))
    expect([unread(core).count, told(core), core.stored(['r'])]).toEqual([0, [], []])
  })

  it('R22: where not all of it is held, as many as are held stand until the server has counted', () => {
    const core = allRead(300, 50)
    mark(core, 220)
    expect(unread(core)).toEqual({ count: 50, more: true })
    answer(core, 220, 1, 300)
    core.hear(openedFrame(requestOf(core, 'open'), 300, 300, { unread: { count: 81, more: false } }))
    expect(unread(core)).toEqual({ count: 81, more: false })
    expect(core.conversation().log.catchUp).toBeNull()
  })

  it('L8: is kept in the cache, and what is damaged there is not used', () => {
    const core = allRead()
    answer(core, 2, 7)
    core.wait(1_000)
    const watched = (disk: DrivenCore['disk']) => {
      const next = drivenCore({ disk, lane: 'next' })
      next.dispatch({ kind: 'watch', conversation: 'c' })
      return next
    }
    expect(unread(watched(core.disk)).count).toBe(4)
    const [cursor] = core.stored(['m', 'c'])
    for (const marked of [null, 2, { at: -1, rev: 1 }, { at: 1 }]) {
      core.disk.put({ ...(cursor as Row), value: { ...(cursor as { value: object }).value, marked } })
      expect(watched(core.disk).conversation().log.head).toBe(0)
      core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 1, marked } })
      expect(pending(watched(core.disk))).toBeNull()
    }
  })
})

describe('typing', () => {
  const type = (core: DrivenCore, on = true) => core.dispatch({ kind: 'set-typing', conversation: 'c', on })
  const told = (core: DrivenCore) => core.sent('typing').map(({ on }) => on)
  const heard = (core: DrivenCore, user: string, on = true) => core.hear({ type: 'typing', conversation: 'c', user, on })
  const typists = (core: DrivenCore) => [...core.conversation().ephemeral.typing.keys()]

  it('is told at most every 3 s and ended after 5 s without a keystroke', () => {
    const core = live(drivenCore(), 1)
    for (let i = 0; i < 7; i++) {
      type(core)
      core.wait(1_000)
    }
    expect(told(core)).toEqual([true, true, true])
    core.wait(3_999)
    expect(told(core)).toHaveLength(3)
    core.wait(1)
    expect(told(core)).toEqual([true, true, true, false])
  })

  it('is ended by the application at once, and not twice', () => {
    const core = live(drivenCore(), 1)
    type(core)
    type(core, false)
    type(core, false)
    core.wait(10_000)
    expect(told(core)).toEqual([true, false])
  })

  it('is never told off line nor stored', () => {
    const core = live(drivenCore(), 1)
    core.offline()
    core.forget()
    type(core)
    expect(core.effects('transmit')).toEqual([])
    expect(core.effects('commit')).toEqual([])
  })

  it('of others is shown for 6 s, ended by their word or their message, never ours', () => {
    const core = live(drivenCore(), 1)
    heard(core, 'ann')
    heard(core, 'eve')
    heard(core, 'me')
    expect(typists(core)).toEqual(['ann', 'eve'])
    heard(core, 'eve', false)
    core.hear(said(2, { author: 'ann' }))
    expect(typists(core)).toEqual([])
    heard(core, 'ann')
    core.wait(5_999)
    expect(typists(core)).toEqual(['ann'])
    core.wait(1)
    expect(typists(core)).toEqual([])
  })

  it('L11: of at most 256 at once, and each of them may still stop', () => {
    const core = live(drivenCore(), 1)
    for (let i = 0; i < 300; i++) heard(core, `u${i}`)
    expect(typists(core)).toHaveLength(256)
    heard(core, 'u0', false)
    expect(typists(core)).not.toContain('u0')
  })
})

it('R25: people are learnt, kept by reference while equal, and bounded', () => {
  const core = live(drivenCore(), 1)
  core.hear({ type: 'people', people: [{ user: 'ann', profile: { name: 'Ann' } }] })
  const before = core.state().people
  core.hear({ type: 'people', people: [{ user: 'ann', profile: { name: 'Ann' } }] })
  expect(core.state().people).toBe(before)
  core.hear({ type: 'people', people: Array.from({ length: 5_000 }, (_, i) => ({ user: `u${i}`, profile: {} })) })
  expect(core.state().people.size).toBe(5_000)
  expect(core.state().people.has('ann')).toBe(false)
})

it('R24: a conversation opened first asks for it before anything is sent into it', () => {
  const core = drivenCore()
  core.online()
  send(core, 'mine')
  const kinds = core.effects('transmit').flatMap(({ frames }) => frames.map(({ type }) => type))
  expect(kinds.indexOf('open')).toBeLessThan(kinds.indexOf('operation'))
  openWith(core, 0)
})
