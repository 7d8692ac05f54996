/** Answers of `open` that are wrong, late or short (R3, R5, R8), and how often it is asked again. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { changeFrame, echo, edited, live, openedFrame, requestOf, row, rows, said, send } from '../../../test/fakes/wire-frames.js'
import * as bounds from '../bounds.js'
import * as timing from '../timing.js'

const answer = (core: DrivenCore, from: number, to: number, more: Parameters<typeof openedFrame>[3] = {}) =>
  core.hear(openedFrame(requestOf(core, 'open'), from, to, more))
const places = (core: DrivenCore) => core.conversation().log.tail.rows.map(({ seq }) => seq)
const told = (core: DrivenCore) => core.reports('message').map(({ row: { seq } }) => seq)

/** Live at 5, and asked for more because something at 8 was heard of. */
function asked(core = drivenCore()): DrivenCore {
  live(core, 5)
  core.forget()
  core.hear(said(8))
  return core
}

describe('L4 R5: an answer', () => {
  it('that goes backwards is none: asked again after a pause', () => {
    const core = asked()
    answer(core, 5, 3, { rows: [] })
    expect(core.sent('open')).toHaveLength(1)
    core.wait(timing.retryRequestMs)
    expect(core.sent('open')).toHaveLength(2)
    expect(core.reports('caught-up')).toEqual([])
  })

  it('says nothing of what lies above its end', () => {
    const core = asked()
    send(core, 'mine')
    answer(core, 5, 6, { rows: [row(6), row(9)], own: [{ localId: 'mine', seq: 7 }] })
    expect(places(core)).toEqual([1, 2, 3, 4, 5, 6])
    expect(core.entry('mine')?.arm.kind).toBe('inflight')
  })

  it('that brings nothing new still tells how much may be seen', () => {
    const core = live(drivenCore(), 5)
    core.offline()
    core.wait(1_000)
    core.online()
    answer(core, 5, 5, { floor: 3, profile: { name: 'renamed' } })
    expect(core.conversation().log).toMatchObject({ floor: 3, profile: { name: 'renamed' }, head: 5 })
  })

  it('that says `more` at its end ends it; one that says no more is believed though the server has more', () => {
    for (const more of [
      { more: true, head: 8 },
      { more: false, head: 9 },
    ]) {
      const core = asked()
      answer(core, 5, 8, more)
      expect(core.sent('open')).toHaveLength(1)
      expect(core.conversation().log.catchUp).toBeNull()
    }
  })

  it('is told with the time and rows that it took', () => {
    const core = asked()
    core.wait(300)
    answer(core, 5, 8)
    expect(core.reports('caught-up')).toMatchObject([{ tookMs: 300, rows: 3 }])
  })

  it('the first asks from no position', () => {
    const core = live(drivenCore(), 5)
    expect(core.sent('open').map(({ position }) => position)).toEqual([undefined])
  })

  it('that falls short of what was heard of is asked for again, ever later, and then believed', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    core.hear({ type: 'head', heads: [{ conversation: 'c', epoch: 'e1', seq: 9 }] })
    const startMs = core.nowMs()
    const askedAt: number[] = []
    let answered = 0
    for (let i = 0; i < 400; i++) {
      for (; answered < core.sent('open').length; answered++) {
        askedAt.push(core.nowMs() - startMs)
        answer(core, 5, 5)
      }
      core.hear({ type: 'pong', n: 0, heads: [] })
      core.wait(100)
    }
    expect(askedAt).toEqual([0, 1_100, 3_100, 7_100].slice(0, bounds.doubts))
    expect(core.conversation().log).toMatchObject({ head: 5, heard: 5, doubts: 0 })
  })
})

describe('L4 R5: changes of another line', () => {
  it('below the head too: the server is asked', () => {
    const core = live(drivenCore(), 5)
    core.forget()
    core.hear(said(3, {}, { epoch: 'e2' }))
    expect(core.sent('open')).toMatchObject([{ position: { epoch: 'e1', seq: 5 } }])
  })

  it('waiting beyond a hole, they go with it', () => {
    const core = asked()
    answer(core, 0, 7, { reset: 'epoch', epoch: 'e2' })
    core.hear(said(9, { content: 'of e2' }, { epoch: 'e2' }))
    expect(core.conversation().log).toMatchObject({ head: 7, epoch: 'e2' })
    expect(core.conversation().log.beyond.map(({ epoch }) => epoch)).toEqual(['e2'])
  })

  it('a duplicate is not kept, and not written again', () => {
    const core = live(drivenCore(), 5)
    const commits = core.effects('commit').length
    core.hear(said(4), said(5))
    core.wait(5_000)
    expect(core.conversation().log.beyond).toEqual([])
    expect(core.effects('commit')).toHaveLength(commits)
  })
})

