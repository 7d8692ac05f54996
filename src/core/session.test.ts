/** Every phase of the session against everything that can happen to it; a missing cell does not compile. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore, welcomeFrame } from '../../test/fakes/driven-core.js'
import type { LinkClosed } from '../ports/transport.js'
import type { CoreEvent, Signal } from './event.js'
import { sessionWakeAt } from './session.js'
import type { SessionState } from './session-state.js'
import { step } from './step.js'
import * as timing from './timing.js'

type Phase = SessionState['phase'] | 'online, ping out'
type Input =
  | 'connect'
  | 'close'
  | 'link opened'
  | 'welcome'
  | 'welcome of another user'
  | 'refused frame'
  | 'drain'
  | 'pong'
  | 'retry band'
  | 'retry-after band'
  | 'refresh band'
  | 'terminal band'
  | 'closed of an older link'
  | 'its deadline'
  | Signal

const closedWith = (core: DrivenCore, why: LinkClosed, older = 0) => {
  const { session } = core.state()
  const link = (session.link ?? older) - older
  core.dispatch({ kind: 'link-closed', link, why })
}
const signal = (name: Signal) => (core: DrivenCore) => core.dispatch({ kind: 'signal', signal: name })

const phases: Record<Phase, () => DrivenCore> = {
  idle: () => drivenCore(),
  connecting() {
    const core = drivenCore()
    core.dispatch({ kind: 'connect' })
    return core
  },
  online() {
    const core = drivenCore()
    core.online()
    return core
  },
  'online, ping out'() {
    const core = phases.online()
    core.wait(welcomeFrame.heartbeatMs)
    return core
  },
  waiting() {
    const core = phases.online()
    core.offline()
    return core
  },
  refused() {
    const core = phases.online()
    closedWith(core, { band: 'terminal', code: 'superseded' })
    return core
  },
  closed() {
    const core = phases.online()
    core.dispatch({ kind: 'close' })
    return core
  },
}

const inputs: Record<Input, (core: DrivenCore) => void> = {
  connect: (core) => core.dispatch({ kind: 'connect' }),
  close: (core) => core.dispatch({ kind: 'close' }),
  'link opened'(core) {
    const { session } = core.state()
    core.dispatch({ kind: 'link-opened', link: session.link ?? 0 })
  },
  welcome: (core) => core.hear(welcomeFrame),
  'welcome of another user': (core) => core.hear({ ...welcomeFrame, user: 'eve' }),
  'refused frame': (core) => core.hear({ type: 'refused', code: 'overloaded', retryAfterMs: 2_000 }),
  drain: (core) => core.hear({ type: 'drain', retryAfterMs: 2_000 }),
  pong: (core) => core.hear({ type: 'pong', n: 0, heads: [] }),
  'retry band': (core) => closedWith(core, { band: 'retry', code: 'network' }),
  'retry-after band': (core) => closedWith(core, { band: 'retry-after', code: 'drain', retryAfterMs: 5_000 }),
  'refresh band': (core) => closedWith(core, { band: 'refresh', code: 'token-expired' }),
  'terminal band': (core) => closedWith(core, { band: 'terminal', code: 'forbidden' }),
  'closed of an older link': (core) => closedWith(core, { band: 'terminal', code: 'forbidden' }, 1),
  'its deadline'(core) {
    const atMs = sessionWakeAt(core.state().session)
    if (Number.isFinite(atMs)) core.wait(atMs - core.nowMs())
    core.dispatch({ kind: 'tick' })
  },
  online: signal('online'),
  offline: signal('offline'),
  visible: signal('visible'),
  hidden: signal('hidden'),
  resume: signal('resume'),
  'clock-jump': signal('clock-jump'),
  'other-user': signal('other-user'),
}

const stays = (phase: SessionState['phase']) => Object.fromEntries(Object.keys(inputs).map((input) => [input, phase])) as Cells
type Cells = Record<Input, SessionState['phase']>

const online: Cells = {
  connect: 'online',
  close: 'closed',
  'link opened': 'online',
  welcome: 'online',
  'welcome of another user': 'online',
  'refused frame': 'online',
  drain: 'waiting',
  pong: 'online',
  'retry band': 'waiting',
  'retry-after band': 'waiting',
  'refresh band': 'waiting',
  'terminal band': 'refused',
  'closed of an older link': 'online',
  'its deadline': 'online',
  online: 'online',
  offline: 'online',
  visible: 'online',
  hidden: 'online',
  resume: 'online',
  'clock-jump': 'online',
  'other-user': 'waiting',
}

const table: Record<Phase, Cells> = {
  idle: {
    connect: 'connecting',
    close: 'closed',
    'link opened': 'idle',
    welcome: 'idle',
    'welcome of another user': 'idle',
    'refused frame': 'idle',
    drain: 'idle',
    pong: 'idle',
    'retry band': 'idle',
    'retry-after band': 'idle',
    'refresh band': 'idle',
    'terminal band': 'idle',
    'closed of an older link': 'idle',
    'its deadline': 'idle',
    online: 'idle',
    offline: 'idle',
    visible: 'idle',
    hidden: 'idle',
    resume: 'idle',
    'clock-jump': 'idle',
    'other-user': 'idle',
  },
  connecting: {
    connect: 'connecting',
    close: 'closed',
    'link opened': 'connecting',
    welcome: 'online',
    'welcome of another user': 'refused',
    'refused frame': 'waiting',
    drain: 'connecting',
    pong: 'connecting',
    'retry band': 'waiting',
    'retry-after band': 'waiting',
    'refresh band': 'waiting',
    'terminal band': 'refused',
    'closed of an older link': 'connecting',
    'its deadline': 'waiting',
    online: 'connecting',
    offline: 'connecting',
    visible: 'connecting',
    hidden: 'connecting',
    resume: 'connecting',
    'clock-jump': 'connecting',
    'other-user': 'waiting',
  },
  online,
  'online, ping out': { ...online, 'its deadline': 'waiting' },
  waiting: {
    connect: 'connecting',
    close: 'closed',
    'link opened': 'waiting',
    welcome: 'waiting',
    'welcome of another user': 'waiting',
    'refused frame': 'waiting',
    drain: 'waiting',
    pong: 'waiting',
    'retry band': 'waiting',
    'retry-after band': 'waiting',
    'refresh band': 'waiting',
    'terminal band': 'waiting',
    'closed of an older link': 'waiting',
    'its deadline': 'connecting',
    online: 'connecting',
    offline: 'waiting',
    visible: 'connecting',
    hidden: 'waiting',
    resume: 'connecting',
    'clock-jump': 'connecting',
    'other-user': 'waiting',
  },
  refused: { ...stays('refused'), connect: 'connecting', close: 'closed' },
  closed: stays('closed'),
}

describe('L9 R26: the session', () => {
  const cells = Object.entries(table).flatMap(([phase, row]) =>
    Object.entries(row).map(([input, next]) => [phase as Phase, input as Input, next] as const),
  )
  it.each(cells)('%s, %s: %s', (phase, input, next) => {
    const core = phases[phase]()
    inputs[input](core)
    expect(core.state().session.phase).toBe(next)
  })

  it('R26: says hello first and nothing else before `welcome`', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    core.dispatch({ kind: 'send', conversation: 'c', localId: 'a', content: 1, bytes: 1 })
    core.dispatch({ kind: 'connect' })
    core.dispatch({ kind: 'link-opened', link: 1 })
    expect(core.effects('transmit').flatMap(({ frames }) => frames.map(({ type }) => type))).toEqual(['hello'])
    expect(core.sent('hello')).toMatchObject([{ user: 'me', lane: 'lane', link: 1 }])
  })

  it('R26: the link number rises with every link, and `refused` begins anew above it', () => {
    const core = phases.refused()
    core.dispatch({ kind: 'connect' })
    expect(core.effects('open').map(({ link }) => link)).toEqual([1, 2])
  })

  it('frames and closes of an older link change nothing', () => {
    const core = phases.waiting()
    core.wait(60_000)
    core.online()
    const before = core.state()
    core.dispatch({ kind: 'link-frames', link: 1, frames: [{ type: 'drain', retryAfterMs: 1 }] })
    expect(core.state().session).toBe(before.session)
  })

  it('waits double from 0.5 s to 30 s with full jitter', () => {
    const core = drivenCore()
    core.roll = 1
    core.dispatch({ kind: 'connect' })
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      closedWith(core, { band: 'retry', code: 'network' })
      waits.push(core.state().wakeAtMs - core.nowMs())
      core.wait(waits.at(-1) as number)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    core.roll = 0
    closedWith(core, { band: 'retry', code: 'network' })
    expect(core.state().wakeAtMs).toBe(core.nowMs())
  })

  it('after an attempt that hung waits for half as long at most: it has waited already', () => {
    const core = drivenCore()
    core.roll = 1
    core.dispatch({ kind: 'connect' })
    for (let i = 0; i < 7; i++) {
      closedWith(core, { band: 'retry', code: 'network' })
      core.wait(30_000)
    }
    closedWith(core, { band: 'retry', code: 'network' })
    core.wait(core.state().wakeAtMs - core.nowMs())
    const hungMs = core.nowMs()
    core.forget()
    // A transport of two paths has the same patience, and comes first.
    const { session } = core.state()
    const left: CoreEvent = { kind: 'link-closed', link: session.link as number, why: { band: 'retry', code: 'silent' } }
    const [state] = step(core.state(), left, { nowMs: hungMs + 15_000, wallMs: 0, roll: 1 })
    expect(state.session).toMatchObject({ phase: 'waiting', why: 'silent', dueMs: hungMs + 15_000 + 16_000 })
    while (core.effects('open').length === 0) core.wait(core.state().wakeAtMs - core.nowMs())
    expect(core.reports('reconnecting')).toMatchObject([{ why: 'connect-timeout' }])
    expect(core.nowMs() - hungMs).toBe(15_000 + 16_000)
  })

  it('does not grow where the time to come back was told: who told it has thought of that', () => {
    const core = drivenCore()
    core.online()
    core.roll = 0.99
    for (let i = 0; i < 6; i++) {
      closedWith(core, { band: 'retry-after', code: 'better-way', retryAfterMs: 0 })
      core.wait(500)
      expect(core.state().session.phase).toBe('connecting')
    }
  })

  it('is none where the link has moved to another tab, however often', () => {
    const core = phases.online()
    for (let i = 0; i < 6; i++) {
      closedWith(core, { band: 'retry-after', code: 'moved', retryAfterMs: 0 })
      expect(core.state().session.phase).toBe('connecting')
    }
    expect(core.reports('reconnecting').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it("keeps a server's hint as a floor and jitters on top", () => {
    const core = phases.online()
    core.roll = 0.5
    closedWith(core, { band: 'retry-after', code: 'overloaded', retryAfterMs: 7_000 })
    expect(core.state().wakeAtMs - core.nowMs()).toBe(7_250)
  })

  it("is not hurried past a server's hint by somebody who comes back to the page", () => {
    const core = phases.online()
    closedWith(core, { band: 'retry-after', code: 'overloaded', retryAfterMs: 7_000 })
    core.dispatch({ kind: 'signal', signal: 'visible' })
    core.dispatch({ kind: 'connect' })
    expect(core.state().session.phase).toBe('waiting')
    expect(core.state().wakeAtMs - core.nowMs()).toBe(7_000)
    core.wait(7_000)
    expect(core.state().session.phase).toBe('connecting')
  })

  it('a link that hangs while it opens is let go when the network comes back, and a new one opens at once', () => {
    const core = phases.connecting()
    const { link } = core.state().session as { link: number }
    core.forget()
    core.dispatch({ kind: 'signal', signal: 'visible' })
    expect(core.effects('open')).toEqual([])
    core.dispatch({ kind: 'signal', signal: 'online' })
    expect([core.effects('close'), core.effects('open')]).toEqual([[{ kind: 'close' }], [{ kind: 'open', link: link + 1 }]])
    expect(core.reports('reconnecting')).toMatchObject([{ why: 'network' }])
    closedWith(core, { band: 'retry', code: 'network' }, 1)
    expect(core.state().session).toMatchObject({ phase: 'connecting', link: link + 1 })
  })

  it('a link is let go when another user is signed in, and the log says why', () => {
    const core = phases.online()
    core.dispatch({ kind: 'signal', signal: 'other-user' })
    expect(core.state().session).toMatchObject({ phase: 'waiting', why: 'other-user' })
  })

  it('a link that lived 5 s begins the waits anew, a shorter one does not', () => {
    const attempts = (livedMs: number) => {
      const core = drivenCore()
      for (let i = 0; i < 3; i++) {
        core.online()
        core.wait(livedMs)
        core.offline()
        core.wait(60_000 - livedMs)
        closedWith(core, { band: 'retry', code: 'network' })
      }
      core.online()
      core.wait(livedMs)
      core.offline()
      const { session } = core.state()
      return session.phase === 'waiting' ? session.attempt : -1
    }
    expect(attempts(timing.goodLinkMs)).toBe(1)
    expect(attempts(timing.goodLinkMs - 1)).toBeGreaterThan(3)
  })

  it('gives up after three refused tokens in a row; a welcome forgives them', () => {
    const core = drivenCore()
    for (let i = 0; i < 2; i++) {
      core.dispatch({ kind: 'connect' })
      closedWith(core, { band: 'refresh', code: 'token-expired' })
    }
    core.online()
    for (let i = 0; i < 2; i++) {
      closedWith(core, { band: 'refresh', code: 'token-expired' })
      expect(core.state().session.phase).toBe('waiting')
      core.dispatch({ kind: 'connect' })
    }
    closedWith(core, { band: 'refresh', code: 'token-expired' })
    expect(core.state().session).toMatchObject({ phase: 'refused', code: 'token-expired' })
  })

  it('asks for a fresh token soon after a refusal, however long the server was away before', () => {
    const core = phases.online()
    core.roll = 1
    for (let i = 0; i < 8; i++) {
      closedWith(core, { band: 'retry', code: 'network' })
      core.wait(core.state().wakeAtMs - core.nowMs())
    }
    const waits = () => {
      closedWith(core, { band: 'refresh', code: 'unauthorized' })
      const waitsMs = core.state().wakeAtMs - core.nowMs()
      core.wait(waitsMs)
      return waitsMs
    }
    expect([waits(), waits()]).toEqual([500, 1_000])
  })

  it('R26: a `refused` frame acts by the band of its code, as the close behind it would', () => {
    const refused = (core: DrivenCore, code: string) => {
      core.dispatch({ kind: 'connect' })
      core.hear({ type: 'refused', code })
      return core.state().session
    }
    for (const code of ['wrong-user', 'unsupported-version', 'superseded']) {
      expect(refused(drivenCore(), code)).toMatchObject({ phase: 'refused', code })
    }
    const core = drivenCore()
    expect(refused(core, 'unauthorized')).toMatchObject({ phase: 'waiting', refreshes: 1 })
    expect(refused(core, 'unauthorized')).toMatchObject({ phase: 'waiting', refreshes: 2 })
    expect(refused(core, 'unauthorized')).toMatchObject({ phase: 'refused', code: 'unauthorized' })
    expect(refused(drivenCore(), 'a word of a later version')).toMatchObject({ phase: 'waiting' })
    expect(refused(drivenCore(), 'constructor')).toMatchObject({ phase: 'waiting' })
  })

  it('tells the log why a link ended, where the transport says it, and that no other follows', () => {
    const core = phases.connecting()
    closedWith(core, { band: 'terminal', code: 'no-websocket', reason: 'Install ws.' })
    const warnings = core.effects('report').map(({ report }) => report)
    expect(warnings).toMatchObject([
      { kind: 'warning', text: 'Install ws.', fields: { code: 'no-websocket' } },
      { kind: 'warning', fields: { code: 'no-websocket' } },
    ])
  })

  it('pings at the heartbeat and leaves a link that says nothing for 10 s; any frame proves it', () => {
    const core = phases.online()
    core.wait(25_000)
    expect(core.sent('ping')).toHaveLength(1)
    core.hear({ type: 'people', people: [] })
    core.wait(10_000)
    expect(core.state().session.phase).toBe('online')
    core.wait(15_000 + 9_999)
    expect(core.state().session.phase).toBe('online')
    core.wait(1)
    expect(core.state().session).toMatchObject({ phase: 'waiting', why: 'silent' })
    expect(core.effects('close')).toEqual([{ kind: 'close' }])
  })

  it.each(['online', 'offline', 'visible', 'resume', 'clock-jump'] as const)('%s probes a link within 4 s', (name) => {
    const core = phases.online()
    signal(name)(core)
    expect(core.sent('ping')).toHaveLength(1)
    core.wait(4_000)
    expect(core.state().session).toMatchObject({ phase: 'waiting', why: 'silent' })
  })

  it('takes limits of the server that are lower, never higher, and bounds its heartbeat', () => {
    const core = drivenCore()
    core.online({ heartbeatMs: 1, limits: { followed: 1_000, window: 2, contentBytes: 0, pageRows: 1_000_000 } })
    expect(core.state().session).toMatchObject({
      heartbeatMs: 1_000,
      limits: { followed: 50, window: 2, contentBytes: 1, pageRows: 100 },
    })
  })

  it('L11: after close nothing wakes and nothing is answered', () => {
    const core = phases.closed()
    core.forget()
    core.dispatch({ kind: 'watch', conversation: 'x' })
    core.dispatch({ kind: 'tick' })
    expect(core.effects('load')).toEqual([])
    expect(core.state()).toMatchObject({ wakeAtMs: Number.POSITIVE_INFINITY, conversations: [] })
    const typing = phases.online()
    typing.dispatch({ kind: 'set-typing', conversation: 'x', on: true })
    typing.dispatch({ kind: 'close' })
    expect(typing.state().wakeAtMs).toBe(Number.POSITIVE_INFINITY)
  })
})
