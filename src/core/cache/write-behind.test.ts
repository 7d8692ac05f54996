/** When the cache is written: as fast as the disk takes it; and, where another instance stores what both hear, not at all (R11, R35). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore, welcomeFrame } from '../../../test/fakes/driven-core.js'
import { echo, edited, live, openedFrame, openWith, pageFrame, requestOf, rows, said, send } from '../../../test/fakes/wire-frames.js'
import type { Row } from '../../ports/storage.js'
import type { LinkFrame } from '../../ports/transport.js'
import { cursorPage, type CursorValue } from './cache-state.js'
import { foldPages } from './stored-rows.js'

/** Every message that the disk covers. */
function storedIn(core: DrivenCore, id = 'c') {
  const [cursor, ...pages] = core.stored(['m', id]).reverse() as [Row, ...Row[]]
  const { first, rows: newest } = cursor.value as CursorValue
  return [...foldPages(pages, first, (newest[0]?.index ?? 0) - 1), ...newest]
}
const headOf = (core: DrivenCore, id = 'c') => (core.disk.get(['m', id, cursorPage])?.value as CursorValue | undefined)?.head

describe('write-behind', () => {
  it('keeps all that was stored while messages come faster than the disk takes them', () => {
    const core = live(drivenCore(), 50)
    let seq = 50
    for (let flight = 0; flight < 5; flight++) {
      core.hold()
      // More than half a window behind one commit, whole pages at a time: the window is halved meanwhile.
      for (let burst = 0; burst < 12; burst++) core.hear(...Array.from({ length: 50 }, () => said(++seq)))
      core.release()
    }
    core.wait(1_000)
    expect(storedIn(core).map(({ index }) => index)).toEqual(Array.from({ length: seq }, (_, index) => index))
  })
})

it('L11: a disk that fails is tried once a second, however much waits', () => {
  const core = live(drivenCore(), 5)
  core.failCommits('failed')
  core.forget()
  core.hear(...Array.from({ length: 200 }, (_, i) => said(6 + i)))
  core.wait(10_000)
  expect(core.effects('commit').length).toBeGreaterThan(5)
  expect(core.effects('commit').length).toBeLessThanOrEqual(12)
  core.failCommits(null)
  core.wait(2_000)
  expect(storedIn(core)).toHaveLength(205)
})

it('L8: with no link too, a cache is written anew where nothing stands', () => {
  const core = live(drivenCore(), 5)
  core.hold()
  core.hear(said(6))
  core.wait(200)
  core.disk.remove(['m', 'c', cursorPage])
  core.offline()
  core.release()
  core.wait(400)
  expect([headOf(core), storedIn(core).length]).toEqual([6, 6])
})

it('R23: nothing is told as delivered, nor given up, for the answer to another commit', () => {
  const core = live(drivenCore(), 5)
  core.hold()
  core.hear(said(6))
  const written = core.state().disk.cacheFlight
  send(core, 'mine')
  core.forget()
  core.dispatch({ kind: 'committed', commit: written + 1 })
  core.wait(1_000)
  expect([core.sent('receipt'), core.state().disk.cacheFlight]).toEqual([[], written])
})

describe('L7: where a commit meets one that is on disk', () => {
  const told = { user: 'ann', delivered: 4, read: 2 }
  const toMe = { user: 'me', delivered: 0, read: 0, marked: { at: 3, rev: 2 } }

  /** Another instance has written `theirs`; then this one hears of two watermarks and a mark. Gives what stands there at last. */
  function met(theirs: Partial<CursorValue>, lane = 'other') {
    const core = live(drivenCore(), 5)
    core.wait(1_000)
    const cursor = core.disk.get(['m', 'c', cursorPage]) as Row
    core.disk.put({ ...cursor, version: `${lane}.landed`, value: { ...(cursor.value as CursorValue), ...theirs } })
    core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: [told, toMe] })
    core.wait(1_000)
    const { value, version } = core.disk.get(['m', 'c', cursorPage]) as Row
    const { marks, marked } = value as CursorValue
    return { by: version.split('.')[0], marks: new Set(marks), marked, core }
  }
  const known = { marks: [told], marked: { at: 3, rev: 2 } }

  it.each<[string, Partial<CursorValue>, lane?: string]>([
    ['its own, which landed and was said to have failed', {}, 'lane'],
    ['another’s, of before', {}],
    ['another’s, with a lower watermark', { ...known, marks: [{ ...told, read: 1 }] }],
    ['another’s, with an older mark', { ...known, marked: { at: 1, rev: 1 } }],
    ['another’s, from when there were no marks', { ...known, marked: undefined }],
  ])('%s: what it lacks is written', (_, theirs, lane) => {
    expect(met(theirs, lane)).toMatchObject({ by: 'lane', marks: new Set([told]), marked: { at: 3, rev: 2 } })
  })

  it.each<[string, Partial<CursorValue>]>([
    ['as much', known],
    ['more', { ...known, marks: [{ ...told, delivered: 5, read: 5 }] }],
  ])('another’s, which knows %s: it stays, and what it knows is not lost to what is written on', (_, theirs) => {
    const { by, core } = met(theirs)
    expect(by).toBe('other')
    core.hear(said(6))
    core.wait(1_000)
    expect(core.disk.get(['m', 'c', cursorPage])).toMatchObject({ value: { marks: theirs.marks, head: 6 } })
  })

  it('let go from memory and read again, nothing is lower', () => {
    const { core } = met({})
    const again = drivenCore({ disk: core.disk, lane: 'next' })
    again.dispatch({ kind: 'watch', conversation: 'c' })
    const { marks, marked } = again.conversation().receipts
    expect([marks.get('ann'), marked]).toEqual([
      { delivered: 4, read: 2 },
      { at: 3, rev: 2 },
    ])
  })
})

