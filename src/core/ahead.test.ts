/** R18: what is shown ahead of the log, how the log settles it, and how it is withdrawn. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../test/fakes/driven-core.js'
import {
  changeFrame,
  edited,
  live,
  openedFrame,
  openWith,
  pageFrame,
  requestOf,
  row,
  rows,
  said,
  send,
} from '../../test/fakes/wire-frames.js'
import type { CombinatorFrame } from '../ports/transport.js'
import * as bounds from './bounds.js'

type Shown = Extract<CombinatorFrame, { type: 'provisional' }>

const shown = (localId: string, more: Partial<Shown> = {}): Shown => ({
  type: 'provisional',
  conversation: 'c',
  author: 'ann',
  localId,
  content: { text: localId },
  at: 5,
  ...more,
})
const gone = (localId: string): CombinatorFrame => ({ type: 'withdrawn', conversation: 'c', author: 'ann', localId })
/** The log says at `seq` what was shown as `localId`. */
const final = (seq: number, localId: string, text = localId) => said(seq, { localId, content: { text } })
const ids = (core: DrivenCore, id = 'c') => core.conversation(id).ahead.map(({ localId }) => localId)
const told = (core: DrivenCore) => [
  core.reports('corrected').map(({ was }) => was.localId),
  core.reports('withdrawn').map(({ was }) => was.localId),
]
const places = (core: DrivenCore) => core.conversation().log.tail.rows.map(({ seq }) => seq)
const stands = (seq: number, localId: string) => row(seq, { localId, content: { text: localId } })
const five = () => live(drivenCore(), 5)

