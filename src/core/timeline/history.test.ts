/** Windows, pages, jumps and memory caps (R2, R6, R19, R33): from memory, else from disk, else from the network. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { edited, live, openedFrame, openWith, pageFrame, requestOf, row, rows, said } from '../../../test/fakes/wire-frames.js'
import type { MessageRow } from '../../protocol/frames.js'
import { orderedRows } from '../../storage/memory/ordered-rows.js'
import { cursorPage } from '../cache/cache-state.js'
import { shown } from './history.js'

const load = (core: DrivenCore, way: 'older' | 'newer', call = 1, limit = 50) =>
  core.dispatch({ kind: 'load', conversation: 'c', call, way, limit })
const jump = (core: DrivenCore, seq: number, call = 1) => core.dispatch({ kind: 'jump', conversation: 'c', call, seq })
const answers = (core: DrivenCore) => core.effects('answer').map(({ call, code }) => [call, code ?? 'done'])
const range = (core: DrivenCore) => {
  const { rows: held, from, to } = shown(core.conversation().log)
  return { first: held[0]?.seq, last: held.at(-1)?.seq, from, to }
}
const isWhole = (held: readonly MessageRow[]) => held.every(({ index }, i) => i === 0 || index === (held[i - 1] as MessageRow).index + 1)

/** Answers the last `history` with (from, to] of a log whose head is known to the core. */
const answerPage = (core: DrivenCore, from: number, to: number, more: Parameters<typeof pageFrame>[4] = {}) =>
  core.hear(pageFrame(requestOf(core, 'history'), from, to, core.conversation().log.head, more))

/** A log of `count` messages written to disk by one instance and read by the next, not yet online. */
function restored(count: number): DrivenCore {
  const disk = orderedRows()
  const writer = live(drivenCore({ disk, lane: 'writer' }), Math.min(count, 50))
  for (let seq = 51; seq <= count; seq++) writer.hear(said(seq))
  writer.wait(1_000)
  const core = drivenCore({ disk })
  core.dispatch({ kind: 'watch', conversation: 'c' })
  return core
}

