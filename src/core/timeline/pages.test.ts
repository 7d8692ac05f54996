/** Which pages are believed, and where they come from (L4, R2, R6, R19): beside `history.test.ts`, which tells what they are for. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { live, openedFrame, openWith, pageFrame, requestOf, row, rows, said } from '../../../test/fakes/wire-frames.js'
import { orderedRows } from '../../storage/memory/ordered-rows.js'
import { cursorPage } from '../cache/cache-state.js'
import * as timing from '../timing.js'
import { shown } from './history.js'

const load = (core: DrivenCore, way: 'older' | 'newer', limit = 50) =>
  core.dispatch({ kind: 'load', conversation: 'c', call: 1, way, limit })
const jump = (core: DrivenCore, seq: number) => core.dispatch({ kind: 'jump', conversation: 'c', call: 1, seq })
const codes = (core: DrivenCore) => core.effects('answer').map(({ code }) => code ?? 'done')
const range = (core: DrivenCore) => {
  const { rows: held, from, to } = shown(core.conversation().log)
  return [from, held[0]?.seq, held.at(-1)?.seq, to]
}
const isWhole = (core: DrivenCore) =>
  shown(core.conversation().log).rows.every(({ index }, i, all) => i === 0 || index === all[i - 1]!.index + 1)
const page = (core: DrivenCore, from: number, to: number, more: Parameters<typeof pageFrame>[4] = {}) =>
  core.hear(pageFrame(requestOf(core, 'history'), from, to, core.conversation().log.head, more))

/** Live at 300 with 251–300 held, 126–175 shown. */
function away(): DrivenCore {
  const core = live(drivenCore(), 300, 50)
  jump(core, 150)
  page(core, 125, 175)
  core.forget()
  return core
}

/** A disk that has 1–`count`, whole pages of 50, and one who reads it offline. `shift`: so many places before the first message. */
function stored(count: number, shift = 0): DrivenCore {
  const disk = orderedRows()
  const writer = live(drivenCore({ disk, lane: 'writer' }), 50, 50, { rows: rows(1 + shift, 50).map((each) => shifted(each.seq, shift)) })
  for (let seq = 51; seq <= count; seq++) writer.hear(said(seq, { index: seq - 1 - shift }))
  writer.wait(1_000)
  const core = drivenCore({ disk })
  core.dispatch({ kind: 'watch', conversation: 'c' })
  return core
}

/** The same of 1–920, whose cursor says that it begins here. */
function beginningAt(first: number, from: number): DrivenCore {
  const { disk } = stored(920)
  const { value, ...cursor } = disk.get(['m', 'c', cursorPage])!
  disk.put({ ...cursor, value: { ...(value as object), first, from } })
  const core = drivenCore({ disk })
  core.dispatch({ kind: 'watch', conversation: 'c' })
  return core
}

const shifted = (seq: number, by: number) => row(seq, { index: seq - 1 - by })

function online(core: DrivenCore, head: number): void {
  core.online()
  core.hear(openedFrame(requestOf(core, 'open'), head, head))
  core.wait(1_000)
  core.forget()
}