describe('R18: a message shown ahead', () => {
  it('stands in the order of arrival; a newer state of it keeps its place', () => {
    const core = five()
    core.hear(shown('a'), shown('b'))
    core.wait(10)
    core.hear(shown('a', { content: 'new' }))
    expect(core.conversation().ahead).toMatchObject([{ localId: 'a', content: 'new', at: 5 }, { localId: 'b' }])
    expect(told(core)).toEqual([[], []])
  })

  it('is not withdrawn by a frame of an unknown type, of which nothing is read', () => {
    const core = five()
    core.hear(shown('a'), { ...gone('a'), type: 'unknown', raw: null, people: 5 } as unknown as CombinatorFrame)
    expect(ids(core)).toEqual(['a'])
    expect(told(core)).toEqual([[], []])
  })

  it('is another one under the same local id of another author', () => {
    const core = five()
    core.hear(shown('a'), shown('a', { author: 'ben' }), final(6, 'a'))
    expect(core.conversation().ahead).toMatchObject([{ author: 'ben' }])
  })

  it('is not shown where the log holds it, an entry of this user shows it, or there is no such conversation here', () => {
    const core = live(drivenCore(), 400, 50)
    core.hear(final(401, 'held'))
    core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq: 100 })
    const far = rows(76, 125).map((each) => (each.seq === 100 ? row(100, { localId: 'far' }) : each))
    core.hear(pageFrame(requestOf(core, 'history'), 75, 125, 401, { rows: far }))
    send(core, 'mine')
    core.hear(shown('held'), shown('far'), shown('mine', { author: 'me' }), shown('a', { conversation: 'other' }))
    expect(ids(core)).toEqual([])
  })

  it('is shown ahead no more once an answer has named it, also one that is late, and a later one goes past it', () => {
    const core = five()
    core.offline()
    core.hear(shown('a'), shown('b'), shown('c'))
    core.online()
    const late = requestOf(core, 'open')
    core.wait(15_000)
    core.hear(openedFrame(late, 5, 8, { rows: [stands(7, 'b'), stands(8, 'a')] }))
    expect([ids(core), core.conversation().log.head, told(core)]).toEqual([['c'], 5, [['a'], []]])
    core.wait(2_000)
    core.hear(openedFrame(requestOf(core, 'open'), 400, 500, { reset: 'tag' }))
    expect([ids(core), places(core)[0]]).toEqual([['c'], 401])
  })

  it('nor once an answer has that does not fit, whose rows go by what was touched last', () => {
    const core = five()
    core.hear(shown('a'), shown('b'))
    core.offline()
    core.online()
    const again = row(6, { ...stands(6, 'a'), rev: 8 })
    core.hear(openedFrame(requestOf(core, 'open'), 6, 8, { epoch: 'e2', rows: [stands(7, 'b'), again] }))
    expect([ids(core), core.conversation().log.head, told(core)]).toEqual([[], 5, [[], []]])
  })

  it('nor once the log goes past a change that came before its answer, and not past one of another epoch or behind it', () => {
    const core = five()
    core.offline()
    core.hear(shown('a'), shown('b'), shown('c'), shown('d'), shown('e'))
    core.online()
    core.hear(final(500, 'b'), final(6, 'a', 'new'), { ...final(8, 'c'), epoch: 'e2' }, final(502, 'd'))
    core.hear(changeFrame(9, { kind: 'unknown', raw: null }), said(501), said(503))
    expect(ids(core)).toEqual(['a', 'b', 'c', 'd', 'e'])
    core.hear(openedFrame(requestOf(core, 'open'), 400, 500, { reset: 'too-old' }))
    expect([ids(core), core.conversation().log.head, places(core)[0], told(core)]).toEqual([['c', 'e'], 503, 401, [['a'], []]])
  })

  it('which is told as corrected where the answer begins behind what stood after it', () => {
    const core = five()
    core.offline()
    core.hear(shown('b'), shown('a'))
    core.online()
    core.hear(final(6, 'a'))
    core.hear(openedFrame(requestOf(core, 'open'), 400, 500, { reset: 'too-old', rows: [stands(401, 'b'), ...rows(402, 500)] }))
    expect([ids(core), told(core)]).toEqual([[], [['b'], []]])
  })

  it('but stays where a change that is not as it should be names it', () => {
    const core = five()
    core.hear(shown('a'), said(6, { localId: 'a', seq: 9, rev: 9 }), said(7, { localId: 'a', rev: 9 }))
    expect([ids(core), core.conversation().log.head]).toEqual([['a'], 7])
  })

  it('but stays where a page names it that goes further than the log', () => {
    const core = live(drivenCore(), 400, 50)
    core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq: 100 })
    core.hear(pageFrame(requestOf(core, 'history'), 75, 125, 400))
    core.hear(shown('a'))
    core.dispatch({ kind: 'load', conversation: 'c', call: 2, way: 'newer', limit: 50 })
    core.hear(pageFrame(requestOf(core, 'history'), 125, 175, 401, { rows: [...rows(126, 174), stands(401, 'a')] }))
    expect([ids(core), told(core)]).toEqual([['a'], [[], []]])
  })

  it('is not called corrected where an answer with a hole named what stood behind it, and not itself', () => {
    const core = five()
    core.hear(shown('a'), shown('b'), shown('c'))
    core.offline()
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 4, 8, { reset: 'epoch', epoch: 'e2', rows: [row(5), stands(7, 'b')] }))
    expect([ids(core), core.conversation().log.head]).toEqual([['a', 'c'], 5])
    core.wait(2_000)
    core.hear(openedFrame(requestOf(core, 'open'), 4, 8, { reset: 'epoch', epoch: 'e2', rows: [row(5), stands(6, 'a'), stands(7, 'b')] }))
    expect([ids(core), core.conversation().log.head, told(core)]).toEqual([['c'], 8, [[], []]])
  })

  it('is called corrected where the first that was named of two behind it stands before it in the log', () => {
    const core = five()
    core.hear(shown('a'), shown('b'), shown('c'))
    core.offline()
    core.online()
    for (const hole of [stands(6, 'c'), stands(8, 'b')]) core.hear(openedFrame(requestOf(core, 'open') + 9, 5, 8, { rows: [hole] }))
    core.hear(openedFrame(requestOf(core, 'open'), 5, 8, { rows: [stands(6, 'c'), stands(7, 'a'), stands(8, 'b')] }))
    expect([ids(core), told(core)]).toEqual([[], [['b', 'a'], []]])
  })

  it('may come by the last link after its end, as nothing else may, and by no older one', () => {
    const core = five()
    core.offline()
    core.hear(shown('a'), said(6), { type: 'typing', conversation: 'c', user: 'ann', on: true })
    expect([ids(core), core.conversation().log.head, core.conversation().ephemeral.typing.size]).toEqual([['a'], 5, 0])
    core.hear(gone('a'), shown('b'))
    expect(ids(core)).toEqual(['b'])
    core.online()
    core.dispatch({ kind: 'link-frames', link: 1, frames: [shown('old')] })
    expect(ids(core)).toEqual(['b'])
    core.dispatch({ kind: 'close' })
    core.dispatch({ kind: 'link-frames', link: 2, frames: [gone('b')] })
    expect(ids(core)).toEqual(['b'])
  })

  it('of this user from another tab is shown until that tab’s entry is adopted here', () => {
    const other = drivenCore({ lane: 'other' })
    other.online()
    send(other, 'a')
    const core = live(drivenCore({ disk: other.disk, claim: null }), 5)
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    core.hear(shown('a', { author: 'me' }), shown('b', { author: 'me' }), shown('a'))
    expect(ids(core)).toEqual(['a', 'b', 'a'])
    core.dispatch({ kind: 'lanes-claimed', lanes: ['other'] })
    expect(core.entry('a')).toBeDefined()
    expect(core.conversation().ahead).toMatchObject([{ localId: 'b' }, { localId: 'a', author: 'ann' }])
  })

  it('ends its author’s typing', () => {
    const core = five()
    for (const user of ['ann', 'ben']) core.hear({ type: 'typing', conversation: 'c', user, on: true })
    core.hear(shown('a'))
    expect([...core.conversation().ephemeral.typing.keys()]).toEqual(['ben'])
  })

  it('L11: beyond 256 the oldest is withdrawn', () => {
    const core = five()
    core.hear(...Array.from({ length: bounds.ahead + 2 }, (_, i) => shown(`a${i}`)))
    expect([ids(core).length, ids(core)[0], told(core)]).toEqual([bounds.ahead, 'a2', [[], ['a0', 'a1']]])
  })

  it('L8: is in no row on disk', () => {
    const core = five()
    core.hear(shown('a'))
    core.wait(10_000)
    expect(JSON.stringify(core.stored([]))).not.toContain('"a"')
  })
})

