/** Which watermarks are told, when again, and which of others count (R21–R23): beside `receipts.test.ts`. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../test/fakes/driven-core.js'
import { echo, live, openedFrame, pageFrame, requestOf, row, rows, said } from '../../test/fakes/wire-frames.js'
import type { InboxRow, Mark } from '../protocol/frames.js'
import { unreadOf } from './receipts.js'
import * as timing from './timing.js'

const marks = (core: DrivenCore, ...list: Mark[]) => core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: list })
const read = (core: DrivenCore) => core.dispatch({ kind: 'mark-read', conversation: 'c' })
const markUnread = (core: DrivenCore, seq: number) => core.dispatch({ kind: 'mark-unread', conversation: 'c', seq })
const told = (core: DrivenCore) =>
  core.sent('receipt').map((frame) => ({ read: frame.read, delivered: frame.delivered, marked: frame.marked?.at }))
const none = { read: undefined, delivered: undefined, marked: undefined }

/** Live at 5, with all of it read and delivered as far as the server knows. */
function settled(): DrivenCore {
  const core = live(drivenCore(), 5, 5, { marks: [{ user: 'me', delivered: 5, read: 5 }] })
  core.forget()
  return core
}

describe('L7 R21: told again where the server does not say that it has it', () => {
  it('delivered', () => {
    const core = settled()
    core.hear(said(6))
    core.wait(500)
    expect(told(core)).toEqual([{ ...none, delivered: 6 }])
    core.wait(timing.ackMs)
    expect(told(core)).toHaveLength(2)
    marks(core, { user: 'me', delivered: 6, read: 5 })
    core.wait(timing.ackMs * 2)
    expect(told(core)).toHaveLength(2)
  })

  it('read', () => {
    const core = settled()
    core.hear(said(6))
    core.wait(500)
    marks(core, { user: 'me', delivered: 6, read: 5 })
    core.forget()
    read(core)
    core.wait(timing.ackMs)
    expect(told(core)).toEqual([
      { ...none, read: 6 },
      { ...none, read: 6 },
    ])
  })

  it('marked unread', () => {
    const core = settled()
    markUnread(core, 3)
    expect(told(core)).toEqual([{ ...none, marked: 3 }])
    core.wait(timing.ackMs)
    expect(told(core)).toHaveLength(2)
    marks(core, { user: 'me', delivered: 5, read: 5, marked: { at: 3, rev: 1 } })
    core.wait(timing.ackMs * 2)
    expect(told(core)).toHaveLength(2)
  })
})

describe('R23: delivered', () => {
  it('is told of what nobody looks at, once it is stored', () => {
    const core = settled()
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    core.hold()
    core.hear(said(6))
    core.wait(1_000)
    read(core)
    expect(told(core)).toEqual([{ ...none, read: 6 }])
    core.release()
    expect(told(core).at(-1)).toEqual({ ...none, delivered: 6 })
  })

  it('is told where others may have written what is not held, and not where all is held and own', () => {
    const mine = (seq: number) => row(seq, { author: 'me', localId: `l${seq}` })
    const of = (count: number, mark: number) =>
      told(
        live(drivenCore(), 20, count, {
          rows: rows(21 - count, 20).map(({ seq }) => mine(seq)),
          marks: [{ user: 'me', delivered: mark, read: mark }],
        }),
      )
    expect([of(5, 3), of(5, 15), of(20, 3)]).toEqual([[{ ...none, delivered: 20 }], [], []])
  })

  it('of ours by another is told to the application: not by ourselves, nor below it', () => {
    const core = live(drivenCore(), 5)
    core.hear(echo(6, 'mine'))
    marks(core, { user: 'me', delivered: 6, read: 0 }, { user: 'ann', delivered: 5, read: 0 })
    expect(core.reports('delivered')).toEqual([])
    marks(core, { user: 'ann', delivered: 6, read: 0 })
    expect(core.reports('delivered')).toHaveLength(1)
  })
})

