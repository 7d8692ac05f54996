/** What tabs of one user tell each other of what waits in them, over a browser of fakes. */
import { describe, expect, it } from 'vitest'
import type { LinkFrame, Waiting } from '../../ports/transport.js'
import { fakeBrowser } from '../../testing/world/browser.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { way } from '../../../test/fakes/way.js'
import { shared } from './index.js'

type Entries = ReturnType<Waiting['outbox']['get']>
type Phase = { readonly phase: string }

/** A value that tells whoever listens. */
function cell<T>(value: T) {
  const listeners = new Set<(value: T) => void>()
  return {
    get: () => value,
    subscribe(run: (value: T) => void) {
      listeners.add(run)
      run(value)
      return () => void listeners.delete(run)
    },
    set(next: T) {
      value = next
      for (const each of [...listeners]) each(next)
    },
    listeners,
  }
}

function setUp() {
  const clock = virtualClock()
  const browser = fakeBrowser(clock)
  const pass = (ms = 20) => clock.advance(ms)
  /** A tab that shows what it is told by its last link. */
  function enter(user = 'ann') {
    const fake = browser.tab()
    const transport = shared(way('inner').transport, { tabs: fake.tabs, clock: fake.clock })
    const [session, outbox] = [cell<Phase>({ phase: 'waiting' }), cell<Entries>([])]
    const timeline = { atLatest: true, messages: [] as { localId: string; finality: string }[] }
    const shown: LinkFrame[] = []
    const client: Waiting = { user, session, outbox, conversation: () => ({ timeline: cell(timeline) }) }
    const to = { owner: client, opened() {}, frame: (frame: LinkFrame) => shown.push(frame), closed() {} }
    const connect = () => transport.open(to).close()
    connect()
    /** All that waits here now. */
    const waits = (...localIds: string[]) => {
      timeline.messages = timeline.messages.filter(({ finality }) => finality === 'final')
      timeline.messages.push(...localIds.map((localId) => ({ localId, finality: 'provisional' })))
      outbox.set(localIds.map((localId) => ({ localId, conversation: 'c', content: localId, status: 'queued' })))
      pass()
    }
    const told = () => shown.splice(0).map((frame) => `${frame.type} ${'localId' in frame ? frame.localId : ''}`)
    return { fake, transport, client, session, outbox, timeline, connect, waits, told }
  }
  return { browser, clock, pass, enter }
}