describe('R18: the log settles it', () => {
  it('live, wherever it lands', () => {
    const core = five()
    core.hear(shown('a'), shown('b'), shown('c'))
    core.hear(final(6, 'a'), said(7), final(8, 'b'))
    expect([ids(core), told(core)]).toEqual([['c'], [[], []]])
  })

  it('by a catch-up, a reset, a page of history, and the disk', () => {
    const landed = (seq: number) => row(seq, { localId: 'a', content: { text: 'a' } })
    const caught = five()
    caught.hear(shown('a'), said(8))
    caught.hear(openedFrame(requestOf(caught, 'open'), 5, 8, { rows: [row(6), landed(7), row(8)] }))
    const reset = five()
    reset.hear(shown('a'), said(8))
    reset.hear(openedFrame(requestOf(reset, 'open'), 6, 8, { reset: 'too-old', rows: [landed(7), row(8)] }))
    const paged = live(drivenCore(), 300, 50)
    paged.hear(shown('a'))
    paged.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    paged.hear(pageFrame(requestOf(paged, 'history'), 200, 250, 300, { rows: [...rows(201, 249), landed(250)] }))
    const before = five()
    before.hear(final(6, 'a'))
    before.wait(1_000)
    const read = drivenCore({ disk: before.disk })
    read.online()
    read.hold()
    read.dispatch({ kind: 'watch', conversation: 'c' })
    read.hear(shown('a'))
    expect(ids(read)).toEqual(['a'])
    read.release()
    for (const core of [caught, reset, paged, read]) expect([ids(core), told(core)]).toEqual([[], [[], []]])
  })

  it('not while it waits beyond a hole', () => {
    const core = five()
    core.hear(shown('a'), final(8, 'a'))
    expect(ids(core)).toEqual(['a'])
    core.hear(openedFrame(requestOf(core, 'open'), 5, 7))
    expect(ids(core)).toEqual([])
  })

  it('that it says something else is told once; the same with other keys first is the same', () => {
    const core = five()
    const content = { x: [{ a: 1, b: 2 }], y: null }
    core.hear(shown('a'), shown('b', { content }), shown('c'))
    core.hear(final(6, 'a', 'other'))
    core.hear(said(7, { localId: 'b', content: { y: null, x: [{ b: 2, a: 1 }] } }), final(8, 'c'))
    core.hear(edited(9, 6, { localId: 'a' }))
    expect(core.reports('corrected')).toMatchObject([
      { conversation: 'c', row: { seq: 6, content: { text: 'other' } }, was: { localId: 'a', content: { text: 'a' } } },
    ])
  })

  it('that it is deleted already is told', () => {
    const core = five()
    core.hear(shown('a'), said(6, { localId: 'a', content: undefined, deleted: true }))
    expect(told(core)).toEqual([['a'], []])
  })

  it.each([
    ['a b c', 'b a c', ['a']],
    ['a b c', 'c a b', ['a', 'b']],
    ['a b c', 'b c a', ['a']],
    ['a b c', 'a c', []],
    ['a b c', 'c b', ['b']],
  ])('shown as %s, in the log as %s: %j stand elsewhere', (arrival, log, moved) => {
    for (const together of [true, false]) {
      const core = five()
      core.hear(...arrival.split(' ').map((localId) => shown(localId)))
      const frames = log.split(' ').map((localId, i) => final(6 + i, localId))
      if (together) core.hear(...frames)
      else for (const frame of frames) core.hear(frame)
      expect(told(core)).toEqual([moved, []])
    }
  })
})