describe('R21: the own registers', () => {
  it('reading what is read already writes nothing', () => {
    const core = settled()
    read(core)
    expect([core.effects('commit'), told(core)]).toEqual([[], []])
  })

  it('reading in a run far back goes to its end', () => {
    const core = live(drivenCore(), 300, 50)
    core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq: 150 })
    core.hear(pageFrame(requestOf(core, 'history'), 125, 175, 300))
    read(core)
    expect(core.conversation().receipts.pending?.read).toBe(175)
  })

  it('reading in a run without messages reads nothing', () => {
    const core = live(drivenCore(), 300, 50)
    core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq: 150 })
    core.hear(pageFrame(requestOf(core, 'history'), 125, 175, 300, { rows: [] }))
    read(core)
    expect(core.conversation().receipts.pending).toBeNull()
  })

  it('where all that is held is own, nothing is marked unread', () => {
    const core = live(drivenCore(), 300, 1, { rows: [row(300, { author: 'me', localId: 'mine' })] })
    markUnread(core, 0)
    expect(core.conversation().receipts.pending).toBeNull()
  })

  it('a mark of somebody else is none of ours', () => {
    const core = settled()
    marks(core, { user: 'ann', delivered: 5, read: 5, marked: { at: 2, rev: 9 } })
    expect(unreadOf(core.conversation(), 'me').count).toBe(0)
  })

  it('a mark from before a reload, which may have arrived, is outdone', () => {
    const core = drivenCore()
    core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 0, marked: { at: 3, rev: 4 } } })
    live(core, 5)
    markUnread(core, 2)
    expect(core.conversation().receipts.pending?.marked).toEqual({ at: 2, rev: 5 })
  })

  it('with no link too', () => {
    const { disk } = live(drivenCore({ lane: 'before' }), 5)
    disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 0, marked: { at: 3, rev: 4 } } })
    const core = drivenCore({ disk })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    markUnread(core, 2)
    expect(core.conversation().receipts.pending?.marked).toEqual({ at: 2, rev: 5 })
  })

  it('what was read before the disk is has been heard is not undone by what it says', () => {
    const core = drivenCore()
    core.hold()
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.dispatch({ kind: 'disk-rows', ask: core.conversation().cache.rereading, rows: [] })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first' }))
    read(core)
    core.disk.put({ key: ['r', 'c'], version: '', value: { epoch: 'e1', read: 3 } })
    core.release()
    expect(core.conversation().receipts.pending?.read).toBe(5)
  })
})

describe('R22: a summary of what is held', () => {
  const summary = (more: Partial<InboxRow>): InboxRow => ({
    conversation: 'c',
    epoch: 'e1',
    head: 300,
    rev: 9,
    profile: {},
    unread: { count: 7, more: false },
    read: 100,
    people: [],
    ...more,
  })
  /** The count after this summary; 50 of 300 are held, the server counted 100 at read 100. */
  const counted = (more: Partial<InboxRow>) => {
    const core = live(drivenCore(), 300, 50, { unread: { count: 90, more: false }, marks: [{ user: 'me', delivered: 300, read: 100 }] })
    core.hear({ type: 'inbox', request: core.state().inbox.request, next: 'i', more: false, gone: [], rows: [summary(more)] })
    return unreadOf(core.conversation(), 'me').count
  }

  it('counts where it knows more or the same', () => {
    expect([counted({ read: 200 }), counted({ head: 301 }), counted({})]).toEqual([7, 7, 7])
  })

  it('does not where it knows less, or of less that was read', () => {
    expect([counted({ head: 299, read: 200 }), counted({ read: 50, head: 301 })]).toEqual([90, 90])
  })

  it('counts again with a mark that a restored backup had lost, and of which another tab told anew', () => {
    const mine: Mark = { user: 'me', delivered: 300, read: 240 }
    const marked = { at: 101, rev: 1 }
    const core = live(drivenCore(), 300, 50, { unread: { count: 100, more: true }, marks: [{ ...mine, marked }] })
    core.offline()
    core.online()
    core.hear({ type: 'inbox', request: core.state().inbox.request, next: 'i', more: false, gone: [], rows: [] })
    core.hear(openedFrame(requestOf(core, 'open'), 300, 300, { unread: { count: 60, more: false }, marks: [mine] }))
    expect(unreadOf(core.conversation(), 'me').count).toBe(60)
    marks(core, { ...mine, marked })
    const again = summary({ read: 240, unread: { count: 100, more: true } })
    core.hear({ type: 'inbox', prev: 'i', next: 'j', more: false, gone: [], rows: [again] })
    expect(unreadOf(core.conversation(), 'me')).toEqual({ count: 100, more: true })
  })
})
