/** What goes which way, what is shown ahead and until when, and what becomes of the link when a path comes or goes. */
import { describe, expect, it } from 'vitest'
import { mockGaps, mockGround } from '../../../test/fakes/mock-ground.js'
import { at, type Opening, way } from '../../../test/fakes/way.js'
import { welcomeFrame } from '../../../test/fakes/driven-core.js'
import { openedFrame, row, said } from '../../../test/fakes/wire-frames.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, MessageRow, ServerFrame } from '../../protocol/frames.js'
import { record } from '../../testing/transport-cases/ground.js'
import { type TransportGround, transportSuite } from '../../testing/transport-suite.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { finality } from './index.js'

const hello: ClientFrame = { type: 'hello', version: 1, user: 'me', device: 'd', lane: 'lane', link: 3 }
const lost: LinkClosed = { band: 'retry', code: 'network' }
const refused: LinkClosed = { band: 'terminal', code: 'forbidden' }
const inbox: ClientFrame = { type: 'inbox', request: 9 }
const typing: ClientFrame = { type: 'typing', conversation: 'c', on: true }
const open = (request = 1): ClientFrame => ({ type: 'open', request, conversation: 'c' })
const operation = (localId: string, count = 1): ClientFrame => ({
  type: 'operation',
  conversation: 'c',
  localId,
  try: count,
  after: 'before',
  operation: { kind: 'send', content: localId },
})
const without = (frame: ClientFrame): ClientFrame => ({ ...frame, after: undefined }) as ClientFrame
const message = (seq: number, localId: string, more: Partial<MessageRow> = {}) => said(seq, { localId, content: localId, ...more })
const shown = (localId: string, more: object = {}) => ({
  type: 'provisional',
  conversation: 'c',
  author: 'ann',
  localId,
  content: localId,
  at: expect.any(Number),
  ...more,
})
const gone = (localId: string) => expect.objectContaining({ type: 'withdrawn', conversation: 'c', author: 'ann', localId })

function setUp(withdrawMs?: number) {
  const clock = virtualClock()
  const paths = { fast: way('fast'), final: way('final') }
  const transport = finality({ fast: paths.fast.transport, final: paths.final.transport, withdrawMs, clock })
  const frames: LinkFrame[] = []
  const ends: LinkClosed[] = []
  let opened = 0
  let link: ReturnType<Transport['open']>
  const begin = (user = 'me', number = 3) => {
    link = transport.open({
      opened() {
        opened += 1
        link.send({ ...hello, user, link: number } as ClientFrame)
      },
      frame: (frame) => frames.push(frame),
      closed: (why) => ends.push(why),
    })
  }
  begin()
  const fast = () => at(paths.fast.openings)
  const final = () => at(paths.final.openings)
  const up = (opening: Opening, more: object = {}) => {
    opening.opened()
    opening.frame({ ...welcomeFrame, time: clock.now(), ...more })
  }
  return {
    clock,
    paths,
    frames,
    ends,
    begin,
    fast,
    final,
    up,
    opened: () => opened,
    send: (...sent: readonly ClientFrame[]) => {
      for (const frame of sent) link.send(frame)
    },
    close: () => link.close(),
    /** Frames since the last call. */
    news: () => frames.splice(0),
    sent: (opening: Opening) => opening.sent.splice(0),
    /** The final log answers, naming heads of `c`. */
    answers: (...seqs: readonly number[]) =>
      final().frame({ type: 'pong', n: clock.now(), heads: seqs.map((seq) => ({ conversation: 'c', epoch: 'e1', seq })) }),
    /** What was told of messages ahead of the log, since the last call. */
    ahead: () => frames.splice(0).filter(({ type }) => type === 'provisional' || type === 'withdrawn'),
  }
}

const asking = { type: 'ping', n: expect.any(Number) }

/** Both are up, the conversation is followed and caught up. */
function both(withdrawMs?: number) {
  const ground = setUp(withdrawMs)
  ground.up(ground.fast())
  ground.up(ground.final())
  ground.send(open())
  ground.final().frame(openedFrame(1, 0, 5, { reset: 'first' }))
  for (const opening of [ground.fast(), ground.final()]) ground.sent(opening)
  ground.news()
  return ground
}

