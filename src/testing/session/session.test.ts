import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChat } from '../../index.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { mockTransport } from '../../transports/mock/index.js'
import { mockGaps, mockGround } from '../../../test/fakes/mock-ground.js'
import { transportSuite } from '../transport-suite.js'
import { virtualClock } from '../virtual-clock.js'
import { timeOf } from '../world/time.js'
import { playSession } from './play-session.js'
import { recordSession } from './record-session.js'

type Content = { text: string }
const broken: LinkClosed = { band: 'retry', code: 'network' }
const hello: ClientFrame = { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 1, token: 'secret' }
const header = '{"chatloom":"session","version":1,"transport":"mock"}'
const line = (ms: number, event: string, more: object = {}, link = 1) => JSON.stringify({ ms, link, event, ...more })
const up = (ms: number, frame: object) => line(ms, 'up', { frame })
const down = (ms: number, frame: object) => line(ms, 'down', { frame })
const typing = (on: boolean): ServerFrame => ({ type: 'typing', conversation: 'c', user: 'bob', on })
const failed = (request: number): ServerFrame => ({ type: 'failed', request, code: 'unavailable' })
const open = (request: number, conversation = 'c'): ClientFrame => ({ type: 'open', request, conversation })
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Opens a link and writes down what it tells. */
function listen(transport: Transport) {
  const told: (string | LinkFrame | LinkClosed)[] = []
  const link = transport.open({ opened: () => told.push('opened'), frame: (frame) => told.push(frame), closed: (why) => told.push(why) })
  return { link, told }
}

/** A transport whose server is the test. */
function puppet() {
  const sent: ClientFrame[] = []
  const made: { to?: Parameters<Transport['open']>[0]; closed: number } = { closed: 0 }
  const transport: Transport = {
    name: 'puppet',
    open(to) {
      made.to = to
      return { send: (frame) => sent.push(frame), close: () => made.closed++ }
    },
  }
  return { transport, sent, made }
}

describe('recordSession', () => {
  for (const { name, run } of transportSuite(
    () => {
      const ground = mockGround()
      return { ...ground, transport: recordSession(ground.transport) }
    },
    { gaps: mockGaps },
  )) {
    it(`carries as it is: ${name}`, run)
  }

  it('writes what goes both ways, with times, and no token', () => {
    const clock = virtualClock({ startMs: 1_000 })
    const { transport, sent, made } = puppet()
    const recorded = recordSession(transport, { clock })
    const { link, told } = listen(recorded)
    clock.advance(41.6)
    made.to?.opened()
    link.send(hello)
    clock.advance(10)
    made.to?.frame(typing(true))
    link.close()
    made.to?.closed(broken)
    recorded.open({ opened() {}, frame() {}, closed() {} })
    expect(recorded.lines.map((text) => JSON.parse(text))).toEqual([
      { chatloom: 'session', version: 1, transport: 'puppet' },
      { ms: 0, link: 1, event: 'open' },
      { ms: 42, link: 1, event: 'opened' },
      { ms: 42, link: 1, event: 'up', frame: { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 1 } },
      { ms: 52, link: 1, event: 'down', frame: typing(true) },
      { ms: 52, link: 1, event: 'close' },
      { ms: 52, link: 1, event: 'closed', why: broken },
      { ms: 52, link: 2, event: 'open' },
    ])
    expect([recorded.name, sent, made.closed, told]).toEqual(['puppet', [hello], 1, ['opened', typing(true), broken]])
  })

  it('hands on all that a link is opened with: whose it is', async () => {
    const { transport, made } = puppet()
    const chat = createChat({ user: 'ann', transport: recordSession(transport) })
    chat.connect()
    await quiet()
    expect(made.to?.owner).toBe(chat)
    await chat.close()
  })

  it('keeps no more than it may, and says so once', () => {
    const { transport } = puppet()
    const recorded = recordSession(transport, { clock: virtualClock(), maxChars: 100 })
    const { link } = listen(recorded)
    for (let n = 0; n < 9; n++) link.send({ type: 'ping', n })
    expect(recorded.lines.slice(1)).toEqual([line(0, 'open'), up(0, { type: 'ping', n: 0 }), line(0, 'full')])
    expect(() => playSession(recorded.lines)).not.toThrow()
  })

  it('names a frame that is no JSON, and never throws', () => {
    const { transport, sent } = puppet()
    const recorded = recordSession(transport, { clock: virtualClock() })
    const frame = { type: 'operation', conversation: 'c', localId: 'x', try: 1, operation: { kind: 'send', content: 1n } } as const
    listen(recorded).link.send(frame)
    expect([recorded.lines.at(-1), sent]).toEqual([line(0, 'up'), [frame]])
  })
})