describe('L4 R6: a page of older messages', () => {
  it('comes from the network and joins the run', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older')
    expect(core.sent('history').at(-1)).toMatchObject({ anchor: { before: 251 }, limit: 50, epoch: 'e1' })
    answerPage(core, 200, 250)
    expect(range(core)).toEqual({ first: 201, last: 300, from: 200, to: 300 })
    expect(answers(core)).toEqual([[1, 'done']])
  })

  it('ends at a page boundary of the cache', () => {
    const core = live(drivenCore(), 270, 50)
    load(core, 'older')
    expect(core.sent('history').at(-1)).toMatchObject({ limit: 70 })
  })

  it('is asked for once, however many calls wait for it', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older', 1)
    load(core, 'older', 2)
    expect(core.sent('history')).toHaveLength(1)
    answerPage(core, 200, 250)
    expect(answers(core)).toEqual([
      [1, 'done'],
      [2, 'done'],
    ])
  })

  it('R19: is ended by a jump elsewhere', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older', 1)
    jump(core, 150, 2)
    expect(answers(core)).toEqual([[1, 'done']])
    answerPage(core, 125, 175)
    expect(answers(core)).toEqual([
      [1, 'done'],
      [2, 'done'],
    ])
    expect(shown(core.conversation().log)).toMatchObject({ from: 125, to: 175 })
  })

  it('is refused with a hole, before the head held, of another epoch, or out of place: asked again with `atLeast`, then given up', () => {
    const bad: Parameters<typeof answerPage>[3][] = [
      { rows: [...rows(201, 220), ...rows(222, 250)] },
      { asOf: 299 },
      { epoch: 'e2' },
      { rows: rows(100, 149), from: 99, to: 149 },
    ]
    const core = live(drivenCore(), 300, 50)
    load(core, 'older')
    for (const more of bad) answerPage(core, 200, 250, more)
    expect(core.sent('history').map(({ atLeast }) => atLeast)).toEqual([undefined, 300, 300, 300])
    expect(answers(core)).toEqual([[1, 'rejected']])
    expect(range(core)).toMatchObject({ first: 251, last: 300 })
  })

  it('with nothing older answers at once', () => {
    const core = live(drivenCore(), 300, 50, { floor: 250 })
    load(core, 'older')
    expect(answers(core)).toEqual([[1, 'done']])
    expect(core.sent('history')).toEqual([])
  })

  it('R7: a hidden range inside is no hole', () => {
    // A whole stored page is in it.
    const hidden = [{ from: 151, to: 229, messages: 79 }]
    const core = live(drivenCore(), 300, 50, { hidden })
    load(core, 'older')
    answerPage(core, 100, 250, { rows: [...rows(101, 150), ...rows(230, 250)] })
    expect(answers(core)).toEqual([[1, 'done']])
    expect(range(core)).toMatchObject({ first: 101, last: 300 })
  })

  it('R6: changes to its messages that come meanwhile win by `rev`', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older')
    const request = requestOf(core, 'history')
    core.hear(edited(301, 210))
    core.hear(pageFrame(request, 200, 250, 301))
    expect(shown(core.conversation().log).rows[9]).toMatchObject({ seq: 210, rev: 301, content: { edited: 301 } })
  })

  it('R6: more changes than can be kept: the page is asked for again', () => {
    const core = live(drivenCore(), 500, 50)
    load(core, 'older')
    const request = requestOf(core, 'history')
    for (let i = 1; i <= 257; i++) core.hear(edited(500 + i, 100 + i))
    expect(core.conversation().log.load?.kept?.length ?? 0).toBeLessThanOrEqual(256)
    core.hear(pageFrame(request, 400, 450, 757))
    expect(core.sent('history')).toHaveLength(2)
    answerPage(core, 400, 450)
    expect(answers(core)).toEqual([[1, 'done']])
  })

  describe('R6: that knows of a change above the head', () => {
    const ahead = { asOf: 303, rows: rows(201, 250).map((each) => (each.seq === 210 ? row(210, { rev: 303, content: 'later' }) : each)) }
    const waiting = () => {
      const core = live(drivenCore(), 300, 50)
      load(core, 'older')
      answerPage(core, 200, 250, ahead)
      return core
    }

    it('waits unshown while the log catches up, and is placed when it has come there, whatever came meanwhile', () => {
      const core = waiting()
      expect(range(core)).toMatchObject({ first: 251 })
      expect(answers(core)).toEqual([])
      expect(core.sent('open')).toHaveLength(2)
      core.hear(said(301), said(302))
      expect(range(core)).toMatchObject({ first: 251 })
      core.hear(edited(303, 210), edited(304, 211), edited(305, 300))
      expect(range(core)).toEqual({ first: 201, last: 302, from: 200, to: 305 })
      expect(shown(core.conversation().log).rows.slice(9, 11)).toMatchObject([{ rev: 303 }, { rev: 304 }])
      expect(answers(core)).toEqual([[1, 'done']])
      expect(core.sent('history')).toHaveLength(1)
    })

    it('is placed at once where the change stands before or behind it in one text', () => {
      for (const isBefore of [true, false]) {
        const core = live(drivenCore(), 302, 52)
        load(core, 'older')
        const page = pageFrame(requestOf(core, 'history'), 200, 250, 303, ahead)
        core.hear(...(isBefore ? [edited(303, 210), page] : [page, edited(303, 210)]))
        expect(range(core)).toMatchObject({ first: 201, to: 303 })
        expect(answers(core)).toEqual([[1, 'done']])
      }
    })

    it('L4: goes with its link: a backup restored since may have lost the change', () => {
      const core = waiting()
      core.offline()
      core.online()
      core.hear(openedFrame(requestOf(core, 'open'), 300, 302))
      expect(answers(core)).toEqual([[1, 'offline']])
      expect(range(core)).toMatchObject({ first: 251, last: 302 })
      load(core, 'older', 2)
      answerPage(core, 200, 250)
      core.hear(said(303))
      expect(shown(core.conversation().log).rows[9]).toMatchObject({ seq: 210, rev: 210 })
    })

    it('goes too where the log never comes there; what was to go before a place that is left is asked for no more', () => {
      const late = waiting()
      for (let i = 0; i < 5; i++) {
        late.hear(openedFrame(requestOf(late, 'open'), 300, 300))
        late.wait(3_000)
      }
      expect(answers(late)).toEqual([[1, 'offline']])
      const far = live(drivenCore(), 300, 50)
      jump(far, 150, 9)
      answerPage(far, 125, 175)
      load(far, 'older')
      answerPage(far, 75, 125, { rows: rows(76, 125).map((each) => (each.seq === 80 ? row(80, { rev: 302 }) : each)), asOf: 302 })
      far.dispatch({ kind: 'jump-latest', conversation: 'c' })
      expect(far.sent('history')).toHaveLength(2)
      expect(answers(far).at(-1)).toEqual([1, 'done'])
      far.hear(said(301), edited(302, 80))
      expect(isWhole(shown(far.conversation().log).rows)).toBe(true)
    })
  })

  it('offline: rejects, and so does a link that is lost or an answer that never comes', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older', 1)
    core.offline()
    load(core, 'older', 2)
    core.wait(60_000)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 300, 300))
    load(core, 'older', 3)
    core.wait(15_000)
    expect(answers(core)).toEqual([
      [1, 'offline'],
      [2, 'offline'],
      [3, 'offline'],
    ])
  })

  it('R19: back to the newest ends a jump and a load forward that are under way: their pages would lead away again', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 150, 1)
    core.dispatch({ kind: 'jump-latest', conversation: 'c' })
    answerPage(core, 125, 175)
    expect(range(core)).toMatchObject({ last: 300 })
    jump(core, 150, 2)
    answerPage(core, 125, 175)
    load(core, 'newer', 3)
    core.dispatch({ kind: 'jump-latest', conversation: 'c' })
    answerPage(core, 175, 225)
    expect(range(core)).toMatchObject({ last: 300 })
    expect(answers(core).map(([call]) => call)).toEqual([1, 2, 3])
  })

  it('a refusal ends the calls with its meaning', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older', 1)
    core.hear({ type: 'failed', request: requestOf(core, 'history'), code: 'not-found' })
    load(core, 'older', 2)
    core.hear({ type: 'failed', request: requestOf(core, 'history'), code: 'unavailable' })
    expect(answers(core)).toEqual([
      [1, 'not-found'],
      [2, 'rejected'],
    ])
  })
})