describe('R18: it is withdrawn', () => {
  it('when the transport says so, once', () => {
    const core = five()
    core.hear(shown('a'), shown('b'), gone('a'), gone('a'), gone('c'))
    expect([ids(core), told(core)]).toEqual([['b'], [[], ['a']]])
    core.hear(final(6, 'a'))
    expect(told(core)).toEqual([[], ['a']])
  })

  it('when a new link does not say it again in 10 s; while there is no link it stays', () => {
    const core = five()
    core.hear(shown('a'), shown('b'))
    core.wait(60_000)
    core.offline()
    core.wait(400)
    expect(ids(core)).toEqual(['a', 'b'])
    // With no receipts to tell again, nothing else wakes it.
    core.online({ features: [] })
    openWith(core, 5)
    core.hear(shown('b'))
    core.wait(9_999)
    expect(ids(core)).toEqual(['a', 'b'])
    core.wait(1)
    expect([ids(core), told(core)]).toEqual([['b'], [[], ['a']]])
    core.wait(60_000)
    expect(ids(core)).toEqual(['b'])
  })

  it('not while the log is not caught up by that link: what brought it may have heard of its change', () => {
    const core = five()
    core.hear(shown('a'), shown('b'))
    core.offline()
    core.wait(400)
    core.online()
    core.wait(12_000)
    expect([ids(core), told(core)]).toEqual([
      ['a', 'b'],
      [[], []],
    ])
    core.hear(openedFrame(requestOf(core, 'open'), 5, 6, { rows: [row(6, { localId: 'a', content: { text: 'a' } })] }))
    core.wait(0)
    expect([ids(core), told(core)]).toEqual([[], [[], ['b']]])
  })

  it('when this user is no member any more; nothing is shown after', () => {
    const core = five()
    core.hear(shown('a'), { type: 'left', conversation: 'c', seq: 6, why: 'removed' }, shown('b'))
    expect([ids(core), told(core)]).toEqual([[], [[], ['a']]])
  })

  it('when this user is no member any more, though its change has come: beyond a hole that nothing fills now', () => {
    const core = five()
    core.hear(shown('a'), said(7, { localId: 'a' }))
    expect([ids(core), told(core)]).toEqual([['a'], [[], []]])
    core.hear({ type: 'left', conversation: 'c', seq: 8, why: 'removed' })
    expect([ids(core), told(core)]).toEqual([[], [[], ['a']]])
  })
})

describe('the way', () => {
  it('is named by the link, before the welcome and after, and forgotten with it', () => {
    const core = drivenCore()
    const via = () => (core.state().session as { via?: string }).via
    core.dispatch({ kind: 'connect' })
    core.hear({ type: 'via', via: 'one' })
    expect([via(), core.reports('via')]).toEqual(['one', []])
    core.online()
    core.hear({ type: 'via', via: 'two' })
    expect(via()).toBe('two')
    expect(core.reports('via').map((report) => report.via)).toEqual(['one', 'two'])
    core.offline()
    core.wait(1_000)
    expect(via()).toBe('')
  })
})