/** Opened when welcomed, so that the suite finds a link that carries; greeting and answer are hidden from it. */
function greeted(transport: Transport): Transport {
  const open: Transport['open'] = (to) => {
    let isWelcome = false
    const link = transport.open({
      opened: () => link.send({ ...hello, user: 'me' } as ClientFrame),
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

const absent: Transport = {
  name: 'absent',
  open(to) {
    queueMicrotask(() => to.closed(refused))
    return { send() {}, close() {} }
  },
}

function suiteGround(hasFast: boolean): TransportGround {
  const { transport: final, server } = mockGround()
  const { transport: fast, server: fastServer } = mockGround()
  const received: TransportGround['server']['received'] = async (count) => {
    for (let seen = 1; ; seen++) {
      const own = (await server.received(seen)).filter(({ type }) => type !== 'hello')
      if (own.length >= count) return own
    }
  }
  const both = (end: (one: typeof server) => void) => {
    for (const one of [fastServer, server]) end(one)
  }
  return {
    transport: greeted(finality({ fast: hasFast ? fast : absent, final })),
    server: { ...server, received, cut: () => both((one) => one.cut()), close: (code) => both((one) => one.close(code)) },
  }
}

for (const [name, hasFast] of [
  ['the final log alone', false],
  ['both paths', true],
] as const) {
  describe(`the transport suite over ${name}`, () => {
    for (const { name, run } of transportSuite(() => suiteGround(hasFast), { gaps: mockGaps })) it(name, run)
  })
}

describe('the session', () => {
  it('is online with the first welcome, and hears which paths are up', () => {
    const { fast, final, up, news, opened } = setUp()
    final().opened()
    up(fast())
    expect(opened()).toBe(1)
    expect(news()).toEqual([
      { type: 'via', via: 'fast' },
      { ...welcomeFrame, time: 0 },
    ])
    final().frame({ ...welcomeFrame, time: 7 })
    expect(news()).toEqual([{ type: 'via', via: 'fast+final' }])
    fast().closed(lost)
    expect(news()).toEqual([{ type: 'via', via: 'final' }])
  })

  it('hears the way within a path', () => {
    const { fast, up, news } = setUp()
    fast().frame({ type: 'via', via: 'sse' })
    up(fast())
    fast().frame({ type: 'via', via: 'websocket' })
    expect(news().flatMap((frame) => (frame.type === 'via' ? [frame.via] : []))).toEqual(['sse', 'websocket'])
  })

  it('goes by the terms of the final log: where the fast path has said others, it begins anew, once', async () => {
    const { fast, final, up, news, ends, begin, clock } = setUp()
    up(fast())
    const terms = { features: ['dense'], limits: { ...welcomeFrame.limits, window: 2 } }
    up(final(), terms)
    await null
    expect(ends).toEqual([{ band: 'retry-after', code: 'terms', retryAfterMs: 0 }])
    news()
    begin()
    clock.advance(10)
    up(fast())
    expect(news().at(-1)).toEqual({ ...welcomeFrame, ...terms, time: 10 })
    up(final(), terms)
    await null
    expect([ends.length, news()]).toEqual([1, [{ type: 'via', via: 'fast+final' }]])
  })

  it('R26: greets once on every link, with numbers that rise whatever links come and go', () => {
    const { paths, fast, final, up, clock, begin, close } = setUp()
    up(fast())
    up(final())
    fast().closed(lost)
    clock.advance(2_000)
    fast().opened()
    close()
    begin('me', 4)
    fast().opened()
    final().opened()
    close()
    begin('me', 40)
    final().opened()
    const numbers = [paths.fast, paths.final].map(({ openings }) =>
      openings.map(({ sent }) => sent.map((frame) => (frame as { link?: number }).link)),
    )
    expect(numbers).toEqual([
      [[3], [5], [6], []],
      [[4], [7], [40]],
    ])
  })

  it('hears of another user that either path takes it for', async () => {
    const { fast, final, up, ends, news, begin } = setUp()
    up(fast())
    up(final(), { user: 'eve' })
    await null
    expect(ends).toMatchObject([{ code: 'terms' }])
    news()
    begin()
    up(fast())
    expect(news().at(-1)).toMatchObject({ type: 'welcome', user: 'eve' })
  })

  it.each(['final', 'fast'] as const)(
    'heard of another user from the log once, with %s welcomed first, asks anew the next time',
    async (first) => {
      const { fast, final, up, news, begin, close } = setUp()
      if (first === 'fast') {
        up(fast())
        up(final(), { user: 'eve' })
        await null
        begin()
        up(fast())
      } else up(final(), { user: 'eve' })
      expect(news().at(-1)).toMatchObject({ type: 'welcome', user: 'eve' })
      close()
      begin()
      up(fast())
      expect(news().at(-1)).toMatchObject({ type: 'welcome', user: 'me' })
    },
  )

  it('of the next user is not told what the log has said to the one before', () => {
    const { fast, up, begin, close, news } = both()
    close()
    begin('eve')
    up(fast(), { user: 'eve' })
    expect(news().at(-1)).toMatchObject({ type: 'welcome', user: 'eve' })
  })
})

describe('what is sent', () => {
  it('operations and following go both ways, typing the fast way, the rest to the final log', () => {
    const { send, sent, fast, final, clock } = both()
    const receipt: ClientFrame = { type: 'receipt', conversation: 'c', epoch: 'e1', read: 1 }
    const history: ClientFrame = { type: 'history', request: 4, conversation: 'c', epoch: 'e1', anchor: { before: 3 }, limit: 9 }
    const unfollow: ClientFrame = { type: 'unfollow', conversation: 'c' }
    const ping: ClientFrame = { type: 'ping', n: 1 }
    send(operation('a'), typing, receipt, history, inbox, ping, unfollow)
    expect(sent(fast())).toEqual([without(operation('a')), typing, ping, unfollow])
    expect(sent(final())).toEqual([operation('a'), receipt, history, inbox, ping, unfollow])
    for (const { frame } of [fast(), final()]) frame({ type: 'pong', n: 1, heads: [] })
    fast().closed(lost)
    send(typing)
    expect(sent(final())).toEqual([typing])
    clock.advance(100_000)
  })

  it('while the final log is away its questions wait, in the words of the last asking; history fails at once', async () => {
    const { send, fast, final, up, news, sent } = setUp()
    up(fast())
    send(open(1), inbox, operation('a'), operation('b'), open(2), operation('a', 2))
    send({ type: 'history', request: 4, conversation: 'c', epoch: 'e1', anchor: { before: 3 }, limit: 9 })
    await null
    expect(news().at(-1)).toEqual({ type: 'failed', request: 4, code: 'unavailable' })
    final().opened()
    expect(sent(final())).toEqual([{ ...hello, link: 4 }])
    final().frame(welcomeFrame)
    expect(sent(final())).toEqual([open(2), inbox, operation('a', 2), operation('b')])
  })

  it('a fast path that comes later hears what is followed and what is not settled', () => {
    const { send, fast, final, up, sent } = setUp()
    up(final())
    send(open(), ...['a', 'b', 'c', 'd', 'e'].map((localId) => operation(localId)))
    const answer = { conversation: 'c', epoch: 'e1', try: 1, code: 'x' } as const
    final().frame({ ...answer, type: 'ack', localId: 'a', seq: 1 })
    final().frame({ ...answer, type: 'reject', localId: 'b', final: true })
    final().frame({ ...answer, type: 'reject', localId: 'c', final: false })
    final().frame(message(2, 'd', { author: 'me' }))
    final().frame(message(3, 'e'))
    up(fast())
    expect(sent(fast()).slice(1)).toEqual([
      { ...open(expect.any(Number)), position: undefined },
      without(operation('c')),
      without(operation('e')),
    ])
  })
})

describe('what is heard', () => {
  it('of the final log: everything, as it is', () => {
    const { final, news } = both()
    const frames: ServerFrame[] = [
      message(6, 'a'),
      { type: 'ack', conversation: 'c', localId: 'x', epoch: 'e1', seq: 7 },
      { type: 'pong', n: 1, heads: [{ conversation: 'c', epoch: 'e1', seq: 9 }] },
      { type: 'marks', conversation: 'c', epoch: 'e1', marks: [] },
    ]
    for (const frame of frames) final().frame(frame)
    expect(news()).toEqual(frames)
  })

  it('of the fast path: messages ahead of the log, typing and people; nothing that decides', () => {
    const { fast, news } = both()
    const people = [{ user: 'ann', profile: { name: 'Ann' } }]
    const heard: ServerFrame[] = [
      { ...message(1, 'a'), people },
      { type: 'typing', conversation: 'c', user: 'ann', on: true },
      said(2),
      { type: 'ack', conversation: 'c', localId: 'x', epoch: 'f', seq: 7 },
      { type: 'reject', conversation: 'c', localId: 'x', try: 1, code: 'forbidden', final: true },
      { type: 'pong', n: 1, heads: [{ conversation: 'c', epoch: 'f', seq: 9 }] },
      { type: 'marks', conversation: 'c', epoch: 'f', marks: [] },
      { type: 'left', conversation: 'c', seq: 3, why: 'removed' },
      { type: 'failed', request: 1, code: 'not-found' },
    ]
    for (const frame of heard) fast().frame(frame)
    expect(news()).toEqual([{ type: 'people', people }, shown('a'), heard[1]])
  })

  it('the fast path proves that the link lives while the final log is away', () => {
    const { fast, up, news } = setUp()
    up(fast())
    news()
    fast().frame({ type: 'pong', n: 1, heads: [{ conversation: 'c', epoch: 'f', seq: 9 }] })
    expect(news()).toEqual([{ type: 'pong', n: 1, heads: [] }])
  })

  it('what a combinator on the fast path shows or withdraws', () => {
    const { fast, news } = both()
    fast().frame(shown('a', { at: 1 }) as LinkFrame)
    fast().frame({ ...shown('a'), type: 'withdrawn' } as LinkFrame)
    expect(news()).toEqual([shown('a'), gone('a')])
  })

  it('a changed message that waits is shown anew; one that is deleted is withdrawn; another is not ours to show', () => {
    const { fast, news } = both()
    fast().frame(message(1, 'a'))
    fast().frame(message(2, 'a', { seq: 1, content: 'new' }))
    fast().frame(message(3, 'a', { seq: 1, content: undefined, deleted: true }))
    fast().frame(message(4, 'b', { seq: 1 }))
    expect(news()).toEqual([shown('a'), shown('a', { content: 'new' }), gone('a')])
  })
})

describe('the fast log', () => {
  const page = (rows: readonly MessageRow[], more: object = {}) => openedFrame(1, 0, 3, { epoch: 'f', reset: 'first', rows, ...more })

  it('when first asked shows only what the final log may not have had time for', () => {
    const { clock, up, fast, send, news } = setUp(1_000)
    up(fast())
    send(open())
    news()
    clock.advance(5_000)
    const aged = (seq: number, localId: string, ageMs: number) => row(seq, { localId, content: localId, at: 5_000 - ageMs })
    fast().frame(page([aged(1, 'a', 1_000), aged(2, 'b', 999), aged(3, 'c', 0)]))
    expect(news().slice(1)).toEqual([shown('b'), shown('c')])
  })

  it('is asked for its newest page whenever it comes', () => {
    const { fast, send, sent, clock, up } = both()
    send({ ...open(8), position: { epoch: 'e1', seq: 5, tag: 't5' } } as ClientFrame)
    expect(sent(fast())).toEqual([open(8)])
    fast().closed(lost)
    clock.advance(10_000)
    up(fast())
    expect(sent(fast()).at(-1)).toEqual(open(8))
  })
})

describe('R18: until the final log has it', () => {
  it('is withdrawn after the deadline, counted from arrival or from when the final log is caught up', () => {
    const { clock, up, fast, final, send, sent, ahead, answers } = setUp(1_000)
    up(fast())
    send(open())
    fast().frame(message(1, 'a'))
    clock.advance(10_000)
    up(final())
    clock.advance(100_000)
    final().frame(openedFrame(1, 0, 50, { rows: [], head: 60, more: true }))
    clock.advance(100_000)
    final().frame(openedFrame(2, 50, 60, { rows: [] }))
    for (const each of [ahead, () => sent(final())]) each()
    clock.advance(500)
    fast().frame(message(2, 'b'))
    clock.advance(499)
    expect([ahead(), sent(final())]).toEqual([[shown('b')], []])
    clock.advance(1)
    expect(sent(final())).toEqual([asking])
    answers()
    expect(ahead()).toEqual([gone('a')])
    clock.advance(499)
    answers()
    expect(ahead()).toEqual([])
    clock.advance(1)
    answers()
    expect(ahead()).toEqual([gone('b')])
  })

  it('X3: a final log that has fallen silent withdraws nothing; it is asked, and left when it does not answer', async () => {
    const { clock, fast, final, sent, ahead, ends } = both(1_000)
    fast().frame(message(1, 'a'))
    clock.advance(15_999)
    fast().frame({ type: 'pong', n: 1, heads: [] })
    expect([sent(final()), ahead(), ends]).toEqual([[asking], [shown('a')], []])
    clock.advance(1)
    await null
    expect([ahead(), ends.length]).toEqual([[], 1])
  })

  it('X3: what the final log says of more than it has told is read before it is judged', () => {
    const { clock, fast, final, send, ahead, answers } = both(1_000)
    for (const localId of ['a', 'b']) fast().frame(message(1, localId))
    final().frame(message(6, 'told'))
    clock.advance(999)
    final().frame({ type: 'head', heads: [{ conversation: 'c', epoch: 'e1', seq: 7 }] })
    clock.advance(1)
    answers(7)
    send({ ...open(2), position: { epoch: 'e1', seq: 6, tag: 't6' } } as ClientFrame)
    answers()
    expect(ahead()).toEqual([shown('a'), shown('b')])
    final().frame(openedFrame(2, 6, 7, { rows: [row(7, { localId: 'a' })] }))
    clock.advance(999)
    answers()
    expect(ahead()).toEqual([])
    clock.advance(1)
    answers()
    expect(ahead()).toEqual([gone('b')])
  })

  it.each<[what: string, frames: readonly ServerFrame[], isOver: boolean]>([
    ['ends where what came live goes on', [message(7, 'x'), openedFrame(2, 5, 6, { rows: [], head: 7, more: true })], true],
    ['ends short of what there is', [message(7, 'x'), openedFrame(2, 5, 6, { rows: [], head: 8, more: true })], false],
    ['is of another epoch', [message(7, 'x'), openedFrame(2, 5, 6, { epoch: 'e2', rows: [], head: 7, more: true })], false],
    ['was read before a change', [message(7, 'x'), openedFrame(2, 5, 6, { rows: [] })], true],
  ])('X3: time runs where all was told: an answer that %s', (_, frames, isOver) => {
    const { clock, fast, final, send, ahead, answers } = both(1_000)
    send(open(2))
    fast().frame(message(1, 'a'))
    for (const frame of frames) final().frame(frame)
    clock.advance(1_000)
    answers(7)
    expect(ahead()).toEqual([shown('a'), ...(isOver ? [gone('a')] : [])])
  })

  it('X3: a change that the final log has spoken of before it comes is nothing more to wait for', () => {
    const { clock, fast, final, ahead, answers } = both(1_000)
    fast().frame(message(1, 'a'))
    answers(7)
    final().frame(message(6, 'x'))
    clock.advance(1_000_000)
    answers()
    expect(ahead()).toEqual([shown('a')])
    final().frame(message(7, 'y'))
    clock.advance(1_000)
    answers()
    expect(ahead()).toEqual([gone('a')])
  })

  it('X3: an answer to what was asked before the time was over is none, also where a device that slept hears it late', () => {
    const { clock, fast, final, send, sent, ahead } = both(1_000)
    fast().frame(message(1, 'a'))
    clock.advance(500)
    send({ type: 'ping', n: 1 })
    fast().frame(message(2, 'b'))
    clock.advance(500)
    expect(sent(final())).toEqual([{ type: 'ping', n: 1 }, asking])
    clock.advance(500)
    final().frame({ type: 'pong', n: 1, heads: [] })
    expect([sent(final()), ahead()]).toEqual([[asking], [shown('a'), shown('b')]])
    final().frame(message(6, 'b'))
    final().frame({ type: 'pong', n: 1_000, heads: [] })
    expect(ahead()).toEqual([gone('a')])
  })

  it('X3: a pong that names what was told already is an answer', () => {
    const { clock, fast, final, ahead, answers } = both(1_000)
    fast().frame(message(1, 'a'))
    final().frame(message(6, 'told'))
    clock.advance(1_000)
    answers(6)
    expect(ahead()).toEqual([shown('a'), gone('a')])
  })

  it.each([
    ['nobody follows', ({ send }: ReturnType<typeof both>) => send({ type: 'unfollow', conversation: 'c' })],
    [
      'this user has left',
      ({ final }: ReturnType<typeof both>) => final().frame({ type: 'left', conversation: 'c', seq: 5, why: 'removed' }),
    ],
  ])('X3: of a conversation that %s nothing is withdrawn, until the final log has told of it again', (_, end) => {
    const ground = both(1_000)
    const { clock, fast, final, send, ahead, answers } = ground
    for (const localId of ['a', 'b']) fast().frame(message(1, localId))
    end(ground)
    clock.advance(1_000)
    answers()
    clock.advance(1_000_000)
    send(open(2))
    answers()
    expect(ahead()).toEqual([shown('a'), shown('b')])
    final().frame(openedFrame(2, 0, 7, { reset: 'first', rows: [row(7, { localId: 'b' })] }))
    clock.advance(1_000)
    answers()
    expect(ahead()).toEqual([gone('a')])
  })

  it.each([
    ['a change', (localId: string): ServerFrame => message(6, localId)],
    ['a catch-up', (localId: string): ServerFrame => openedFrame(2, 5, 6, { rows: [row(6, { localId })] })],
    [
      'a page',
      (localId: string): ServerFrame => ({
        type: 'page',
        request: 1,
        conversation: 'c',
        epoch: 'e1',
        asOf: 6,
        from: 5,
        to: 6,
        rows: [row(6, { localId })],
        people: [],
      }),
    ],
  ])('%s settles it: it is not withdrawn, nor shown again when the fast path is late', (_, final) => {
    const ground = both(1_000)
    ground.fast().frame(message(1, 'a'))
    ground.final().frame(final('a'))
    ground.final().frame(message(7, 'late'))
    ground.fast().frame(message(2, 'late'))
    ground.clock.advance(1_000_000)
    expect(ground.frames.filter(({ type }) => type === 'provisional' || type === 'withdrawn')).toEqual([shown('a')])
  })

  it('an own one taken back or refused is not shown by the fast path again', () => {
    const { fast, final, news, send } = both(1_000)
    const own = { author: 'me' }
    send(operation('a'), operation('b'))
    final().frame({ type: 'ack', conversation: 'c', localId: 'a', epoch: 'e1' })
    final().frame({ type: 'reject', conversation: 'c', localId: 'b', try: 1, code: 'forbidden', final: true })
    news()
    for (const localId of ['a', 'b']) fast().frame(message(1, localId, own))
    expect(news()).toEqual([])
  })

  it('what the final log answers another tab, over shared paths, settles nothing here', () => {
    const { clock, fast, final, ahead, sent } = both(1_000)
    fast().frame(message(1, 'a', { author: 'me' }))
    fast().frame(message(2, 'b'))
    final().frame({ type: 'ack', conversation: 'c', localId: 'a', epoch: 'e1' })
    clock.advance(6_000)
    expect(sent(final())).toEqual([
      { type: 'ping', n: 1_000 },
      { type: 'ping', n: 1_000 },
    ])
    // Asked by clocks that are ahead, and behind.
    for (const n of [5_999, 1_001, 999, 0]) final().frame({ type: 'pong', n, heads: [] })
    expect(ahead()).toEqual([shown('a', { author: 'me' }), shown('b')])
    final().frame({ type: 'pong', n: 1_000, heads: [] })
    expect(ahead()).toEqual([expect.objectContaining({ type: 'withdrawn', author: 'me', localId: 'a' }), gone('b')])
  })

  it('withdrawn it is not shown again by the fast path', () => {
    const { clock, fast, ahead, answers } = both(1_000)
    fast().frame(message(1, 'a'))
    clock.advance(1_000)
    answers()
    fast().frame(message(1, 'a'))
    expect(ahead()).toEqual([shown('a'), gone('a')])
  })

  it('L11: of more than 1,000 the oldest is withdrawn', () => {
    const { fast, news } = both()
    for (let i = 0; i < 1_002; i++) fast().frame(message(i + 1, `m${i}`))
    expect(news().filter(({ type }) => type === 'withdrawn')).toEqual([gone('m0'), gone('m1')])
  })

  it('a new link says again what waits, and to nobody but the same user', async () => {
    const { fast, final, up, begin, news, ends, close } = both()
    for (const localId of ['a', 'b']) fast().frame(message(1, localId))
    final().frame(message(6, 'a'))
    final().closed(lost)
    await null
    expect(ends).toHaveLength(1)
    begin()
    news()
    up(fast())
    expect(news().slice(2)).toEqual([shown('b')])
    close()
    begin('eve')
    up(fast(), { user: 'eve' })
    expect(news().slice(2)).toEqual([])
  })
})

describe('a path that is missing', () => {
  it.each(['fast', 'final'] as const)(
    'with %s alone the session is welcomed, and a link that ends is followed by the next',
    async (name) => {
      const clock = virtualClock()
      const only = way(name)
      const transport = finality({ [name]: only.transport, clock })
      for (const number of [1, 2]) {
        const link = record(transport)
        at(only.openings).opened()
        await link.opened()
        link.link.send({ ...hello, link: number } as ClientFrame)
        at(only.openings).frame(welcomeFrame)
        expect(link.frames).toContainEqual(expect.objectContaining({ type: 'welcome' }))
        clock.advance(3_600_000)
        at(only.openings).closed({ band: 'retry', code: 'network' })
        expect(await link.closed()).toMatchObject({ band: 'retry' })
        expect([only.openings.length, clock.pending()]).toEqual([number, 0])
      }
    },
  )

  it.each<[what: string, options: unknown]>([
    ['neither', {}],
    ['nothing', undefined],
    ['a transport in place of options', way('a').transport],
    ['a path that is no transport', { fast: way('a').transport, final: { name: 'b' } }],
    ['another', { fast: 5, final: way('b').transport }],
    ['a time that is text', { fast: way('a').transport, withdrawMs: '60000' }],
    ['a time before now', { fast: way('a').transport, withdrawMs: -1 }],
  ])('with %s it is refused at the call, in a sentence', (_, options) => {
    const refused = expect.objectContaining({ code: 'bad-argument', message: 'finality failed: check transport, withdrawMs.' })
    expect(() => finality(options as object)).toThrow(refused)
  })
})

describe('a path that ends', () => {
  it('the fast one blinks: the link stays, and it comes back by itself, after ever longer rests', () => {
    const { fast, paths, up, clock, ends } = both()
    const { openings } = paths.fast
    clock.advance(5_000)
    fast().closed(lost)
    clock.advance(500)
    expect(openings).toHaveLength(2)
    let capMs = 500
    for (let i = 0; i < 9; i++) {
      const before = openings.length
      const fails = [() => fast().closed(lost), () => clock.runNext(), () => fast().closed({ band: 'refresh', code: 'unauthorized' })]
      fails[i % 3]?.()
      expect(openings).toHaveLength(before)
      capMs = Math.min(capMs * 2, 30_000)
      clock.advance(i % 3 === 1 ? capMs / 2 : capMs)
      expect(openings).toHaveLength(before + 1)
    }
    up(fast())
    expect(ends).toEqual([])
  })

  it('the fast path is refused for good: it is left alone, and the final log carries on', () => {
    const { fast, final, up, paths, clock, ends } = setUp()
    up(final())
    fast().closed(refused)
    clock.advance(3_600_000)
    expect([paths.fast.openings.length, ends]).toEqual([1, []])
  })

  it.each([
    ['before it is up', false],
    ['when it was up', true],
  ])('the final log refuses for good, %s: the session is told at once, and may come again', async (_, wasUp) => {
    const { fast, final, up, paths, begin, ends, clock } = setUp()
    up(fast())
    if (wasUp) up(final())
    final().closed({ ...refused, reason: 'why' })
    await null
    expect([ends, at(paths.fast.openings).isClosed, clock.pending()]).toEqual([[{ ...refused, reason: 'why' }], true, 0])
    begin()
    expect([paths.fast.openings.length, paths.final.openings.length]).toEqual([2, 2])
  })

  it('a refusal is acted on by the band of its code, also where the link then ends without one', async () => {
    const { fast, final, up, paths, ends, clock } = setUp()
    up(final())
    fast().opened()
    fast().frame({ type: 'refused', code: 'overloaded', retryAfterMs: 60_000 })
    expect(at(paths.fast.openings).isClosed).toBe(true)
    clock.advance(59_999)
    expect(paths.fast.openings).toHaveLength(1)
    clock.advance(2_000)
    expect(paths.fast.openings).toHaveLength(2)
    fast().opened()
    fast().frame({ type: 'refused', code: 'forbidden' })
    clock.advance(3_600_000)
    expect([paths.fast.openings.length, ends]).toEqual([2, []])
  })

  it('the final log refuses for good by a frame alone: the session is told', async () => {
    const { fast, final, up, ends } = setUp()
    up(fast())
    final().opened()
    final().frame({ type: 'refused', code: 'forbidden' })
    await null
    expect(ends).toMatchObject([refused])
  })

  it('L9: silent, it rests for half as long at most: it has been waited for already', () => {
    const { fast, paths, clock } = both()
    fast().closed(lost)
    clock.runNext()
    for (let opened = 2, capMs = 2_000; opened < 60; opened++, capMs = Math.min(capMs * 2, 30_000)) {
      const openedMs = clock.now()
      clock.runNext()
      const leftMs = clock.now()
      expect([leftMs - openedMs, at(paths.fast.openings).isClosed]).toEqual([15_000, true])
      clock.runNext()
      expect([paths.fast.openings.length, clock.now() - leftMs <= capMs / 2]).toEqual([opened + 1, true])
    }
  })

  it('a server’s hint is kept', () => {
    const { fast, paths, clock } = both()
    fast().frame({ type: 'drain', retryAfterMs: 60_000 })
    clock.advance(59_999)
    expect([paths.fast.openings.length, at(paths.fast.openings, 0).isClosed]).toEqual([1, true])
    clock.advance(2_000)
    expect(paths.fast.openings).toHaveLength(2)
  })

  it('a hint is kept for an hour at most', () => {
    const { fast, clock, paths } = both()
    fast().frame({ type: 'drain', retryAfterMs: Number.MAX_SAFE_INTEGER })
    clock.advance(3_600_000 - 1)
    expect(paths.fast.openings).toHaveLength(1)
    clock.advance(1_001)
    expect(paths.fast.openings).toHaveLength(2)
  })

  it('the final log is lost: the session comes back at once by the fast path, and the final log when it can', async () => {
    const { fast, final, paths, up, clock, begin, ends, news } = both()
    final().closed({ band: 'retry', code: 'server-error', reason: 'why' })
    await null
    expect(ends).toEqual([{ band: 'retry-after', code: 'server-error', retryAfterMs: 0, reason: 'why' }])
    expect([at(paths.fast.openings).isClosed, clock.pending()]).toEqual([true, 0])
    news()
    begin()
    expect([paths.fast.openings.length, paths.final.openings.length]).toEqual([2, 1])
    up(fast())
    expect(news()[0]).toEqual({ type: 'via', via: 'fast' })
    clock.advance(1_000)
    up(final())
    expect(news().at(-1)).toEqual({ type: 'via', via: 'fast+final' })
  })

  it.each([
    [lost, refused, refused],
    [refused, lost, lost],
    [
      { band: 'terminal', code: 'a' },
      { band: 'terminal', code: 'b' },
      { band: 'terminal', code: 'b' },
    ],
    [
      { band: 'retry', code: 'a' },
      { band: 'refresh', code: 'b' },
      { band: 'refresh', code: 'b' },
    ],
  ] as const)('both end, %j and then %j: the link ends', async (first, second, why) => {
    const { fast, final, ends, clock } = setUp()
    fast().closed(first)
    final().closed(second)
    await null
    expect([ends, clock.pending()]).toEqual([[why], 0])
  })

  it('the fast one is lost while the final log rests: the link ends, and the next tries both at once', async () => {
    const { fast, final, paths, up, begin, ends } = setUp()
    up(fast())
    final().closed({ ...lost, retryAfterMs: 60_000 })
    fast().closed(lost)
    await null
    expect(ends).toEqual([lost])
    begin()
    expect([paths.fast.openings.length, paths.final.openings.length]).toEqual([2, 2])
  })

  it('silent after a ping it is left, whichever it is', async () => {
    const { fast, final, send, clock, ends, paths } = both()
    const ping = () => send({ type: 'ping', n: 1 })
    ping()
    for (const { frame } of [fast(), final()]) frame({ type: 'pong', n: 1, heads: [] })
    clock.advance(60_000)
    ping()
    clock.advance(5_000)
    ping()
    final().frame(message(6, 'a'))
    clock.advance(9_999)
    expect(at(paths.fast.openings, 0).isClosed).toBe(false)
    clock.advance(1)
    expect([at(paths.fast.openings, 0).isClosed, ends]).toEqual([true, []])
    ping()
    clock.advance(15_000)
    await null
    expect(ends).toEqual([{ band: 'retry', code: 'silent' }])
  })
})

describe('L11: closed by its owner', () => {
  it('lets go of both paths, timers and all, and says nothing more', async () => {
    const { fast, final, clock, close, frames, ends, news } = both()
    fast().frame(message(1, 'a'))
    news()
    close()
    expect([fast().isClosed, final().isClosed, clock.pending()]).toEqual([true, true, 0])
    await null
    for (const opening of [fast(), final()]) {
      opening.frame(message(7, 'b'))
      opening.closed(lost)
    }
    close()
    await null
    expect([frames, ends, clock.pending()]).toEqual([[], [{ band: 'retry', code: 'closed' }], 0])
  })

  it('before it was opened', async () => {
    const { transport } = { transport: finality({ fast: way('a').transport, final: way('b').transport, clock: virtualClock() }) }
    const link = record(transport)
    link.link.send(open())
    link.link.close()
    expect((await link.closed()).code).toBe('closed')
  })
})