describe('L4 R6: pages from disk', () => {
  it('paint the newest rows before any link, and older pages without one', () => {
    const core = restored(920)
    expect(range(core)).toMatchObject({ last: 920, to: 920 })
    const before = range(core).first as number
    load(core, 'older')
    expect(range(core).first).toBeLessThan(before)
    expect(answers(core)).toEqual([[1, 'done']])
    for (let i = 0; i < 20 && range(core).first !== 1; i++) load(core, 'older')
    expect(isWhole(shown(core.conversation().log).rows)).toBe(true)
    expect(core.effects('transmit')).toEqual([])
  })

  it('R9: carry the newest state of a message that changed while out of memory', () => {
    const core = restored(920)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 920, 920))
    core.hear(edited(921, 30), edited(922, 1))
    core.wait(1_000)
    expect(core.stored(['m', 'c', 0, 29])).toMatchObject([{ value: { rev: 921 } }])
    for (let i = 0; i < 20 && range(core).first !== 1; i++) load(core, 'older')
    expect([29, 0].map((at) => shown(core.conversation().log).rows[at])).toMatchObject([{ rev: 921 }, { rev: 922 }])
  })

  it('R6 R9: a change that is not written yet is not lost to a page read before it', () => {
    const core = restored(920)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 920, 920))
    core.wait(1_000)
    const place = (range(core).first as number) - 10
    core.hear(said(921))
    core.hear(edited(922, place))
    load(core, 'older')
    expect(shown(core.conversation().log).rows.find(({ seq }) => seq === place)).toMatchObject({ rev: 922 })
  })

  it('L8: a page with a hole is not believed: the network is asked', () => {
    const core = restored(920)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 920, 920))
    const first = range(core).first as number
    core.disk.remove(['m', 'c', Math.floor((first - 2) / 50)])
    load(core, 'older')
    expect(core.sent('history')).toHaveLength(1)
    answerPage(core, first - 51, first - 1)
    expect(answers(core)).toEqual([[1, 'done']])
    expect(isWhole(shown(core.conversation().log).rows)).toBe(true)
  })

  it('are not believed where another tab has written those of another epoch, or no cursor is left', () => {
    for (const spoil of [
      (disk: DrivenCore['disk'], cursor: object) =>
        disk.put({ key: ['m', 'c', cursorPage], version: 'theirs', value: { ...cursor, epoch: 'e2' } }),
      (disk: DrivenCore['disk']) => disk.remove(['m', 'c', cursorPage]),
    ]) {
      const core = restored(920)
      const cursor = core.disk.get(['m', 'c', cursorPage])?.value as object
      spoil(core.disk, cursor)
      const before = range(core)
      load(core, 'older')
      expect(range(core)).toEqual(before)
      expect(answers(core)).toEqual([[1, 'offline']])
    }
  })

  it('are believed where another tab has gone on with the same line', () => {
    const core = restored(920)
    const writer = drivenCore({ disk: core.disk, lane: 'other' })
    writer.online()
    writer.dispatch({ kind: 'watch', conversation: 'c' })
    writer.hear(openedFrame(requestOf(writer, 'open'), 920, 920))
    for (let seq = 921; seq <= 930; seq++) writer.hear(said(seq))
    writer.wait(1_000)
    expect(core.disk.get(['m', 'c', cursorPage])?.version).not.toBe(core.conversation().cache.version)
    const { first } = range(core)
    load(core, 'older')
    expect(range(core).first).toBeLessThan(first as number)
    expect(answers(core)).toEqual([[1, 'done']])
  })

  it('L4: are not believed where another tab has stored a state from above the head held', () => {
    const core = restored(920)
    const writer = drivenCore({ disk: core.disk, lane: 'other' })
    writer.online()
    writer.dispatch({ kind: 'watch', conversation: 'c' })
    writer.hear(openedFrame(requestOf(writer, 'open'), 920, 920))
    const before = range(core)
    writer.hear(edited(921, (before.first as number) - 10))
    writer.wait(1_000)
    load(core, 'older')
    expect(range(core)).toEqual(before)
    expect(answers(core)).toEqual([[1, 'offline']])
  })

  it('an unreadable disk: the network is asked; a disk that does not answer: after 15 s', () => {
    const core = restored(920)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 920, 920))
    core.hold()
    load(core, 'older')
    core.wait(15_000)
    expect(core.sent('history')).toHaveLength(1)
  })
})

