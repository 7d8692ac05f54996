/** What a link's end, a signal and a frame at the wrong time do (L9, R5, R26): beside `session.test.ts`, which has the table. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore, welcomeFrame } from '../../test/fakes/driven-core.js'
import { ack, echo, live, openedFrame, pageFrame, reject, said, send } from '../../test/fakes/wire-frames.js'
import type { Signal } from './event.js'
import * as timing from './timing.js'

const signal = (core: DrivenCore, name: Signal) => core.dispatch({ kind: 'signal', signal: name })
const why = (core: DrivenCore) => core.reports('reconnecting').map((each) => each.why)
const onlineCore = () => {
  const core = drivenCore()
  core.online()
  return core
}

describe('L9: a link', () => {
  it('is greeted once', () => {
    const core = onlineCore()
    core.dispatch({ kind: 'link-opened', link: 1 })
    expect(core.sent('hello')).toHaveLength(1)
  })

  it('of another user is refused for that', () => {
    const core = drivenCore()
    core.online({ user: 'somebody else' })
    expect(core.state().session).toMatchObject({ phase: 'refused', code: 'wrong-user' })
  })

  it('is asked for heads at every heartbeat, however much it says', () => {
    const core = onlineCore()
    for (let i = 0; i < 6; i++) {
      core.hear({ type: 'head', heads: [] })
      core.wait(welcomeFrame.heartbeatMs / 5)
    }
    expect(core.sent('ping')).toHaveLength(1)
  })

  it('is left when nothing is heard but what another tab shows ahead, however often', () => {
    const core = live(drivenCore(), 5)
    core.wait(welcomeFrame.heartbeatMs)
    for (let i = 0; i < timing.pongMs / 1_000; i++) {
      core.hear({ type: 'provisional', conversation: 'c', author: 'ann', localId: `a${i}`, content: i, at: 5 })
      core.hear({ type: 'withdrawn', conversation: 'c', author: 'ann', localId: `a${i}` })
      core.wait(1_000)
    }
    expect(why(core)).toEqual(['silent'])
  })

  it('is left when the server drains, for as long as it says', () => {
    const core = onlineCore()
    core.hear({ type: 'drain', retryAfterMs: 7_000 })
    expect([why(core), core.state().session]).toMatchObject([['drain'], { phase: 'waiting', dueMs: 7_250 }])
  })

  it('ends with its reason, told to the log where there is one', () => {
    const silent = onlineCore()
    silent.wait(welcomeFrame.heartbeatMs + timing.pongMs)
    const slow = drivenCore()
    slow.dispatch({ kind: 'connect' })
    slow.wait(timing.connectMs)
    expect([why(silent), why(slow)]).toEqual([['silent'], ['connect-timeout']])
    expect([...silent.reports('warning'), ...slow.reports('warning')]).toEqual([])
  })

  it('closed, nothing is waited for', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.dispatch({ kind: 'close' })
    expect(core.state().wakeAtMs).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('L9: signals', () => {
  it('do not keep a link that never opens', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'connect' })
    signal(core, 'visible')
    core.wait(timing.connectMs)
    expect(why(core)).toEqual(['connect-timeout'])
  })

  it('the network is back: waits begin anew; somebody looks: they do not', () => {
    const nextWait = (name: Signal) => {
      const core = drivenCore()
      core.roll = 1
      core.dispatch({ kind: 'connect' })
      for (let i = 0; i < 4; i++) {
        core.offline()
        if (i < 3) core.wait(core.state().wakeAtMs - core.nowMs())
      }
      signal(core, name)
      core.offline()
      return core.state().wakeAtMs - core.nowMs()
    }
    expect([nextWait('online'), nextWait('visible')]).toEqual([500, 8_000])
  })

  it('shorten a probe under way', () => {
    const core = onlineCore()
    core.wait(welcomeFrame.heartbeatMs)
    signal(core, 'visible')
    core.wait(timing.probeMs)
    expect(why(core)).toEqual(['silent'])
  })

  it('of the network say nothing of who looks', () => {
    const core = live(drivenCore(), 5)
    signal(core, 'online')
    core.dispatch({ kind: 'mark-read', conversation: 'c' })
    expect(core.sent('receipt').at(-1)).toMatchObject({ read: 5 })
  })
})

describe('R24: frames', () => {
  it('of a conversation that is not here do nothing', () => {
    const core = live(drivenCore(), 5)
    const before = core.conversation()
    const there = { conversation: 'x' }
    core.hear(
      said(6, {}, there),
      openedFrame(99, 0, 3, there),
      pageFrame(99, 0, 3, 3, there),
      ack('a', 1, there),
      reject('a', there),
      { type: 'head', heads: [{ conversation: 'x', epoch: 'e1', seq: 9 }] },
      { type: 'typing', conversation: 'x', user: 'ann', on: true },
      { type: 'failed', request: 99, code: 'unavailable' },
    )
    expect(core.state().conversations).toEqual([before])
  })

  it('of a refusal end the load that it names and no other', () => {
    const core = live(drivenCore(), 300, 50)
    core.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    core.hear({ type: 'failed', request: 999, code: 'unavailable' })
    expect(core.effects('answer')).toEqual([])
  })

  it('before the welcome teach nobody', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'connect' })
    core.hear(said(6, {}, { people: [{ user: 'ann', profile: { name: 'Ann' } }] }))
    expect(core.state().people.size).toBe(0)
  })
})

describe('R27: a conversation that is gone', () => {
  const left = { type: 'left', conversation: 'c', seq: 6, why: 'removed' } as const

  it('is left once, and ends what was being loaded', () => {
    const core = live(drivenCore(), 300, 50)
    core.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    core.hear(left, left)
    expect(core.reports('left')).toHaveLength(1)
    expect(core.effects('answer')).toMatchObject([{ call: 1, code: 'conversation-gone' }])
  })

  it('R13: what was on its way may have landed', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.hear(left)
    expect(core.entry('mine')?.arm).toMatchObject({ kind: 'failed', final: false })
  })

  it('named in the list again is opened again', () => {
    const core = live(drivenCore(), 5)
    core.hear(left)
    core.forget()
    const item = { conversation: 'c', epoch: 'e1', head: 9, rev: 9, profile: {}, unread: { count: 0, more: false }, read: 0, people: [] }
    core.hear({ type: 'inbox', request: core.state().inbox.request, next: 'i', more: false, gone: [], rows: [item] })
    expect(core.sent('open')).toMatchObject([{ conversation: 'c' }])
  })
})

describe('R20: when the outbox is loaded', () => {
  it('what waited for it goes', () => {
    const core = drivenCore({ claim: null })
    core.disk.put({ key: ['o', 'x', 'old', 1], version: 'x', value: { localId: 'old', content: 1 } })
    core.dispatch({ kind: 'disk-state', state: { kind: 'memory', cacheBytes: 1_000_000 } })
    live(core, 5)
    send(core, 'a')
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    expect(core.sent('operation').map(({ localId }) => localId)).toEqual(['a'])
  })

  it('pages that are read from disk need no link', () => {
    const writer = live(drivenCore(), 50)
    for (let seq = 51; seq <= 700; seq++) writer.hear(said(seq))
    writer.wait(1_000)
    const core = drivenCore({ disk: writer.disk, lane: 'reader' })
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.hold()
    core.dispatch({ kind: 'load', conversation: 'c', call: 1, way: 'older', limit: 50 })
    core.offline()
    core.release()
    expect(core.effects('answer').map(({ code }) => code)).toEqual([undefined])
  })
})

describe('typing', () => {
  const types = (user: string, on = true) => ({ type: 'typing', conversation: 'c', user, on }) as const
  const typists = (core: DrivenCore) => [...core.conversation().ephemeral.typing.keys()]

  it('of one ends without that of another', () => {
    const core = live(drivenCore(), 5)
    core.hear(types('ann'), types('eve'), types('bob'), types('ann', false))
    expect(typists(core)).toEqual(['eve', 'bob'])
    core.hear(said(6, { author: 'bob' }), said(7, { author: 'zoe' }))
    expect(typists(core)).toEqual(['eve'])
    core.dispatch({ kind: 'set-typing', conversation: 'c', on: true })
    core.wait(timing.typingEndsMs)
    expect(typists(core)).toEqual(['eve'])
  })
})

describe('R18: shown ahead', () => {
  const ahead = (localId: string, author: string, content: unknown) =>
    ({ type: 'provisional', conversation: 'c', author, localId, content, at: 1 }) as never

  it('somebody else may use the id of an own entry; a newer state of the first replaces it', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ahead('a', 'ann', 1), ahead('a', 'ann', 2), ahead('a', 'me', 3))
    expect(core.conversation().ahead.map(({ author, content }) => [author, content])).toEqual([['ann', 2]])
    core.hear(echo(6, 'a'))
    expect(core.conversation().ahead).toHaveLength(1)
  })
})
