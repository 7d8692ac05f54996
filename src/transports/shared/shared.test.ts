/** Who holds the link of several tabs, what reaches whom, and what happens when the holder closes, sleeps or dies. */
import { describe, expect, it, vi } from 'vitest'
import { type FakeTab, fakeBrowser } from '../../testing/world/browser.js'
import { mockGaps, mockGround } from '../../../test/fakes/mock-ground.js'
import { at, type Opening, way } from '../../../test/fakes/way.js'
import type { LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame, Welcome } from '../../protocol/frames.js'
import { record } from '../../testing/transport-cases/ground.js'
import { type TransportGround, transportSuite } from '../../testing/transport-suite.js'
import { seeded } from '../../testing/seeded.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { systemClock } from '../../ports/system-clock.js'
import { finality } from '../finality/index.js'
import { type LockEvents, shared } from './index.js'
import { browserTabs } from './tabs.js'

const hello = (user = 'ann', lane = 'own'): ClientFrame => ({ type: 'hello', version: 1, user, device: 'd', lane, link: 3 })
const welcome = { type: 'welcome', user: 'ann', time: 1_000, features: ['after'], limits: { followed: 3 } } as never as Welcome
/** As others than the holder are told. */
const cached = { ...welcome, features: ['after', 'cached'] }
const open = (conversation: string, request = 1): ClientFrame => ({ type: 'open', request, conversation })
const operation = (localId: string): ClientFrame => ({
  type: 'operation',
  conversation: 'c',
  localId,
  try: 1,
  operation: { kind: 'send', content: 'hi' },
})
const failed = (request: number): ServerFrame => ({ type: 'failed', request, code: 'not-found' })
const typing: ServerFrame = { type: 'typing', conversation: 'c', user: 'bob', on: true }

interface Person {
  readonly tab: FakeTab
  readonly openings: Opening[]
  readonly frames: LinkFrame[]
  readonly ends: { readonly code: string; readonly band: string }[]
  send(frame: ClientFrame): void
  close(): void
  /** A new link in the same tab. */
  reopen(): void
}

/** `alike`: chance draws the same in every tab. */
function setUp(chance: 'alike' | 'free' = 'free') {
  const clock = virtualClock()
  const browser = fakeBrowser(clock)
  const pass = async (ms = 20) => {
    for (let i = 0; i < 6; i++) await null
    for (const untilMs = clock.now() + ms; clock.now() < untilMs; ) {
      clock.advance(1)
      for (let i = 0; i < 6; i++) await null
    }
  }
  /** A tab whose client opens a link and says hello. */
  async function enter(user = 'ann', name?: string, lockMs = 0): Promise<Person> {
    const tab = browser.tab(lockMs)
    const { transport: inner, openings } = way('inner')
    const transport: Transport = shared(inner, {
      tabs: tab.tabs,
      clock: chance === 'alike' ? { ...tab.clock, roll: () => 0 } : tab.clock,
      name,
    })
    const frames: LinkFrame[] = []
    const ends: Person['ends'][number][] = []
    const begin = () =>
      transport.open({ opened: () => link.send(hello(user)), frame: (frame) => frames.push(frame), closed: (why) => ends.push(why) })
    let link = begin()
    await pass()
    const reopen = () => {
      link = begin()
    }
    return { tab, openings, frames, ends, send: (frame) => link.send(frame), close: () => link.close(), reopen }
  }
  /** A holder that was welcomed, and others that came later. */
  async function family(count: number) {
    const people: Person[] = []
    for (let i = 0; i < count; i++) {
      people.push(await enter())
      if (i > 0) continue
      at((people[0] as Person).openings).opened()
      at((people[0] as Person).openings).frame(welcome)
    }
    await pass()
    return people as [Person, Person, ...Person[]]
  }
  return { browser, clock, pass, enter, family }
}