describe('L4 R6: a page from the network', () => {
  const older = () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older')
    return core
  }
  const newer = () => {
    const core = away()
    load(core, 'newer')
    return core
  }
  const around = () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 150)
    return core
  }

  it.each<[string, () => DrivenCore, number, number, Parameters<typeof pageFrame>[4]]>([
    ['older, empty and not up to what is shown', older, 100, 200, { rows: [] }],
    ['older, backwards', older, 260, 255, { rows: [] }],
    ['older, with rows beyond its end', older, 200, 240, { rows: rows(201, 250) }],
    ['newer, beyond a hole', newer, 180, 230, {}],
    ['newer, no further than what is shown', newer, 125, 175, {}],
    ['around another place', around, 100, 149, {}],
  ])('is refused: %s', (_, waiting, from, to, more) => {
    const core = waiting()
    const before = range(core)
    page(core, from, to, more)
    expect([range(core), codes(core), core.sent('history').at(-1)?.atLeast]).toEqual([before, [], 300])
  })

  it('may overlap what is shown, and may be empty where nothing is missing', () => {
    const over = older()
    page(over, 200, 260)
    expect([range(over), codes(over)]).toEqual([[200, 201, 300, 300], ['done']])
    const empty = older()
    page(empty, 250, 250)
    expect([range(empty), codes(empty)]).toEqual([[250, 251, 300, 300], ['done']])
  })

  it('shows nothing from above the head', () => {
    const core = newer()
    page(core, 175, 302, { rows: [...rows(176, 300), row(301), row(302)], asOf: 302 })
    expect([range(core), codes(core)]).toEqual([[125, 126, 300, 300], ['done']])
  })

  it('of another request is not taken for it', () => {
    const core = older()
    core.hear(pageFrame(requestOf(core, 'history') - 1, 200, 250, 300))
    expect([range(core)[0], codes(core)]).toEqual([250, []])
  })

  it('that meets the newest run becomes one with it', () => {
    const core = newer()
    page(core, 175, 250)
    expect(core.conversation().log.view).toBeNull()
    expect([range(core), isWhole(core)]).toEqual([[125, 126, 300, 300], true])
  })

  it('is asked for with the place it continues and as many rows as were wanted', () => {
    expect(newer().sent('history')).toMatchObject([{ anchor: { after: 175 }, limit: 50 }])
  })

  it('around a place stands alone, whatever was shown', () => {
    const core = away()
    jump(core, 50)
    page(core, 25, 75)
    expect(range(core)).toEqual([25, 26, 75, 75])
  })

  it('is waited for until its time is over, however often the conversation wakes', () => {
    const core = older()
    core.dispatch({ kind: 'set-typing', conversation: 'c', on: true })
    core.wait(timing.typingEndsMs)
    expect(core.sent('typing').map(({ on }) => on)).toEqual([true, false])
    page(core, 200, 250)
    expect(codes(core)).toEqual(['done'])
  })

  it('before the first message of a log without rows is asked for from its end', () => {
    const core = live(drivenCore(), 300, 0)
    core.forget()
    load(core, 'older')
    expect(core.sent('history')).toMatchObject([{ anchor: { before: 301 }, limit: 50, atLeast: undefined }])
  })

  it('a shown run of 400 rows is the newest one still', () => {
    const core = live(drivenCore(), 1_000, 100)
    for (let to = 900; to >= 700; to -= 100) {
      load(core, 'older', 100)
      page(core, to - 100, to)
    }
    expect(core.conversation().log.view).toBeNull()
    expect(range(core)).toEqual([600, 601, 1_000, 1_000])
  })
})

describe('R19: a jump', () => {
  it('to what is shown moves nothing', () => {
    const core = away()
    jump(core, 130)
    expect([range(core), codes(core), core.sent('history')]).toEqual([[125, 126, 175, 175], ['done'], []])
  })

  it('to what no window holds asks the network, not the disk', () => {
    const core = stored(920)
    online(core, 920)
    jump(core, 150)
    expect(core.effects('load')).toEqual([])
    expect(core.sent('history')).toMatchObject([{ anchor: { around: 150 }, limit: 50, atLeast: undefined }])
  })
})

