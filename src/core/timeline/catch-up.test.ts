/** Following: what a server's lower limit means for many conversations (R24), and what hints of changes cost (R5). */
import { describe, expect, it } from 'vitest'
import { drivenCore, welcomeFrame } from '../../../test/fakes/driven-core.js'
import { ack, echo, live, openedFrame, requestOf, said, send } from '../../../test/fakes/wire-frames.js'

const watch = (core: ReturnType<typeof drivenCore>, ...ids: readonly string[]) => {
  for (const conversation of ids) core.dispatch({ kind: 'watch', conversation })
}
const opened = (core: ReturnType<typeof drivenCore>) => core.sent('open').map(({ conversation }) => conversation)

it('R24: asks to follow no more than the server allows, and wakes for nothing it may not do', () => {
  const core = drivenCore()
  core.online({ limits: { ...welcomeFrame.limits, followed: 2 } })
  watch(core, 'a', 'b', 'c')
  expect(opened(core)).toEqual(['a', 'b'])
  expect(core.state().wakeAtMs).toBeGreaterThan(core.nowMs())
})

it('R24: lets go of what nobody watches for what somebody does', () => {
  const core = drivenCore()
  core.online({ limits: { ...welcomeFrame.limits, followed: 2 } })
  watch(core, 'a', 'b')
  for (const { request, conversation } of core.sent('open')) core.hear(openedFrame(request, 0, 3, { conversation, reset: 'first' }))
  core.forget()
  watch(core, 'c')
  expect(opened(core)).toEqual([])
  core.dispatch({ kind: 'unwatch', conversation: 'b' })
  core.dispatch({ kind: 'unwatch', conversation: 'c' })
  watch(core, 'c')
  expect(core.sent('unfollow')).toEqual([{ type: 'unfollow', conversation: 'b' }])
  expect(opened(core)).toEqual(['c'])
})