/** Opened when welcomed, so that the suite finds a link that carries; the greeting is hidden from it. */
function greeted(transport: Transport): Transport {
  const open: Transport['open'] = (to) => {
    let isWelcome = false
    const link = transport.open({
      opened: () => link.send(hello()),
      frame(frame) {
        if (isWelcome || frame.type !== 'welcome') return to.frame(frame)
        isWelcome = true
        to.opened()
      },
      closed: to.closed,
    })
    return { send: (frame) => isWelcome && link.send(frame), close: link.close }
  }
  return { name: transport.name, open }
}

/** The suite's links are those of a tab that comes when `others` are there already. */
async function ground(others: number): Promise<TransportGround> {
  const { transport, server } = mockGround()
  const browser = fakeBrowser(systemClock)
  const enter = () => {
    const { tabs, clock } = browser.tab()
    return greeted(shared(transport, { tabs, clock }))
  }
  for (let i = 0; i < others; i++) await record(enter()).opened()
  const received: TransportGround['server']['received'] = async (count) => {
    const isOwn = (frame: ClientFrame) => frame.type !== 'hello'
    for (let seen = 1; ; seen++) {
      const own = (await server.received(seen)).filter(isOwn)
      if (own.length >= count) return own
    }
  }
  return { transport: enter(), server: { ...server, received } }
}

for (const [role, others] of [
  ['the holder', 0],
  ['another tab', 2],
] as const) {
  describe(`the transport suite over ${role} of a shared link`, () => {
    const cases = transportSuite(() => ground(others), { gaps: mockGaps })
    // A link that was superseded is a remnant's: this tab comes back.
    for (const { name, run } of cases) if (!name.endsWith('superseded')) it(name, run)
  })
}

const server = (person: Person) => at(person.openings)

/** As its session does when its link has ended. */
function comeBack(person: Person) {
  if (person.ends.splice(0).length > 0) person.reopen()
}

it.each<[what: string, transport: unknown]>([
  ['nothing', undefined],
  ['a list', [way('a').transport]],
  ['what is no transport', { name: 'a' }],
  ['finality, which is made of shared paths', finality({ fast: way('a').transport })],
])('%s is refused at the call, in a sentence', (_, transport) => {
  const refused = expect.objectContaining({
    code: 'bad-argument',
    message: 'shared failed: check transport; share the paths of finality instead, each by a name.',
  })
  expect(() => shared(transport as Transport)).toThrow(refused)
})