describe('L4 L8: pages from disk', () => {
  const toTheBeginning = (core: DrivenCore) => {
    for (let i = 0; i < 30 && range(core)[1] !== 1; i++) load(core, 'older')
  }

  it('lead back to the beginning and forward to the newest, whole, with no network', () => {
    const core = stored(920)
    toTheBeginning(core)
    expect([range(core)[1], isWhole(core)]).toEqual([1, true])
    for (let i = 0; i < 30 && core.conversation().log.view; i++) {
      load(core, 'newer')
      expect(isWhole(core)).toBe(true)
    }
    expect(range(core).slice(2)).toEqual([920, 920])
    expect([...new Set(codes(core)), core.conversation().log.view]).toEqual(['done', null])
  })

  it('go on from the middle of a stored page, both ways', () => {
    const core = stored(920)
    online(core, 920)
    jump(core, 150)
    page(core, 125, 175)
    core.forget()
    load(core, 'older')
    load(core, 'newer')
    expect([range(core), isWhole(core), core.sent('history')]).toEqual([[50, 51, 250, 250], true, []])
  })

  it('end where the log begins, though its first places have no message', () => {
    const core = stored(300, 2)
    for (let i = 0; i < 10 && range(core)[1] !== 3; i++) load(core, 'older')
    expect(range(core).slice(0, 2)).toEqual([0, 3])
    load(core, 'older')
    expect(codes(core).at(-1)).toBe('done')
  })

  it('where it is not known how the first of them begins, there may be older ones', () => {
    const core = beginningAt(50, -1)
    for (let i = 0; i < 30 && range(core)[1] !== 51; i++) load(core, 'older')
    expect(range(core).slice(0, 2)).toEqual([50, 51])
    load(core, 'older')
    expect(codes(core).at(-1)).toBe('offline')
  })

  it('with a page missing next to what is shown are not believed', () => {
    const core = stored(920)
    const before = range(core)
    core.disk.remove(['m', 'c', Math.floor((before[1]! - 2) / 50)])
    load(core, 'older', 100)
    expect([range(core), codes(core)]).toEqual([before, ['offline']])
  })

  it('with a page missing forward are not believed either', () => {
    const core = stored(920)
    toTheBeginning(core)
    const before = range(core)
    core.disk.remove(['m', 'c', Math.floor(before[2]! / 50)])
    load(core, 'newer', 100)
    expect([range(core), codes(core).at(-1)]).toEqual([before, 'offline'])
  })

  it('forward do not lead above the head held, where another tab has stored more', () => {
    const { disk } = stored(920)
    // So many patches that the first read brings no page but the newest.
    for (let index = 850; index < 858; index++) disk.put({ key: ['m', 'c', 17, index], version: '', value: row(index + 1) })
    const core = drivenCore({ disk })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    online(core, 920)
    jump(core, 820)
    page(core, 800, 840)
    const writer = drivenCore({ disk: core.disk, lane: 'other' })
    writer.dispatch({ kind: 'watch', conversation: 'c' })
    writer.online()
    writer.hear(openedFrame(requestOf(writer, 'open'), 920, 920))
    for (let seq = 921; seq <= 970; seq++) writer.hear(said(seq))
    writer.wait(1_000)
    load(core, 'newer', 100)
    expect([range(core).slice(2), isWhole(core), codes(core).at(-1)]).toEqual([[920, 920], true, 'done'])
  })

  it('are not read before there are any, nor below those that there are', () => {
    const nothing = drivenCore()
    nothing.hold()
    nothing.online()
    nothing.dispatch({ kind: 'watch', conversation: 'c' })
    nothing.dispatch({ kind: 'disk-rows', ask: nothing.conversation().cache.rereading, rows: [] })
    openWith(nothing, 300, 50)
    for (const core of [nothing, away()]) {
      core.forget()
      load(core, 'older')
      expect([core.effects('load'), core.sent('history').map(({ atLeast }) => atLeast)]).toEqual([[], [undefined]])
    }
    page(nothing, 200, 250)
    expect(range(nothing)).toEqual([200, 201, 300, 300])
  })

  it('do not count where the cache began anew while they were read', () => {
    const core = stored(920)
    online(core, 920)
    core.hold()
    core.hear(said(921))
    core.wait(1_000)
    load(core, 'older')
    core.offline()
    const value = { ...(core.disk.get(['m', 'c', cursorPage])?.value as object), epoch: 'e2' }
    const theirs = { key: ['m', 'c', cursorPage], version: 'theirs', value }
    core.dispatch({ kind: 'commit-failed', commit: core.state().disk.cacheFlight, code: 'conflict', key: theirs.key })
    core.dispatch({ kind: 'disk-rows', ask: core.conversation().cache.rereading, rows: [theirs] })
    expect(core.conversation().cache.cover).toBeNull()
    core.release()
    expect(codes(core)).toEqual(['offline'])
  })
})

describe('L8 R35: fetched pages on disk', () => {
  const pageRows = (core: DrivenCore, n: number) =>
    (core.disk.get(['m', 'c', n])?.value as { index: number }[] | undefined)?.map(({ index }) => index)
  const indexes = (from: number) => Array.from({ length: 50 }, (_, i) => from + i)

  it('are all kept, each with its own rows, and the cursor knows how far they go', () => {
    const core = live(drivenCore(), 300, 50)
    core.hold()
    // With a commit under way they wait together.
    core.hear(said(301))
    for (const to of [250, 200]) {
      load(core, 'older')
      page(core, to - 50, to)
    }
    core.release()
    core.wait(1_000)
    expect([pageRows(core, 3), pageRows(core, 4)]).toEqual([indexes(150), indexes(200)])
    expect(core.disk.get(['m', 'c', cursorPage])?.value).toMatchObject({ first: 150, from: 150 })
  })

  it('do not take the place of one of which only a part is shown', () => {
    const core = beginningAt(170, 170)
    online(core, 920)
    jump(core, 150)
    page(core, 125, 175)
    load(core, 'older')
    page(core, 75, 175)
    core.hear(said(921))
    core.wait(1_000)
    expect([pageRows(core, 3), core.disk.get(['m', 'c', cursorPage])?.value]).toMatchObject([indexes(150), { head: 921, first: 170 }])
  })

  it('are not kept where they do not continue what it has', () => {
    const core = away()
    load(core, 'older')
    page(core, 75, 125)
    core.wait(1_000)
    expect([pageRows(core, 2), core.disk.get(['m', 'c', cursorPage])?.value]).toMatchObject([undefined, { first: 250 }])
  })
})

it('L11: changes to what is not held are bounded while the disk takes nothing', () => {
  const core = live(drivenCore(), 300, 50)
  core.failCommits('failed')
  for (let i = 1; i <= 1_001; i++) {
    core.hear(said(300 + i, { seq: 1 + (i % 200), index: i % 200, rev: 300 + i }))
    expect(core.conversation().cache.patches.length).toBeLessThanOrEqual(1_000)
  }
})