describe('R19: jumps', () => {
  it('L4: show the run around a place with its gap to the newest, and newer pages close it with their rows', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 150)
    expect(core.sent('history').at(-1)).toMatchObject({ anchor: { around: 150 }, limit: 50 })
    answerPage(core, 125, 175)
    expect(range(core)).toEqual({ first: 126, last: 175, from: 125, to: 175 })
    expect(core.conversation().log.tail.from).toBe(250)
    load(core, 'newer', 2)
    answerPage(core, 175, 225)
    load(core, 'newer', 3)
    answerPage(core, 225, 275)
    expect(core.conversation().log.view).toBeNull()
    expect(range(core)).toEqual({ first: 126, last: 300, from: 125, to: 300 })
    expect(isWhole(core.conversation().log.tail.rows)).toBe(true)
    expect(answers(core)).toEqual([
      [1, 'done'],
      [2, 'done'],
      [3, 'done'],
    ])
  })

  it('while away: live messages reach the newest run, changes reach the shown one, and back is at once', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 150)
    answerPage(core, 125, 175)
    core.hear(said(301), edited(302, 150))
    expect(range(core)).toMatchObject({ first: 126, last: 175 })
    expect(shown(core.conversation().log).rows[24]).toMatchObject({ rev: 302 })
    core.forget()
    core.dispatch({ kind: 'jump-latest', conversation: 'c' })
    expect(range(core)).toMatchObject({ last: 301, to: 302 })
    expect(core.sent('history')).toEqual([])
  })

  it('to a place that is held ask nothing', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 280)
    jump(core, 150, 2)
    answerPage(core, 125, 175)
    jump(core, 130, 3)
    jump(core, 299, 4)
    expect(core.sent('history')).toHaveLength(1)
    expect(core.conversation().log.view).toBeNull()
    expect(answers(core).map(([call]) => call)).toEqual([1, 2, 3, 4])
  })

  it('while a jump or a load forward is under way end that one, whose page would lead away, and show their own place', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 50, 1)
    const asked = requestOf(core, 'history')
    jump(core, 150, 2)
    expect(answers(core)).toEqual([[1, 'done']])
    core.hear(pageFrame(asked, 25, 75, 300))
    answerPage(core, 125, 175)
    expect(range(core)).toEqual({ first: 126, last: 175, from: 125, to: 175 })
    load(core, 'newer', 3)
    jump(core, 50, 4)
    answerPage(core, 25, 75)
    expect(range(core)).toEqual({ first: 26, last: 75, from: 25, to: 75 })
    jump(core, 150, 5)
    jump(core, 299, 6)
    answerPage(core, 125, 175)
    expect(range(core)).toMatchObject({ last: 300 })
    expect(answers(core)).toEqual([1, 2, 3, 4, 5, 6].map((call) => [call, 'done']))
  })

  it('to a place that is asked for already wait for its page', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 150, 1)
    jump(core, 150, 2)
    expect(core.sent('history')).toHaveLength(1)
    answerPage(core, 125, 175)
    expect(answers(core).map(([call]) => call)).toEqual([1, 2])
  })

  it('outside of what can be seen reject', () => {
    const core = live(drivenCore(), 300, 50, { floor: 100 })
    jump(core, 100, 1)
    jump(core, 301, 2)
    expect(answers(core)).toEqual([
      [1, 'not-found'],
      [2, 'not-found'],
    ])
  })

  it('a page that does not hold the place is refused', () => {
    const core = live(drivenCore(), 300, 50)
    jump(core, 150)
    for (let i = 0; i < 4; i++) answerPage(core, 200, 220)
    expect(answers(core)).toEqual([[1, 'rejected']])
    expect(core.conversation().log.view).toBeNull()
  })
})