describe('R18: what waits in a tab', () => {
  it('is told to the others as it comes and goes, and to who comes later', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a')
    here.waits('a', 'b')
    expect([here.told(), there.told()]).toEqual([[], ['provisional a', 'provisional b']])
    const late = enter()
    pass()
    expect(late.told()).toEqual(['provisional a', 'provisional b'])
    there.told()
    here.waits('b')
    for (const each of [there, late]) expect(each.told()).toEqual(['withdrawn a'])
  })

  it('is left to the log once that has it, or where it cannot be seen whether', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a', 'b')
    there.told()
    here.timeline.messages.push({ localId: 'a', finality: 'final' })
    here.waits('b')
    here.timeline.atLatest = false
    here.waits()
    there.session.set({ phase: 'connecting' })
    pass(1_900)
    expect(there.told()).toEqual([])
  })

  it('and that the log has is withdrawn two seconds later: it may stand below what is held here', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a', 'b')
    there.told()
    here.timeline.messages.push({ localId: 'a', finality: 'final' })
    here.waits('b')
    there.session.set({ phase: 'connecting' })
    pass(1_900)
    expect(there.told()).toEqual(['provisional b'])
    pass(100)
    there.session.set({ phase: 'online' })
    expect(there.told()).toEqual(['withdrawn a', 'provisional b'])
  })

  it('and waits again, the log having lost it, is not withdrawn', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a')
    here.timeline.messages.push({ localId: 'a', finality: 'final' })
    here.waits()
    here.timeline.messages.length = 0
    here.waits('a')
    pass(2_000)
    expect(there.told()).not.toContain('withdrawn a')
  })

  it('asks no lock for what the log has, and L11: leaves no timer when its client is closed', () => {
    const { browser, clock, pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a')
    const locks = browser.locks()
    here.timeline.messages.push({ localId: 'a', finality: 'final' })
    here.waits()
    expect(browser.locks()).toBe(locks)
    there.session.set({ phase: 'closed' })
    there.told()
    clock.advance(5_000)
    expect(there.told()).toEqual([])
  })

  it('is withdrawn when it fails or is being taken back, though it is in the outbox still', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a', 'b')
    there.told()
    here.outbox.set(here.outbox.get().map((each) => (each.localId === 'a' ? { ...each, status: 'failed' } : each)))
    here.timeline.messages = here.timeline.messages.filter(({ localId }) => localId !== 'b')
    here.outbox.set(here.outbox.get().slice())
    pass()
    expect(there.told()).toEqual(['withdrawn a', 'withdrawn b'])
    here.waits('a')
    expect(there.told()).toEqual(['provisional a'])
  })

  it('is shown again with every change of the session, for a link that began may have doubted it, and by the newest link', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    here.waits('a')
    there.told()
    const newest: LinkFrame[] = []
    const link = there.transport.open({ owner: there.client, opened() {}, frame: (frame) => newest.push(frame), closed() {} })
    there.session.set({ phase: 'online' })
    expect([there.told(), newest.length]).toEqual([[], 1])
    link.send({ type: 'open', request: 1, conversation: 'c' })
    expect(newest).toMatchObject([{ localId: 'a' }, { localId: 'a' }])
  })

  it('of a tab that is gone is withdrawn after two seconds, but what an heir has told as its own', () => {
    const { pass, enter } = setUp()
    const [here, heir, there] = [enter(), enter(), enter()]
    pass()
    here.waits('a', 'b')
    here.fake.kill()
    pass(1_000)
    heir.waits('a')
    there.told()
    pass(2_000)
    expect(there.told()).toEqual(['withdrawn b'])
  })

  it('is no concern of another user, and what another build says is ignored', () => {
    const { browser, pass, enter } = setUp()
    const [here, there] = [enter(), enter('ben')]
    pass()
    for (const data of [null, {}, { kind: 'waits' }, { kind: 'later', from: 'x' }])
      browser
        .tab()
        .tabs.channel('chatloom:["chatloom","ben"]/waits', () => {})
        .post(data)
    here.waits('a')
    expect(there.told()).toEqual([])
  })

  it('L11: is no more than 256, and of a closed client nothing is left', () => {
    const { browser, pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    here.connect()
    pass()
    here.waits(...Array.from({ length: 300 }, (_, i) => `${i}`))
    expect(there.told()).toHaveLength(256)
    here.session.set({ phase: 'closed' })
    pass(5_000)
    expect([here.session.listeners.size, here.outbox.listeners.size]).toEqual([0, 0])
    expect(there.told()).toHaveLength(256)
    there.session.set({ phase: 'closed' })
    expect(browser.locks()).toBe(0)
  })

  it.each(['closed', 'faulted'])('L11: of a client that is %s no lock and no listener is left', (phase) => {
    const { browser, pass, enter } = setUp()
    const here = enter()
    pass()
    here.waits('a')
    here.session.set({ phase })
    pass(5_000)
    expect([here.session.listeners.size, here.outbox.listeners.size, browser.locks()]).toEqual([0, 0, 0])
  })

  it('L10: is not shown to another client that takes the transport over, and again to its own', () => {
    const { pass, enter } = setUp()
    const [here, there] = [enter(), enter()]
    pass()
    const shown: LinkFrame[] = []
    const user = 'ben'
    there.transport.open({ owner: { ...there.client, user }, opened() {}, frame: (frame) => shown.push(frame), closed() {} })
    here.waits('a')
    expect([shown, there.told()]).toEqual([[], []])
    there.connect()
    here.waits('a', 'b')
    expect(there.told()).toEqual(['provisional b'])
  })

  it('L11: nothing is remembered of a tab that is gone: one that is heard again is waited for again', () => {
    const { browser, pass, enter } = setUp()
    const there = enter()
    pass()
    const locks = browser.locks()
    const ghost = browser.tab().tabs.channel('chatloom:["chatloom","ann"]/waits', () => {})
    const frame = { type: 'provisional', conversation: 'c', author: 'ann', localId: 'a', content: 'a', at: 0 }
    const haunt = () => {
      ghost.post({ kind: 'waits', from: 'ghost', frames: [frame] })
      pass(5_000)
    }
    haunt()
    haunt()
    expect(there.told()).toEqual(['provisional a', 'withdrawn a', 'provisional a', 'withdrawn a'])
    expect(browser.locks()).toBe(locks)
  })
})