describe('the link', () => {
  it('is one for all tabs of a user; each is welcomed, with the time as it is by then', async () => {
    const { clock, enter, pass } = setUp()
    const first = await enter()
    server(first).opened()
    const lane = expect.stringMatching(/^shared\./)
    expect(server(first).sent).toEqual([{ ...hello(), device: lane, lane, link: 1 }])
    server(first).frame(welcome)
    const welcomedMs = clock.now()
    await pass(500)
    const second = await enter()
    expect([first.openings.length, second.openings.length]).toEqual([1, 0])
    expect(first.frames).toEqual([{ type: 'via', via: 'inner' }, welcome])
    const [told] = second.frames as [Welcome]
    expect(told).toEqual({ ...cached, time: expect.any(Number) })
    expect(told.time - 1_000).toBeGreaterThanOrEqual(500)
    expect(told.time - 1_000).toBeLessThanOrEqual(clock.now() - welcomedMs)
  })

  it('welcomes who came while it was being opened', async () => {
    const { enter, pass } = setUp()
    const [first, second] = [await enter(), await enter()]
    server(first).opened()
    server(first).frame(welcome)
    await pass()
    expect(second.frames).toEqual([cached])
  })

  it('welcomes each of many tabs that come in one millisecond, with the coarse chance of a machine', async () => {
    const clock = virtualClock()
    const [browser, chance] = [fakeBrowser(clock), seeded(1)]
    const { transport: inner, openings } = way('inner')
    const roll = () => Math.floor(chance() * 256) / 256
    const told: string[][] = Array.from({ length: 60 }, () => [])
    for (const own of told) {
      const { tabs, clock } = browser.tab()
      const to = { opened: () => link.send(hello()), frame: ({ type }: LinkFrame) => own.push(type), closed() {} }
      const link = shared(inner, { tabs, clock: { ...clock, roll } }).open(to)
    }
    const pass = async () => {
      for (const untilMs = clock.now() + 20; clock.now() < untilMs; clock.advance(1)) for (let i = 0; i < 6; i++) await null
    }
    await pass()
    at(openings).opened()
    at(openings).frame(welcome)
    await pass()
    expect(told.filter((own) => !own.includes('welcome'))).toEqual([])
  })

  it('carries for a tab whose locks come late', async () => {
    const { enter, pass } = setUp()
    const first = await enter()
    server(first).opened()
    server(first).frame(welcome)
    const second = await enter('ann', undefined, 10)
    await pass()
    second.send(open('c'))
    await pass()
    expect([second.frames.length, server(first).sent.at(-1)?.type]).toEqual([1, 'open'])
  })

  it('is not shared with another user, nor under another name', async () => {
    const { enter } = setUp()
    const people = [await enter('ann'), await enter('bob'), await enter('ann', 'other')]
    expect(people.map(({ openings }) => openings.length)).toEqual([1, 1, 1])
  })

  it('is each tab its own where the browser refuses channels', () => {
    vi.stubGlobal('navigator', { locks: {} })
    expect(browserTabs()).toBeDefined()
    vi.stubGlobal('BroadcastChannel', () => {
      throw new Error('The operation is insecure.')
    })
    expect(browserTabs()).toBeUndefined()
    vi.unstubAllGlobals()
  })

  it('is each tab its own where there are no locks or channels', () => {
    const { transport, openings } = way('inner')
    record(shared(transport))
    expect(openings).toHaveLength(1)
  })

  it('gives an answer to who asked, and everything else to all, in order', async () => {
    const { family, pass } = setUp()
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    for (const person of [first, second, third]) {
      person.frames.length = 0
      person.send(open('c', 7))
    }
    await pass()
    const asked = server(first).sent.filter(({ type }) => type === 'open') as { request: number }[]
    expect(new Set(asked.map(({ request }) => request)).size).toBe(3)
    server(first).frame(failed(asked[1]?.request as number))
    server(first).frame(typing)
    server(first).frame(failed(asked[2]?.request as number))
    server(first).frame(failed(asked[0]?.request as number))
    await pass()
    expect([first.frames, second.frames, third.frames]).toEqual([
      [typing, failed(7)],
      [failed(7), typing],
      [typing, failed(7)],
    ])
  })

  it('R24: asks for the list with the rows of what is followed, because another seat may not follow it', async () => {
    const { family, pass } = setUp()
    const [first, second] = await family(2)
    second.send({ type: 'inbox', request: 4, cursor: 'x' })
    await pass()
    expect(server(first).sent.at(-1)).toMatchObject({ type: 'inbox', cursor: 'x', followed: true })
  })

  it('follows what any seat follows, and no longer than one does', async () => {
    const { family, pass } = setUp()
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    const unfollowed = () => server(first).sent.flatMap((frame) => (frame.type === 'unfollow' ? [frame.conversation] : []))
    for (const person of [first, second]) person.send(open('both'))
    second.send(open('mine'))
    third.send(open('late'))
    await pass()
    first.send({ type: 'unfollow', conversation: 'both' })
    await pass()
    expect(unfollowed()).toEqual([])
    second.send({ type: 'unfollow', conversation: 'both' })
    await pass()
    expect(unfollowed()).toEqual(['both'])
    second.close()
    await pass()
    expect(unfollowed()).toEqual(['both', 'mine'])
    third.tab.kill()
    await pass()
    expect(unfollowed()).toEqual(['both', 'mine', 'late'])
  })

  it('follows no more than the server allows: what was asked for longest ago gives way, and may be asked for again', async () => {
    const { family, pass } = setUp()
    const [first, second] = await family(2)
    const sent = () => server(first).sent.flatMap((frame) => ('conversation' in frame ? [`${frame.type} ${frame.conversation}`] : []))
    for (const id of ['a', 'b', 'c']) first.send(open(id))
    first.send(open('a'))
    second.send(open('d'))
    await pass()
    expect(sent().slice(4)).toEqual(['unfollow b', 'open d'])
    first.send(open('b'))
    first.send({ type: 'unfollow', conversation: 'c' })
    await pass()
    expect(sent().slice(6)).toEqual(['unfollow c', 'open b'])
  })

  it('hands over what was sent in the turn of close', async () => {
    const { family, pass } = setUp()
    const [first, second] = await family(2)
    second.send(operation('x'))
    second.close()
    await pass()
    expect(server(first).sent.at(-1)).toEqual(operation('x'))
  })
})