describe('R33: windows are bounded', () => {
  it('the newest run is halved above 400 rows, at a page boundary, once written', () => {
    const core = live(drivenCore(), 50)
    for (let seq = 51; seq <= 1_000; seq++) {
      core.hear(said(seq))
      if (seq % 40 === 0) core.wait(200)
    }
    const { tail } = core.conversation().log
    expect(tail.rows.length).toBeLessThanOrEqual(400)
    expect((tail.rows[0] as MessageRow).index % 50).toBe(0)
    expect(isWhole(tail.rows)).toBe(true)
  })

  it('rows that no disk has are not dropped for a while, but in the end', () => {
    const core = live(drivenCore(), 50)
    core.hold()
    for (let seq = 51; seq <= 3_000; seq++) core.hear(said(seq))
    expect(core.conversation().log.tail.rows.length).toBeGreaterThan(400)
    expect(core.conversation().log.tail.rows.length).toBeLessThanOrEqual(1_601)
  })

  it('L4: scrolled far back, the oldest part is shown, the newest stays held, and forward closes without asking', () => {
    const core = live(drivenCore(), 1_000, 100)
    for (let to = 900; to >= 600; to -= 100) {
      load(core, 'older', 1, 100)
      answerPage(core, to - 100, to)
    }
    expect(shown(core.conversation().log).rows.length).toBeLessThanOrEqual(400)
    expect(range(core).first).toBe(501)
    expect(core.conversation().log.tail.to).toBe(1_000)
    expect(core.conversation().log.view).not.toBeNull()
    core.forget()
    core.offline()
    load(core, 'newer', 9)
    expect(answers(core)).toEqual([[9, 'done']])
    expect([...core.sent('history'), ...core.effects('load')]).toEqual([])
    expect(range(core)).toMatchObject({ last: 1_000 })
    expect(isWhole(shown(core.conversation().log).rows)).toBe(true)
  })

  it('L4: forward closes without asking too where the shown run ends just where the newest begins', () => {
    const core = live(drivenCore(), 1_000, 100)
    load(core, 'older')
    answerPage(core, 550, 900)
    expect([core.conversation().log.view?.to, core.conversation().log.tail.from]).toEqual([900, 900])
    core.offline()
    core.hold()
    load(core, 'newer', 2)
    expect(answers(core).at(-1)).toEqual([2, 'done'])
    expect(range(core)).toMatchObject({ last: 1_000 })
  })

  it('R4: a change reaches both runs where both hold its message', () => {
    const core = live(drivenCore(), 1_000, 100)
    for (let to = 900; to >= 600; to -= 100) {
      load(core, 'older', 1, 100)
      answerPage(core, to - 100, to)
    }
    const { tail, view } = core.conversation().log
    expect(tail.from).toBeLessThan(view?.to as number)
    core.hear(edited(1_001, 800))
    for (const run of [core.conversation().log.view, core.conversation().log.tail]) {
      expect(run?.rows.find(({ seq }) => seq === 800)).toMatchObject({ rev: 1_001 })
    }
  })

  it('L11: while a reader is far back, the newest run does not grow with what comes', () => {
    const core = live(drivenCore(), 2_000, 50)
    jump(core, 100)
    answerPage(core, 75, 125)
    for (let seq = 2_001; seq <= 3_000; seq++) {
      core.hear(said(seq))
      if (seq % 40 === 0) core.wait(200)
    }
    expect(core.conversation().log.view).not.toBeNull()
    expect(core.conversation().log.tail.rows.length).toBeLessThanOrEqual(400)
    expect(core.conversation().log.tail.to).toBe(3_000)
  })

  it('forward through a long log the shown run slides', () => {
    const core = live(drivenCore(), 2_000, 50)
    jump(core, 100)
    answerPage(core, 75, 125)
    for (let from = 125; from < 825; from += 100) {
      load(core, 'newer', 1, 100)
      answerPage(core, from, from + 100)
    }
    expect(shown(core.conversation().log).rows.length).toBeLessThanOrEqual(400)
    expect(range(core)).toMatchObject({ last: 825, to: 825 })
    expect(range(core).from).toBe((range(core).first as number) - 1)
  })
})

describe('L8 R35: older pages that were fetched', () => {
  it('are kept on disk where they continue what it has', () => {
    const core = live(drivenCore(), 300, 50)
    load(core, 'older')
    answerPage(core, 200, 250)
    core.wait(1_000)
    const next = drivenCore({ disk: core.disk })
    next.dispatch({ kind: 'watch', conversation: 'c' })
    while (next.effects('answer').at(-1)?.code === undefined) load(next, 'older', next.effects('answer').length + 1)
    expect(range(next)).toMatchObject({ first: 201, last: 300 })
    expect(answers(next).at(-1)?.[1]).toBe('offline')
  })

  it('a message with no row of its own does not end the stored run', () => {
    const core = drivenCore()
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 300, 50, { rows: rows(252, 300).map((each) => row(each.seq, { index: each.index - 1 })) })
    load(core, 'older')
    expect(core.sent('history').at(-1)).toMatchObject({ anchor: { before: 251 } })
  })
})