describe('playSession', () => {
  it('shows another client what the first was shown', async () => {
    const time = timeOf(1, 100)
    const mock = mockTransport({ clock: time.clock })
    const script = async (transport: Transport, user: string, seed: number, before: () => void, after: () => void) => {
      const chat = createChat<Content>({ user, transport, clock: { ...time.clock, roll: timeOf(seed).clock.roll } })
      const talk = chat.conversation('c')
      const stop = talk.timeline.subscribe(() => {})
      chat.connect()
      await time.pass(100)
      before()
      talk.send({ text: 'mine' })
      await time.pass(30_000)
      after()
      await time.pass(60_000)
      const { messages } = talk.timeline.get()
      stop()
      await chat.close()
      return messages.map(({ author, content, status, seq }) => ({ author, content, status, seq }))
    }
    mock.say('c', 'bob', { text: 'hi' })
    const recorded = recordSession(mock, { clock: time.clock })
    const shown = await script(
      recorded,
      'ann',
      1,
      () => mock.disconnect(),
      () => mock.say('c', 'bob', { text: 'bye' }),
    )
    expect(shown.map(({ content, status }) => [content?.text, status])).toEqual([
      ['hi', 'sent'],
      ['mine', 'sent'],
      ['bye', 'sent'],
    ])
    for (const clock of [undefined, time.clock]) {
      const session = playSession(recorded.lines.join('\n'), { clock })
      expect(session.user).toBe('ann')
      const nothing = () => {}
      expect(await script(session, session.user, 2, nothing, nothing)).toEqual(shown)
      expect(session.left()).toEqual([])
    }
  })

  it('answers a question only once it is asked, in the ids of who asks', async () => {
    const lines = [
      header,
      line(0, 'opened'),
      up(1, open(7)),
      up(1, open(8, 'other')),
      down(2, failed(8)),
      down(3, failed(7)),
      down(4, failed(99)),
      down(5, typing(true)),
    ]
    const session = playSession(lines)
    const { link, told } = listen(session)
    expect(told).toEqual([])
    await quiet()
    link.send(open(70))
    await quiet()
    expect(told).toEqual(['opened'])
    expect(session.left()).toEqual(lines.slice(3))
    link.send(open(80, 'other'))
    await quiet()
    expect(told.slice(1)).toEqual([failed(80), failed(70), failed(99), typing(true)])
    expect(session.left()).toEqual([])
  })

  it('takes questions of different kinds in any order, and those of one kind in turn', async () => {
    const session = playSession([
      header,
      line(0, 'opened'),
      up(0, hello),
      up(0, open(1)),
      down(0, failed(1)),
      up(0, open(2)),
      down(0, failed(2)),
    ])
    const { link, told } = listen(session)
    await quiet()
    for (const frame of [open(5), open(6), hello]) link.send(frame)
    await quiet()
    expect(told.slice(1)).toEqual([failed(5), failed(6)])
  })

  it('knows own messages by the names they have now, on every link', async () => {
    const operation = (localId: string, count: number) =>
      ({ type: 'operation', conversation: 'c', localId, try: count, operation: { kind: 'send', content: {} } }) as const
    const message = { id: 'm', seq: 1, index: 0, rev: 1, at: 1, author: 'ann', localId: 'old', content: { localId: 'mine' } }
    const change = { type: 'change', conversation: 'c', epoch: 'e', seq: 1, tag: 't', change: { kind: 'message', message } }
    const reject = { type: 'reject', conversation: 'c', localId: 'old', try: 1, code: 'unavailable', final: false }
    const other = { ...reject, localId: 'else', try: 4 }
    const session = playSession([
      header,
      line(0, 'opened'),
      up(0, operation('old', 1)),
      down(0, reject),
      down(0, other),
      line(0, 'closed', { why: broken }),
      line(0, 'opened', {}, 2),
      line(0, 'down', { frame: change }, 2),
    ])
    const first = listen(session)
    await quiet()
    first.link.send(operation('new', 3))
    await quiet()
    expect(first.told.slice(1)).toEqual([{ ...reject, localId: 'new', try: 3 }, other, broken])
    const second = listen(session)
    await quiet()
    const renamed = { ...message, localId: 'new' }
    expect(second.told).toEqual(['opened', { ...change, change: { kind: 'message', message: renamed } }])
  })

  it('does not wait for what depends on timers, and answers every ping', async () => {
    const receipt = { type: 'receipt', conversation: 'c', epoch: 'e', read: 1 }
    const session = playSession([header, line(0, 'opened'), up(0, { type: 'ping', n: 1 }), up(0, receipt), down(0, typing(true))])
    const { link, told } = listen(session)
    await quiet()
    expect(told).toEqual(['opened', typing(true)])
    link.send({ type: 'ping', n: 5 })
    expect(told).toHaveLength(2)
    await quiet()
    expect(told[2]).toEqual({ type: 'pong', n: 5, heads: [] })
    link.send({ type: 'ping', n: 6 })
    link.close()
    await quiet()
    expect(told.slice(3)).toEqual([{ band: 'retry', code: 'closed' }])
  })

  it('pauses as it was recorded where it has a clock', async () => {
    const clock = virtualClock()
    const lines = [
      header,
      line(0, 'open'),
      line(40, 'opened'),
      up(50, open(1)),
      down(80, failed(1)),
      down(1_080, typing(true)),
      down(1_090, typing(false)),
    ]
    const { link, told } = listen(playSession(lines, { clock }))
    clock.advance(0)
    expect(told).toEqual(['opened'])
    clock.advance(500)
    link.send(open(1))
    clock.advance(29)
    expect(told).toHaveLength(1)
    clock.advance(1)
    expect(told).toHaveLength(2)
    clock.advance(999)
    expect(told).toHaveLength(2)
    clock.advance(1)
    expect(told).toHaveLength(3)
    link.close()
    expect(clock.pending()).toBe(0)
  })

  it('is a transport: nothing is heard before it opens, nothing is told after it closes, and its end comes once', async () => {
    const session = playSession([
      header,
      line(0, 'opened'),
      up(0, open(1)),
      down(0, typing(true)),
      down(0, typing(false)),
      line(0, 'closed', { why: broken }),
    ])
    const heard: unknown[] = []
    const link = session.open({
      opened: () => link.send(open(1)),
      frame: (frame) => {
        heard.push(frame)
        link.close()
        link.close()
      },
      closed: (why) => heard.push(why),
    })
    link.send(open(1))
    await quiet()
    expect(heard).toEqual([typing(true), { band: 'retry', code: 'closed' }])
    link.send(open(1))
    link.send({ type: 'ping', n: 1 })
    await quiet()
    expect(heard).toHaveLength(2)
    expect(session.left()).toHaveLength(2)
  })

  it('answers nothing that was asked before it opened', async () => {
    const session = playSession([header, line(0, 'opened'), up(0, open(1)), down(0, failed(1))])
    const { link, told } = listen(session)
    link.send(open(1))
    await quiet()
    expect(told).toEqual(['opened'])
  })

  it('opens once, and says nothing before', async () => {
    const session = playSession([header, down(0, typing(true)), line(0, 'opened'), line(0, 'opened'), down(0, typing(false))])
    const { told } = listen(session)
    await quiet()
    expect(told).toEqual(['opened', typing(false)])
  })

  it('has not played what a closed link did not hear', async () => {
    const session = playSession([header, line(0, 'opened')])
    listen(session).link.close()
    await quiet()
    expect(session.left()).toEqual([line(0, 'opened')])
  })

  it('tells questions of different types apart', async () => {
    const session = playSession([header, line(0, 'opened'), up(0, hello), up(0, { type: 'inbox', request: 1 }), down(0, failed(1))])
    const { link, told } = listen(session)
    await quiet()
    link.send({ type: 'inbox', request: 5 })
    link.send(hello)
    await quiet()
    expect(told).toEqual(['opened', failed(5)])
  })

  it('leaves it to the client to give up a link', async () => {
    const session = playSession([header, line(0, 'opened'), line(0, 'close'), line(0, 'closed', { why: broken }), line(0, 'full')])
    const { told } = listen(session)
    await quiet()
    expect([told, session.left()]).toEqual([['opened'], []])
  })

  it('ends for good when there are no more links', async () => {
    const session = playSession([header])
    expect(session.user).toBe('')
    const { told, link } = listen(session)
    link.send(hello)
    link.close()
    await quiet()
    expect(told).toEqual([expect.objectContaining({ band: 'terminal', code: 'session-over' })])
  })

  it('keeps no more questions than it may', async () => {
    const session = playSession([header, line(0, 'opened'), up(0, hello), up(0, open(1)), down(0, failed(1))])
    const { link, told } = listen(session)
    await quiet()
    for (let n = 0; n < 1_000; n++) link.send(open(1, 'other'))
    link.send(open(2))
    link.send(hello)
    await quiet()
    expect(told).toEqual(['opened'])
  })

  it('plays links by their numbers, and what only combinators say', async () => {
    const via = { type: 'via', via: 'sse' } as const
    const provisional = { type: 'provisional', conversation: 'c', author: 'bob', localId: 'x', content: {}, at: 1 } as const
    const withdrawn = { type: 'withdrawn', conversation: 'c', author: 'bob', localId: 'x' } as const
    const frames = [via, provisional, withdrawn].map((frame) => line(0, 'down', { frame }, 1))
    const session = playSession([header, line(0, 'opened', {}, 2), line(0, 'opened'), ...frames])
    const [first, second] = [listen(session), listen(session)]
    await quiet()
    expect([first.told, second.told]).toEqual([['opened', via, provisional, withdrawn], ['opened']])
  })
})