describe('a page that may not have locks', () => {
  it('holds a link of its own, and comes back no more often than that ends', async () => {
    const { browser, pass } = setUp()
    const { tabs, clock } = browser.tab()
    const lock = (_: string, { lost }: LockEvents) => {
      queueMicrotask(() => lost?.())
      return () => {}
    }
    const refusing = { ...tabs, lock }
    const { transport: inner, openings } = way('inner')
    const transport = shared(inner, { tabs: refusing, clock })
    const ends: unknown[] = []
    const frames: LinkFrame[] = []
    const link = transport.open({ opened: () => link.send(hello()), frame: (frame) => frames.push(frame), closed: (why) => ends.push(why) })
    await pass()
    at(openings).opened()
    at(openings).frame(welcome)
    await pass(120_000)
    expect([openings.length, ends, frames.map(({ type }) => type)]).toEqual([1, [], ['via', 'welcome']])
    at(openings).closed({ band: 'retry', code: 'network' })
    await pass()
    expect(ends).toEqual([{ band: 'retry', code: 'network' }])
    expect(browser.locks()).toBe(0)
  })
})

describe('the end of the holder', () => {
  it('its link ends: every tab hears why', async () => {
    const { family, pass } = setUp()
    const people = await family(3)
    server(people[0]).closed({ band: 'refresh', code: 'token-expired' })
    await pass()
    expect(people.map(({ ends }) => ends)).toEqual(people.map(() => [{ band: 'refresh', code: 'token-expired' }]))
  })

  it('L10: the server refuses this user, as after an account switch: every tab is told at once, and none comes back by itself', async () => {
    const { enter, pass } = setUp()
    const people = [await enter(), await enter(), await enter()] as const
    server(people[0]).opened()
    server(people[0]).frame({ type: 'refused', code: 'wrong-user' })
    await pass()
    expect(people.map(({ ends }) => ends)).toEqual(people.map(() => [{ band: 'terminal', code: 'wrong-user' }]))
    expect(people.map(({ openings }) => openings.length)).toEqual([1, 0, 0])
  })

  it('it was outdone by a later link than any that is known here: it comes back in another lane', async () => {
    const { enter, pass } = setUp()
    const person = await enter()
    server(person).opened()
    const { lane } = server(person).sent[0] as { lane: string }
    server(person).closed({ band: 'terminal', code: 'superseded' })
    await pass()
    person.reopen()
    await pass()
    server(person).opened()
    expect(server(person).sent[0]).toMatchObject({ lane: expect.not.stringContaining(lane), link: 1 })
  })

  it.each(['close', 'kill'] as const)(
    '%s: the others come back at once, one of them holds, in the same lane with the next number',
    async (how) => {
      const { family, pass } = setUp()
      const [first, second, third] = (await family(3)) as [Person, Person, Person]
      const { lane } = server(first).sent[0] as { lane: string }
      if (how === 'close') first.close()
      else first.tab.kill()
      await pass()
      for (const { ends } of [second, third]) expect(ends).toEqual([{ band: 'retry-after', code: 'moved', retryAfterMs: 0 }])
      second.reopen()
      third.reopen()
      await pass()
      const holders = [second, third].filter(({ openings }) => openings.length > 0)
      expect(holders).toHaveLength(1)
      server(holders[0] as Person).opened()
      expect(server(holders[0] as Person).sent[0]).toMatchObject({ device: lane, lane, link: 2 })
    },
  )

  it('asleep: within 15 s another takes the lock by force, once; awake again it comes back as one of the others', async () => {
    const { browser, family, pass } = setUp()
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    first.tab.freeze()
    for (let i = 0; i < 150; i++) {
      await pass(100)
      for (const person of [second, third]) comeBack(person)
    }
    expect(browser.steals.count).toBe(1)
    const holder = second.openings.length > 0 ? second : third
    server(holder).opened()
    server(holder).frame(welcome)
    first.tab.thaw()
    await pass()
    expect([first.ends.map(({ code }) => code), server(first).isClosed]).toEqual([['moved'], true])
    first.reopen()
    await pass(120_000)
    expect([browser.steals.count, first.openings.length]).toEqual([1, 1])
    expect(first.frames.at(-1)).toMatchObject({ type: 'welcome' })
  })

  it('frozen, but told before: it leaves at once, and nobody uses force', async () => {
    const { browser, family, pass } = setUp()
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    first.tab.doze('told')
    await pass()
    expect([first, second, third].map(({ ends }) => ends.map(({ code }) => code))).toEqual([['asleep'], ['moved'], ['moved']])
    second.reopen()
    await pass()
    expect([second.openings.length, browser.steals.count]).toEqual([1, 0])
  })

  it('frozen so that it still answers and passes on, but its timers stand still: the lock is taken by force within 15 s', async () => {
    const { browser, family, pass } = setUp()
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    first.tab.doze('untold')
    for (let i = 0; i < 14; i++) {
      second.send(operation(`${i}`))
      await pass(1_000)
      for (const person of [second, third]) comeBack(person)
    }
    expect(browser.steals.count).toBe(1)
    expect([second, third].map(({ openings }) => openings.length).sort()).toEqual([0, 1])
  })

  it('asleep, and so is who is next in the queue for the lock: whoever uses force holds it', async () => {
    const { browser, family, pass } = setUp()
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    for (const { tab } of [first, second]) tab.freeze()
    for (let i = 0; i < 15; i++) {
      await pass(1_000)
      comeBack(third)
    }
    expect([browser.steals.count, second.openings.length, third.openings.length]).toEqual([1, 0, 1])
  })

  it('asleep: when all others notice in the same moment, one uses force', async () => {
    const { browser, family, pass } = setUp('alike')
    const [first, ...others] = (await family(4)) as [Person, Person, Person]
    first.tab.freeze()
    await pass(10_500)
    for (const person of others) person.reopen()
    await pass()
    expect([browser.steals.count, others.map(({ openings }) => openings.length).sort()]).toEqual([1, [0, 0, 1]])
  })

  it('asleep, and so is who was about to use force: another takes over all the same', async () => {
    const { browser, family, pass } = setUp('alike')
    const [first, second, third] = (await family(3)) as [Person, Person, Person]
    const licence = second.tab.tabs.lock('chatloom:["chatloom","ann"]/licence', { held() {}, lost() {} })
    await pass()
    for (const { tab } of [first, second]) tab.freeze()
    await pass(15_000)
    expect([licence, browser.steals.count]).toEqual([expect.any(Function), 0])
    await pass(6_000)
    comeBack(third)
    await pass()
    // The licence, then the link.
    expect([browser.steals.count, third.openings.length]).toEqual([2, 1])
  })

  it('awake but idle it is left alone', async () => {
    const { browser, family, pass } = setUp()
    const people = await family(3)
    await pass(120_000)
    expect([browser.steals.count, people.flatMap(({ ends }) => ends)]).toEqual([0, []])
  })

  it('superseded by a remnant it comes back, whether by a frame or by the end of the link', async () => {
    for (const how of ['frame', 'closed'] as const) {
      const { enter, pass } = setUp()
      const person = await enter()
      server(person).opened()
      if (how === 'frame') server(person).frame({ type: 'refused', code: 'superseded' })
      else server(person).closed({ band: 'terminal', code: 'superseded' })
      await pass()
      expect(person.ends).toEqual([{ band: 'retry-after', code: 'superseded', retryAfterMs: 1_000 }])
    }
  })
})

describe('after close', () => {
  it('no lock, channel or timer is left', async () => {
    const { browser, clock, family, pass } = setUp()
    const people = await family(3)
    for (const person of people) person.close()
    await pass()
    expect([browser.locks(), clock.pending()]).toEqual([0, 0])
  })
})
