/** Which way a link goes, when it leaves it, and how it comes back to a better one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LinkClosed } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { record } from '../../testing/transport-cases/ground.js'
import { transportSuite } from '../../testing/transport-suite.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { mockGaps, mockGround } from '../../../test/fakes/mock-ground.js'
import { at, way } from '../../../test/fakes/way.js'
import { type FallbackOptions, fallback } from './index.js'

const hello: ClientFrame = { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'lane', link: 7 }
const welcome = { type: 'welcome' } as ServerFrame
const pong: ServerFrame = { type: 'pong', n: 1, heads: [] }
const lost: LinkClosed = { band: 'retry', code: 'network' }

function setUp(options: FallbackOptions = {}) {
  const clock = virtualClock()
  const [best, other] = [way('best'), way('other')]
  const transport = fallback([best.transport, other.transport], { clock, ...options })
  return { clock, best: best.openings, other: other.openings, transport }
}

/** Opens a link whose first way hangs, and carries by the other. */
function carriedByOther() {
  const ground = setUp()
  const link = record(ground.transport)
  ground.clock.advance(2_000)
  at(ground.other).opened()
  link.link.send(hello)
  at(ground.other).frame(welcome)
  return { ...ground, link }
}

describe('the transport suite over a fallback', () => {
  const setUp = () => {
    const ground = mockGround()
    return { ...ground, transport: fallback([ground.transport]) }
  }
  for (const { name, run } of transportSuite(setUp, { gaps: mockGaps })) it(name, run)
})

describe('opening', () => {
  it('takes the best way and tries no other while it opens in time', () => {
    const { clock, best, other, transport } = setUp()
    const link = record(transport)
    clock.advance(1_999)
    at(best).opened()
    link.link.send(hello)
    at(best).frame(pong)
    clock.advance(3_600_000)
    expect([other.length, link.told, at(best).sent]).toEqual([0, ['opened', 'frame'], [hello]])
  })

  it('tries the next beside a way that hangs; the first to open carries, the other is let go', () => {
    const { clock, best, other, transport } = setUp()
    const link = record(transport)
    clock.advance(2_000)
    expect([best.length, other.length]).toEqual([1, 1])
    at(best).opened()
    at(other).opened()
    at(other).frame(pong)
    expect([link.told, at(other).isClosed, at(best).isClosed]).toEqual([['opened'], true, false])
  })

  it('tells the way before the first frame of the server, and a way within a way', () => {
    const { clock, best, transport } = setUp()
    const frames: unknown[] = []
    fallback([transport], { clock }).open({ opened() {}, frame: (frame) => frames.push(frame), closed() {} })
    at(best).opened()
    clock.advance(1_999)
    at(best).frame(pong)
    expect(frames).toEqual([{ type: 'via', via: 'fallback' }, { type: 'via', via: 'best' }, pong])
  })

  it('tries the next at once when a way ends, also one that can never work', async () => {
    for (const band of ['retry', 'terminal'] as const) {
      const { best, other, transport } = setUp()
      const link = record(transport)
      at(best).closed({ band, code: 'x' })
      at(other).opened()
      expect(link.told).toEqual(['opened'])
    }
  })

  it.each([
    [['terminal', 'retry'], 'retry'],
    [['retry', 'terminal'], 'retry'],
    [['terminal', 'terminal'], 'terminal'],
  ] as const)('all ended with %s: ends with %s', async ([first, second], band) => {
    const { best, other, transport } = setUp()
    const link = record(transport)
    at(best).closed({ band: first, code: 'first' })
    at(other).closed({ band: second, code: 'second' })
    expect((await link.closed()).band).toBe(band)
  })

  it.each(['refresh', 'retry-after'] as const)('a server that says %s has been reached: the session hears it', async (band) => {
    const { best, other, transport } = setUp()
    const link = record(transport)
    const why = { band, code: 'x', retryAfterMs: 9 }
    at(best).closed(why)
    expect([await link.closed(), other.length]).toEqual([why, 0])
  })

  it('closed by its owner lets go of every way, at once and for good', async () => {
    const { clock, best, other, transport } = setUp()
    const link = record(transport)
    clock.advance(2_000)
    link.link.close()
    expect([at(best).isClosed, at(other).isClosed, clock.pending()]).toEqual([true, true, 0])
    await link.closed()
    at(best).closed(lost)
    expect(link.told).toEqual(['closed'])
  })

  it.each<[what: string, transports: unknown, options?: object]>([
    ['no transport', []],
    ['nothing', undefined],
    ['one transport, not in a list', way('a').transport],
    ['a way that is no transport', [way('a').transport, { name: 'b' }]],
    ['a hole', [undefined]],
    ['a time that is text', [way('a').transport], { silentMs: '2000' }],
    ['a time that is no number', [way('a').transport], { probeMs: Number.NaN }],
    ['a time before now', [way('a').transport], { silentMs: -1 }],
  ])('%s is refused at the call, in a sentence', (_, transports, options) => {
    const refused = expect.objectContaining({
      code: 'bad-argument',
      message: 'fallback failed: check transports, silentMs, probeMs.',
    })
    expect(() => fallback(transports as [], options as object)).toThrow(refused)
  })
})