describe('R24: what waits for a place among those that are followed', () => {
  const oneOnly = () => {
    const core = drivenCore()
    core.online({ limits: { ...welcomeFrame.limits, followed: 1 } })
    return core
  }

  it('L1: goes once what is unsent in another has settled', () => {
    const core = oneOnly()
    send(core, 'a')
    send(core, 'b', { conversation: 'x' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first' }))
    expect(opened(core)).toEqual(['c'])
    core.hear(ack('a', 6))
    core.hear(echo(6, 'a'))
    core.wait(60_000)
    expect(opened(core)).toContain('x')
  })

  it('is opened once nobody watches the other', () => {
    const core = oneOnly()
    watch(core, 'c')
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first' }))
    watch(core, 'x')
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    expect(opened(core)).toEqual(['c', 'x'])
  })

  it('L1: of more with unsent than there are places, all go', () => {
    const core = drivenCore()
    const ids = Array.from({ length: 51 }, (_, n) => `c${n}`)
    for (const id of ids) send(core, `m${id}`, { conversation: id })
    core.online()
    const first = core.sent('open')
    expect(first).toHaveLength(50)
    for (const { request, conversation } of first) core.hear(openedFrame(request, 0, 5, { reset: 'first', conversation }))
    core.hear(...first.map(({ conversation }) => ack(`m${conversation}`, 6, { conversation })))
    core.hear(...first.map(({ conversation }) => ({ ...echo(6, `m${conversation}`), conversation })))
    core.wait(60_000)
    expect(new Set(opened(core))).toEqual(new Set(ids))
  })
})

describe('R5: hints', () => {
  const hint = (seq: number) => ({ type: 'head' as const, heads: [{ conversation: 'c', epoch: 'e1', seq }] })

  it('of 500 changes within a second are two catch-ups, and all is here within two', () => {
    const core = live(drivenCore(), 5)
    core.wait(5_000)
    core.forget()
    let answered = 0
    let isMore = false
    let catchUps = 0
    /** In pages of 100, which are one catch-up. */
    const answer = (head: number) => {
      for (let asked = core.sent('open')[answered]; asked; asked = core.sent('open')[++answered]) {
        if (!isMore) catchUps += 1
        const from = asked.position?.seq ?? 0
        const to = Math.min(from + 100, head)
        isMore = to < head
        core.hear(openedFrame(asked.request, from, to, { head, more: isMore }))
      }
    }
    for (let i = 1; i <= 500; i++) {
      core.hear(hint(5 + i))
      core.wait(2)
      answer(5 + i)
    }
    core.wait(1_000)
    answer(505)
    expect([catchUps, isMore, core.sent('open').length]).toEqual([2, false, 6])
    expect(core.conversation().log.head).toBe(505)
  })

  it('are what the list says as well, where it comes first', () => {
    const core = live(drivenCore(), 5)
    core.wait(5_000)
    const list = { type: 'inbox' as const, more: false, gone: [] }
    const listed = (head: number) => ({
      ...list,
      prev: `i${head - 1}`,
      next: `i${head}`,
      rows: [{ conversation: 'c', epoch: 'e1', rev: head, head, unread: { count: 0, more: false }, read: 0, profile: {}, people: [] }],
    })
    core.hear({ ...list, request: requestOf(core, 'inbox'), next: 'i5', rows: [] })
    core.forget()
    for (let head = 6; head <= 505; head++) {
      core.hear(listed(head))
      core.hear(hint(head))
      if (head === 6) core.hear(openedFrame(requestOf(core, 'open'), 5, 6))
      core.wait(2)
    }
    expect(core.sent('open')).toHaveLength(1)
    core.wait(1_000)
    expect(core.sent('open')).toHaveLength(2)
  })

  it('do not make a hole wait that a change has left', () => {
    const core = live(drivenCore(), 5)
    core.wait(5_000)
    core.forget()
    core.hear(hint(6))
    core.hear(openedFrame(requestOf(core, 'open'), 5, 6))
    core.hear(hint(8))
    expect(core.sent('open')).toHaveLength(1)
    core.hear(said(9))
    expect(core.sent('open')).toHaveLength(2)
  })
})

describe('R24: where the server allows one only', () => {
  const one = () => {
    const core = drivenCore()
    core.online({ limits: { ...welcomeFrame.limits, followed: 1 } })
    return core
  }
  const begun = () => {
    const core = one()
    watch(core, 'c')
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first' }))
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    core.forget()
    return core
  }

  it('a hole in what nobody watches is filled', () => {
    const core = begun()
    core.hear(said(8))
    expect(opened(core)).toEqual(['c'])
  })

  it('what nobody watches takes no place of another', () => {
    const core = begun()
    core.dispatch({ kind: 'mark-read', conversation: 'x' })
    expect([opened(core), core.sent('unfollow')]).toEqual([[], []])
  })

  it('unless something of it waits to be sent, and then it gives way to nobody', () => {
    const core = begun()
    send(core, 'a', { conversation: 'x' })
    expect([opened(core), core.sent('unfollow')]).toEqual([['x'], [{ type: 'unfollow', conversation: 'c' }]])
    core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first', conversation: 'x' }))
    watch(core, 'c')
    expect(opened(core)).toEqual(['x'])
  })

  it('an answer that does not come is asked for again, watched or not', () => {
    const core = one()
    watch(core, 'c')
    core.dispatch({ kind: 'unwatch', conversation: 'c' })
    core.wait(20_000)
    expect(opened(core)).toEqual(['c', 'c'])
  })
})

it('R22: the count of the server is asked for anew only where what is unread is not all held', () => {
  const readElsewhere = (read: number) => {
    const core = live(drivenCore(), 20, 5)
    core.forget()
    core.hear({ type: 'marks', conversation: 'c', epoch: 'e1', marks: [{ user: 'me', delivered: 20, read }] })
    return opened(core)
  }
  expect([readElsewhere(14), readElsewhere(15)]).toEqual([['c'], []])
})