describe('where another instance stores what both hear', () => {
  const features = [...welcomeFrame.features, 'cached']
  const commits = (core: DrivenCore) => core.effects('commit').filter(({ writes }) => writes.some((write) => write.kind === 'put'))
  const looks = (core: DrivenCore) => core.effects('load').length

  /** One that stores, and one that does not; both hold `head` messages. */
  function pair(head: number): readonly [holder: DrivenCore, other: DrivenCore] {
    const holder = live(drivenCore({ lane: 'holder' }), head)
    const other = drivenCore({ disk: holder.disk, lane: 'other' })
    other.online({ features })
    other.dispatch({ kind: 'watch', conversation: 'c' })
    other.hear(openedFrame(requestOf(other, 'open'), head, head))
    other.wait(10_000)
    for (const core of [holder, other]) core.forget()
    return [holder, other]
  }
  const hearBoth = (cores: readonly DrivenCore[], ms: number, ...frames: readonly LinkFrame[]) => {
    for (const core of cores) core.hear(...frames)
    for (const core of cores) core.wait(ms)
  }

  it('writes nothing, and looks at most once in 2 s, however fast messages come', () => {
    const [holder, other] = pair(40)
    for (let seq = 41; seq <= 240; seq++) hearBoth([holder, other], 100, said(seq))
    expect([commits(other), other.reports('fenced')]).toEqual([[], []])
    expect(looks(other)).toBeGreaterThan(0)
    expect(looks(other)).toBeLessThanOrEqual(20_000 / 2_000)
    hearBoth([holder, other], 10_000)
    expect(storedIn(holder).map(({ seq }) => seq)).toEqual(rows(1, 240).map(({ seq }) => seq))
    expect(other.conversation().cache).toMatchObject({ dirty: false, head: 240 })
  })

  it('L11 L7: behind what is stored, with a watermark that is not, it looks twice and no more, and writes it once it has caught up', () => {
    const [holder, other] = pair(40)
    const told: LinkFrame = { type: 'marks', conversation: 'c', epoch: 'e1', marks: [{ user: 'ann', delivered: 40, read: 40 }] }
    for (let seq = 41; seq <= 240; seq++) holder.hear(said(seq))
    holder.wait(5_000)
    other.hear(...Array.from({ length: 170 }, (_, i) => said(41 + i)), told)
    other.wait(20_000)
    expect(looks(other)).toBeLessThanOrEqual(2)
    expect(commits(other)).toEqual([])
    other.hear(...Array.from({ length: 30 }, (_, i) => said(211 + i)))
    other.wait(10_000)
    expect(other.conversation().cache.dirty).toBe(false)
    expect(other.disk.get(['m', 'c', cursorPage])?.value).toHaveProperty('marks', [{ user: 'ann', delivered: 40, read: 40 }])
    expect(storedIn(holder)).toHaveLength(240)
  })

  it('its memory is bounded all the same', () => {
    const [holder, other] = pair(40)
    let seq = 40
    for (let burst = 0; burst < 60; burst++) hearBoth([holder, other], 50, ...Array.from({ length: 50 }, () => said(++seq)))
    expect(other.conversation().log.tail.rows.length).toBeLessThanOrEqual(400 + 2 * 50)
    hearBoth([holder, other], 5_000)
    expect(storedIn(holder).map(({ index }) => index)).toEqual(Array.from({ length: seq }, (_, index) => index))
  })

  it('R11: a settled row of its outbox leaves once message and cursor are on disk, and not before', () => {
    const [holder, other] = pair(5)
    send(other, 'mine')
    holder.hold()
    hearBoth([holder, other], 140, echo(6, 'mine'))
    other.wait(1_000)
    expect([headOf(other), other.stored(['o']).length]).toEqual([5, 1])
    holder.release()
    expect([headOf(other), other.stored(['o']).length]).toEqual([6, 1])
    other.wait(2_000)
    expect([other.stored(['o']), commits(other).flatMap(({ writes }) => writes.map((write) => write.kind))]).toEqual([[], ['put']])
  })

  it('R11: with messages that never cease it leaves with the message that is written here', () => {
    const [holder, other] = pair(5)
    send(other, 'mine')
    hearBoth([holder, other], 10, echo(6, 'mine'))
    for (let seq = 7; seq <= 60; seq++) {
      other.hear(said(seq))
      holder.hear(said(seq))
      other.wait(100)
      holder.wait(100)
    }
    expect(other.stored(['o'])).toEqual([])
  })

  it('R23: what the other has stored may be told as delivered', () => {
    const [holder, other] = pair(5)
    hearBoth([holder, other], 3_000, said(6))
    expect(other.sent('receipt')).toMatchObject([{ delivered: 6 }])
  })

  it('L8: what the other does not hold is stored here, cursor and rows together', () => {
    const [, other] = pair(5)
    other.dispatch({ kind: 'watch', conversation: 'x' })
    openWith(other, 60, 60, { conversation: 'x' })
    other.wait(5_000)
    expect([headOf(other, 'x'), storedIn(other, 'x').length]).toEqual([60, 60])
    other.hear(said(61, {}, { conversation: 'x' }))
    send(other, 'mine', { conversation: 'x' })
    other.hear(echo(62, 'mine'), { ...echo(62, 'mine'), conversation: 'x' })
    other.wait(5_000)
    expect([headOf(other, 'x'), other.stored(['o'])]).toEqual([62, []])
  })

  it('an older page that was fetched here is stored here', () => {
    const holder = live(drivenCore({ lane: 'holder' }), 200, 50)
    const other = drivenCore({ disk: holder.disk, lane: 'other' })
    other.dispatch({ kind: 'watch', conversation: 'c' })
    other.online({ features })
    other.hear(openedFrame(requestOf(other, 'open'), 200, 200))
    other.wait(5_000)
    other.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    other.hear(pageFrame(requestOf(other, 'history'), 100, 150, 200))
    other.wait(3_000)
    expect(storedIn(other).map(({ seq }) => seq)).toEqual(rows(101, 200).map(({ seq }) => seq))
    // The other one goes on from there.
    hearBoth([holder, other], 5_000, said(201), edited(202, 120))
    expect(storedIn(holder).map(({ seq, rev }) => (rev === 202 ? 'edited' : seq))).toEqual(
      rows(101, 201).map(({ seq }) => (seq === 120 ? 'edited' : seq)),
    )
  })

  it('who takes over stores what the one before had not', () => {
    const [holder, other] = pair(5)
    holder.hold()
    hearBoth([holder, other], 100, said(6), said(7))
    other.offline()
    other.online()
    other.hear(openedFrame(requestOf(other, 'open'), 7, 7))
    other.wait(3_000)
    expect(storedIn(other)).toHaveLength(7)
    other.hear(said(8))
    other.wait(200)
    expect(headOf(other)).toBe(8)
  })

  it('R8: a line that went back is written anew by each, and the one that stands is whole', () => {
    const [holder, other] = pair(20)
    for (const core of [holder, other]) {
      core.offline()
      core.online(core === other ? { features } : {})
    }
    for (const core of [holder, other]) {
      core.hear(openedFrame(requestOf(core, 'open'), 0, 10, { reset: 'ahead', tag: 'other' }))
      core.wait(1_000)
    }
    for (let seq = 11; seq <= 40; seq++) hearBoth([holder, other], 100, said(seq))
    hearBoth([holder, other], 10_000)
    expect(storedIn(holder).map(({ seq }) => seq)).toEqual(rows(1, 40).map(({ seq }) => seq))
    expect([holder, other].map((core) => core.conversation().cache.dirty)).toEqual([false, false])
  })

  it('R24: the list is the other one’s to store', () => {
    const inbox = { type: 'inbox', next: 'n', more: false, gone: [] } as const
    const item = (id: string) => ({
      conversation: id,
      epoch: 'e1',
      head: 1,
      rev: 1,
      profile: {},
      unread: { count: 0, more: false },
      read: 0,
      people: [],
    })
    const stores = (given: readonly string[]) => {
      const core = drivenCore()
      core.online({ features: given })
      core.hear({ ...inbox, request: requestOf(core, 'inbox'), rows: [item('x')] })
      core.wait(10_000)
      return core.stored(['i']).length
    }
    expect([stores(welcomeFrame.features), stores(features)]).toEqual([1, 0])
  })
  it('writes as many pages as there are rows for, whatever index a server says', () => {
    const core = live(drivenCore(), 60)
    core.wait(1_000)
    core.forget()
    core.hear(said(61, { index: 2 ** 52 }))
    core.wait(1_000)
    const writes = core.effects('commit').flatMap((effect) => effect.writes)
    const keys = writes.flatMap((write) => (write.kind === 'put' && write.row.key[0] === 'm' ? [write.row.key[2]] : []))
    expect(keys).toEqual([1, Number.MAX_SAFE_INTEGER])
  })
})