describe('R4: in one text', () => {
  it('a message and its edits are one row in its newest state', () => {
    const core = live(drivenCore(), 5)
    core.hear(said(6), said(7), said(8), edited(9, 8), edited(10, 6))
    expect(
      core
        .conversation()
        .log.tail.rows.slice(5)
        .map(({ seq, rev }) => [seq, rev]),
    ).toEqual([
      [6, 10],
      [7, 7],
      [8, 9],
    ])
  })

  it('a message above its own change is not believed', () => {
    const core = live(drivenCore(), 5)
    core.hear(
      changeFrame(6, { kind: 'message', message: row(7, { rev: 6 }) }),
      changeFrame(7, { kind: 'message', message: row(7, { rev: 9 }) }),
    )
    expect(places(core)).toEqual([1, 2, 3, 4, 5])
    expect(core.conversation().log.head).toBe(7)
  })

  it('R10: nothing appears at a place that was passed', () => {
    const core = live(drivenCore(), 5)
    core.hear(changeFrame(6, { kind: 'unknown' } as never))
    core.hear(edited(7, 6))
    expect(places(core)).toEqual([1, 2, 3, 4, 5])
  })
})

describe('R8: a reset', () => {
  it.each(['ahead', 'tag'])('%s: under the same epoch too watermarks of before mean nothing', (reset) => {
    const core = live(drivenCore(), 5, 5, { marks: [{ user: 'ann', delivered: 5, read: 5 }] })
    core.hear(said(8))
    answer(core, 0, 4, { reset })
    expect([...core.conversation().receipts.marks]).toEqual([])
  })

  it('too old: watermarks stay', () => {
    const core = live(drivenCore(), 5, 5, { marks: [{ user: 'ann', delivered: 5, read: 5 }] })
    core.hear(said(8))
    answer(core, 6, 8, { reset: 'too-old' })
    expect([...core.conversation().receipts.marks.keys()]).toEqual(['ann'])
  })

  it('names own messages that are gone, and no others', () => {
    const core = live(drivenCore(), 5)
    core.hear(echo(6, 'kept'), echo(7, 'lost'), said(8), row9())
    core.hear(said(12))
    answer(core, 6, 8, { reset: 'tag', rows: [row(7, { id: 'other' }), row(8, { id: 'm9', author: 'me' })] })
    expect(core.reports('reset')).toMatchObject([{ why: 'tag', lost: ['lost'] }])
  })

  const row9 = () => said(9, { author: 'me', localId: undefined })

  it('of the same line tells of what is new above what was known', () => {
    const core = asked()
    answer(core, 3, 8, { reset: 'too-old' })
    expect(told(core)).toEqual([6, 7, 8])
  })

  it('of another line tells of what stands behind the last message known', () => {
    const core = asked()
    answer(core, 0, 3, { reset: 'epoch', epoch: 'e2', rows: [row(1, { id: 'm5' }), row(2, { id: 'new' }), row(3, { id: 'newer' })] })
    expect(told(core)).toEqual([2, 3])
  })

  it('of a line on which nothing is known tells of nothing', () => {
    const core = asked()
    answer(core, 0, 2, { reset: 'epoch', epoch: 'e2', rows: rows(1, 2).map((each) => ({ ...each, id: `other${each.seq}` })) })
    expect(told(core)).toEqual([])
  })

  it('that ends below the head of the server is followed by what is missing', () => {
    const core = live(drivenCore(), 5, 5)
    core.hear(said(8))
    answer(core, 3, 6, { reset: 'too-old', head: 9 })
    core.wait(timing.hintPauseMs)
    expect(core.sent('open').at(-1)).toMatchObject({ position: { seq: 6 } })
  })
})

describe('R23: members', () => {
  const member = (seq: number, user: string, joined: boolean) => changeFrame(seq, { kind: 'member', user, joined })
  const known = (core: DrivenCore) => {
    const { members, memberCount } = core.conversation().log
    return [members.map(({ user }) => user), memberCount]
  }

  it('come, come again and go', () => {
    const core = live(drivenCore(), 5)
    core.hear(member(6, 'bob', true))
    expect(known(core)).toEqual([['me', 'ann', 'bob'], 3])
    core.hear(member(7, 'ann', true))
    expect(known(core)).toEqual([['me', 'bob', 'ann'], 3])
    expect(core.conversation().log.members.at(-1)).toEqual({ user: 'ann', joined: 7 })
    core.hear(member(8, 'bob', false))
    expect(known(core)).toEqual([['me', 'ann'], 2])
    core.hear(member(9, 'nobody', false))
    expect(known(core)).toEqual([['me', 'ann'], 2])
  })

  it('L11: are counted, but no more than 256 are known', () => {
    const members = Array.from({ length: bounds.receiptMembers - 1 }, (_, n) => ({ user: `u${n}`, joined: 0 }))
    const core = live(drivenCore(), 5, 5, { members, memberCount: 300 })
    core.hear(member(6, 'bob', true), member(7, 'eve', true))
    expect(core.conversation().log.members).toHaveLength(bounds.receiptMembers)
    expect(core.conversation().log.memberCount).toBe(302)
  })
})