describe('leaving a way', () => {
  it('that opened and stays silent: the session comes back at once, by the next way', async () => {
    const { clock, best, other, transport } = setUp()
    const link = record(transport)
    at(best).opened()
    link.link.send(hello)
    clock.advance(1_999)
    expect(at(best).isClosed).toBe(false)
    clock.advance(1)
    expect(await link.closed()).toEqual({ band: 'retry-after', code: 'moved', retryAfterMs: 0 })
    record(transport)
    expect([best.length, other.length, at(best, 0).isClosed]).toEqual([1, 1, true])
  })

  it('that ends before its first frame; not one that ends later', async () => {
    const { best, other, transport } = setUp()
    const first = record(transport)
    at(best).opened()
    at(best).frame(pong)
    at(best).closed(lost)
    expect(await first.closed()).toEqual(lost)
    record(transport)
    at(best).opened()
    at(best).closed(lost)
    record(transport)
    expect([best.length, other.length]).toEqual([2, 1])
  })

  it('L9: once all were silent each has as long as the session waits, one after the other, until one carries', async () => {
    const { clock, best, other, transport } = setUp()
    const begin = (openings: typeof best) => {
      const recorded = record(transport)
      at(openings).opened()
      recorded.link.send(hello)
      return recorded
    }
    for (const openings of [best, other]) {
      const { closed } = begin(openings)
      clock.advance(2_000)
      expect(await closed()).toMatchObject({ code: 'moved' })
    }
    const third = begin(best)
    clock.advance(60_000)
    expect(at(best).isClosed).toBe(false)
    // The session has waited long enough.
    third.link.close()
    const { closed } = begin(other)
    clock.advance(10_000)
    at(other).frame(welcome)
    at(other).closed(lost)
    expect(await closed()).toEqual(lost)
    begin(other)
    clock.advance(2_000)
    expect(at(other).isClosed).toBe(true)
  })

  it('silent all round: begins again with the best', () => {
    const { clock, best, other, transport } = setUp()
    for (const openings of [best, other, best]) {
      const before = openings.length
      record(transport)
      expect(openings).toHaveLength(before + 1)
      at(openings).opened()
      clock.advance(2_000)
    }
  })
})