describe('lines that cannot be played', () => {
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`
  it.each<[string, string | readonly string[], string]>([
    ['nothing', '', 'line 1 is missing'],
    ['empty lines', '\n\n', 'line 1 is missing'],
    ['no header', [line(0, 'open')], 'line 1 does not say'],
    ['another version', ['{"chatloom":"session","version":2}'], 'line 1 does not say'],
    ['something else', ['{"chatloom":"else","version":1}'], 'line 1 does not say'],
    ['no JSON', `${header}\n\n{`, 'line 3 is no JSON object'],
    ['a list', [header, '[]'], 'line 2 is no JSON object'],
    ['a line too long', [header, `"${'x'.repeat(limits.serverFrameBytes + 1_024)}"`], 'line 2 is no JSON object'],
    ['a line too deep', [header, `{"x":${deep}}`], 'line 2 is no JSON object'],
    ['a key that is a trap', [header, '{"__proto__":1}'], 'line 2 is no JSON object'],
    ['no event', [header, '{"ms":1,"link":1}'], 'line 2 is no event'],
    ['an unknown event', [header, line(0, 'toString')], 'line 2 is no "toString"'],
    ['no time', [header, '{"link":1,"event":"open"}'], 'line 2 is no "open"'],
    ['no link', [header, '{"ms":1,"link":-1,"event":"open"}'], 'line 2 is no "open"'],
    ['no frame', [header, line(0, 'down')], 'line 2 is no "down"'],
    ['a list of frames', [header, line(0, 'down', { frame: [typing(true)] })], 'line 2 is no "down"'],
    ['a frame that no server says', [header, down(0, { type: 'typing' })], 'line 2 is no "down"'],
    ['a frame without a type', [header, down(0, {})], 'line 2 is no "down"'],
    ['a via without a name', [header, down(0, { type: 'via' })], 'line 2 is no "down"'],
    [
      'a provisional without an author',
      [header, down(0, { type: 'provisional', conversation: 'c', localId: 'x', at: 1 })],
      'line 2 is no "down"',
    ],
    ['a withdrawn without an id', [header, down(0, { type: 'withdrawn', conversation: 'c', author: 'bob' })], 'line 2 is no "down"'],
    ['a frame sent without a type', [header, up(0, {})], 'line 2 is no "up"'],
    ['a request that is no number', [header, up(0, { type: 'open', request: 'x' })], 'line 2 is no "up"'],
    ['an end without a band', [header, line(0, 'closed', { why: { code: 'x' } })], 'line 2 is no "closed"'],
    ['an end with another band', [header, line(0, 'closed', { why: { band: 'x', code: 'x' } })], 'line 2 is no "closed"'],
  ])('%s', (_, lines, words) => {
    expect(() => playSession(lines)).toThrow(new RegExp(`^playSession: ${words}`))
    expect(() => playSession(lines)).toThrow(TypeError)
  })

  it('are refused or played, whatever they are, and nothing else is thrown', async () => {
    const id = fc.constantFrom<unknown>('c', 'x', '', 7, null)
    const number = fc.constantFrom<unknown>(0, 1, 2, -1, 1.5, '1', undefined)
    const frame = fc.record(
      {
        type: fc.constantFrom('hello', 'open', 'operation', 'ping', 'typing', 'failed', 'reject', 'ack', 'via', 'else', 7),
        conversation: id,
        user: id,
        localId: id,
        epoch: id,
        code: id,
        via: id,
        request: number,
        try: number,
        on: fc.boolean(),
        final: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    const event = fc.constantFrom('open', 'opened', 'up', 'down', 'closed', 'close', 'full', 'else')
    const why = fc.record({ band: fc.constantFrom('retry', 'x'), code: id })
    const lines = fc.array(fc.record({ ms: number, link: number, event, frame, why }), { maxLength: 8 })
    let played = 0
    await fc.assert(
      fc.asyncProperty(lines, fc.array(frame, { maxLength: 4 }), async (events, asked) => {
        try {
          const good = events.filter((one) => {
            const text = JSON.stringify(one)
            try {
              playSession([header, text])
              return true
            } catch (error) {
              expect(error).toBeInstanceOf(TypeError)
              expect((error as Error).message).toMatch(/^playSession: line 2 is no /)
              return false
            }
          })
          const { link, told } = listen(playSession([header, ...good.map((one) => JSON.stringify(one))]))
          await quiet()
          for (const one of asked) link.send(one as unknown as ClientFrame)
          link.close()
          await quiet()
          played += told.length
        } catch (error) {
          expect.unreachable(String(error))
        }
      }),
      { numRuns: 300, seed: 1 },
    )
    expect(played).toBeGreaterThan(300)
  })

  it('are not those of a newer server: its frames are told as unknown (R10)', async () => {
    const { told } = listen(playSession([header, line(0, 'opened'), down(0, { type: 'sung', song: 1 }), down(0, { type: 'constructor' })]))
    await quiet()
    expect(told.slice(1)).toEqual([
      { type: 'unknown', raw: { type: 'sung', song: 1 } },
      { type: 'unknown', raw: { type: 'constructor' } },
    ])
  })
})