describe('coming back', () => {
  it('a probe greets in a lane of its own and, welcomed, ends the link for the better way', async () => {
    const { clock, best, other, transport, link } = carriedByOther()
    clock.advance(30_000)
    at(best).opened()
    expect(at(best).sent).toEqual([{ ...hello, lane: 'probe.lane' }])
    expect(link.ends).toEqual([])
    at(best).frame(welcome)
    expect([at(best).isClosed, at(other).isClosed, clock.pending()]).toEqual([true, true, 0])
    expect(await link.closed()).toEqual({ band: 'retry-after', code: 'moved', retryAfterMs: 0 })
    record(transport)
    expect([best.length, other.length]).toEqual([3, 1])
  })

  it('a better way that names its own way before the welcome is found all the same', async () => {
    const clock = virtualClock()
    const [nested, last] = [way('nested'), way('last')]
    const transport = fallback([fallback([nested.transport], { clock }), last.transport], { clock })
    const link = record(transport)
    clock.advance(2_000)
    at(last.openings).opened()
    link.link.send(hello)
    at(last.openings).frame(welcome)
    clock.advance(30_000)
    at(nested.openings).opened()
    at(nested.openings).frame(welcome)
    expect(await link.closed()).toMatchObject({ code: 'moved' })
  })

  it('a probe that fails harms nothing, and the next comes after twice the time, up to ten minutes', () => {
    const { clock, best, other, link } = carriedByOther()
    const fails = [
      () => at(best).closed(lost),
      () => clock.advance(4_000),
      () => {
        at(best).opened()
        at(best).frame({ type: 'refused', code: 'overloaded' } as ServerFrame)
      },
    ]
    let waitMs = 30_000
    for (let i = 0; i < 9; i++) {
      const before = best.length
      clock.advance(waitMs - 1)
      expect(best).toHaveLength(before)
      clock.advance(1)
      expect(best).toHaveLength(before + 1)
      fails[i % 3]?.()
      expect(at(best).isClosed || i % 3 === 0).toBe(true)
      waitMs = Math.min(waitMs * 2, 600_000)
    }
    at(other).frame(pong)
    expect(link.told).toEqual(['opened', 'frame', 'frame'])
  })

  describe('on another network', () => {
    const listeners = new Set<() => void>()
    const online = () => {
      for (const run of listeners) run()
    }
    beforeEach(() => {
      listeners.clear()
      vi.stubGlobal('addEventListener', (type: string, run: () => void) => type === 'online' && listeners.add(run))
      vi.stubGlobal('removeEventListener', (type: string, run: () => void) => type === 'online' && listeners.delete(run))
    })
    afterEach(() => vi.unstubAllGlobals())

    it('L11: it is listened for only while a better way is looked for, and nothing is left behind', async () => {
      setUp()
      expect(listeners.size).toBe(0)
      const { clock, best, other, transport, link } = carriedByOther()
      expect(listeners.size).toBe(1)
      link.link.close()
      expect([listeners.size, clock.pending()]).toEqual([0, 0])
      const lost = record(transport)
      at(other).opened()
      lost.link.send(hello)
      at(other).frame(welcome)
      expect(listeners.size).toBe(1)
      at(other).closed({ band: 'retry', code: 'network' })
      await lost.closed()
      expect(listeners.size).toBe(0)
      const found = record(transport)
      at(other).opened()
      found.link.send(hello)
      at(other).frame(welcome)
      clock.advance(0)
      at(best).opened()
      at(best).frame(welcome)
      await found.closed()
      expect([listeners.size, clock.pending()]).toEqual([0, 0])
    })

    /** An hour behind a network that lets only the other way pass. */
    const blocked = () => {
      const ground = carriedByOther()
      for (let minute = 0; minute < 60; minute++) {
        ground.clock.advance(60_000)
        at(ground.best).closed(lost)
      }
      return { ...ground, before: ground.best.length }
    }

    it('the better way is tried at once, and the link goes on until it is welcomed', async () => {
      const { clock, best, other, link, before } = blocked()
      online()
      clock.advance(0)
      expect(best).toHaveLength(before + 1)
      link.link.send({ type: 'ping', n: 1 })
      expect([link.ends, at(other).sent.at(-1)]).toEqual([[], { type: 'ping', n: 1 }])
      at(best).opened()
      at(best).frame(welcome)
      expect(await link.closed()).toMatchObject({ code: 'moved' })
    })

    it('that blocks it as well, the waits are the first ones again', () => {
      const { clock, best, before } = blocked()
      online()
      clock.advance(0)
      at(best).closed(lost)
      clock.advance(29_999)
      expect(best).toHaveLength(before + 1)
      clock.advance(1)
      expect(best).toHaveLength(before + 2)
    })

    it('that nobody has told of, as where a link is lost, the better way is tried once the next is proven', async () => {
      const { clock, best, other, transport, link, before } = blocked()
      at(other).closed(lost)
      await link.closed()
      const next = record(transport)
      expect([best.length, clock.pending()]).toEqual([before, 1])
      at(other).opened()
      next.link.send(hello)
      at(other).frame(welcome)
      clock.advance(0)
      expect(best).toHaveLength(before + 1)
    })
  })

  it('a link that ends takes its probe with it', async () => {
    const { clock, best, other, link } = carriedByOther()
    clock.advance(30_000)
    at(other).closed(lost)
    await link.closed()
    at(best).opened()
    at(best).frame(welcome)
    expect([at(best).isClosed, clock.pending(), link.told]).toEqual([true, 0, ['opened', 'frame', 'closed']])
  })
})

describe('what worked', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('is where the next link begins, in this page and in the next', () => {
    vi.stubGlobal('localStorage', {})
    const { best, other, transport } = carriedByOther()
    record(transport)
    expect([best.length, other.length]).toEqual([1, 2])
    const reloaded = setUp()
    record(reloaded.transport)
    expect([reloaded.best.length, reloaded.other.length]).toEqual([0, 1])
  })

  it('is remembered apart for each name, as where two servers do not offer the same ways', () => {
    const kept: Record<string, string> = {}
    vi.stubGlobal('localStorage', kept)
    carriedByOther()
    const other = setUp({ name: 'other server' })
    record(other.transport)
    expect([other.best.length, other.other.length]).toEqual([1, 0])
    at(other.best).opened()
    at(other.best).frame(pong)
    const reloaded = setUp()
    record(reloaded.transport)
    expect([reloaded.best.length, reloaded.other.length]).toEqual([0, 1])
    expect(kept).toEqual({ 'chatloom.way:chatloom': 'other', 'chatloom.way:other server': 'best' })
  })
})
