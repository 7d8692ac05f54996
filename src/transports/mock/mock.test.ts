import { describe, expect, it } from 'vitest'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { serverFrame } from '../../protocol/schemas.js'
import { record } from '../../testing/transport-cases/ground.js'
import { mockGaps, mockGround } from '../../../test/fakes/mock-ground.js'
import { transportSuite } from '../../testing/transport-suite.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { type MockTransport, mockTransport } from './index.js'

/** Every microtask that is due has run. */
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the transport suite over the mock', () => {
  for (const { name, run } of transportSuite(mockGround, { gaps: mockGaps })) it(name, run)
})

const hello = (user: string): ClientFrame => ({ type: 'hello', version: 1, user, device: 'd', lane: user, link: 1 })
const send = (localId: string, content: unknown, after?: string): ClientFrame => ({
  type: 'operation',
  conversation: 'c',
  localId,
  try: 1,
  after,
  operation: { kind: 'send', content },
})
const openFrame = (position?: { epoch: string; seq: number; tag: string }): ClientFrame => ({
  type: 'open',
  request: 1,
  conversation: 'c',
  position,
})

/** A welcomed link; `ask` sends and gives all that came since, checked against the definition of frames. */
async function join(mock: MockTransport, user = 'ann') {
  const link = record(mock)
  await link.opened()
  let seen = 0
  const news = async (): Promise<ServerFrame[]> => {
    await quiet()
    const fresh = link.frames.slice(seen)
    seen = link.frames.length
    for (const frame of fresh) serverFrame.parse(JSON.parse(JSON.stringify(frame)))
    return fresh
  }
  const ask = (...frames: ClientFrame[]) => {
    for (const frame of frames) link.link.send(frame)
    return news()
  }
  const welcome = await ask(hello(user))
  return { ...link, ask, news, welcome }
}

describe('mockTransport, the server', () => {
  it('welcomes and opens an empty conversation', async () => {
    const ann = await join(mockTransport())
    expect(ann.welcome).toMatchObject([{ type: 'welcome', user: 'ann' }])
    expect(await ann.ask(openFrame())).toMatchObject([{ type: 'opened', reset: 'first', from: 0, to: 0, head: 0, more: false, rows: [] }])
  })

  it('echoes a send before it acks it, and answers a known local id with the first answer', async () => {
    const ann = await join(mockTransport())
    await ann.ask(openFrame())
    const first = await ann.ask(send('x', 'hi'))
    expect(first).toMatchObject([
      { type: 'change', seq: 1, change: { kind: 'message', message: { localId: 'x', content: 'hi', author: 'ann', index: 0 } } },
      { type: 'ack', localId: 'x', seq: 1 },
    ])
    expect(await ann.ask(send('x', 'again'))).toEqual([first[1]])
  })

  it('carries messages between the users of one mock, live and by inbox', async () => {
    const mock = mockTransport()
    const ann = await join(mock)
    const bob = await join(mock, 'bob')
    await ann.ask(openFrame())
    const [list] = await bob.ask({ type: 'inbox', request: 7 })
    expect(list).toMatchObject({ type: 'inbox', request: 7, rows: [{ conversation: 'c' }] })
    await ann.ask(send('x', 'hi'))
    const [live] = await bob.news()
    expect(live).toMatchObject({ type: 'inbox', rows: [{ head: 1, last: { content: 'hi' }, unread: { count: 1, more: false } }] })
    expect(list).not.toHaveProperty('prev')
    expect(live).toHaveProperty('prev', (list as { next: string }).next)
    mock.say('c', 'cyd', 'hello')
    expect(await ann.news()).toMatchObject([{ type: 'change', seq: 2, change: { message: { author: 'cyd' } } }])
  })

  it('keeps order by after, takes back by void, and rejects what it does not know for good', async () => {
    const ann = await join(mockTransport())
    expect(await ann.ask(send('y', 2, 'x'))).toMatchObject([{ type: 'reject', code: 'out-of-order', final: false }])
    expect(await ann.ask({ ...(send('x', 1) as ClientFrame & { type: 'operation' }), operation: { kind: 'void' } })).toMatchObject([
      { type: 'ack', localId: 'x', seq: undefined },
    ])
    expect(await ann.ask(send('x', 1))).toMatchObject([{ type: 'ack', localId: 'x', seq: undefined }])
    expect(await ann.ask(send('y', 2, 'x'))).toMatchObject([{ type: 'ack', localId: 'y', seq: 1 }])
    const poll = { ...(send('z', 1) as ClientFrame & { type: 'operation' }), operation: { kind: 'unknown' as const, raw: null } }
    expect(await ann.ask(poll)).toMatchObject([{ type: 'reject', code: 'unsupported', final: true }])
  })

  it('catches up from a position, in steps, and resets from one it cannot continue', async () => {
    const mock = mockTransport()
    for (let n = 1; n <= 250; n++) mock.say('c', 'bob', n)
    const ann = await join(mock)
    const epoch = 'c-1'
    const opened = async (position?: { epoch: string; seq: number; tag: string }) => (await ann.ask(openFrame(position)))[0]
    expect(await opened()).toMatchObject({
      reset: 'first',
      from: 150,
      to: 250,
      tag: 't250',
      more: false,
      unread: { count: 100, more: true },
    })
    expect(await opened({ epoch, seq: 100, tag: 't100' })).toMatchObject({ reset: undefined, from: 100, to: 200, tag: 't200', more: true })
    expect(await opened({ epoch, seq: 0, tag: '' })).toMatchObject({ reset: undefined, from: 0, to: 100 })
    expect(await opened({ epoch, seq: 250, tag: 't250' })).toMatchObject({ reset: undefined, from: 250, to: 250, rows: [] })
    expect(await opened({ epoch: 'other', seq: 1, tag: 't1' })).toMatchObject({ reset: 'epoch' })
    expect(await opened({ epoch, seq: 251, tag: 't251' })).toMatchObject({ reset: 'ahead' })
    expect(await opened({ epoch, seq: 9, tag: 'other' })).toMatchObject({ reset: 'tag' })
  })

  it.each([
    [{ before: 11 }, 0, 10],
    [{ before: 31 }, 10, 30],
    [{ after: 30 }, 30, 50],
    [{ after: 95 }, 95, 100],
    [{ around: 50 }, 39, 59],
    [{ before: 1 }, 0, 0],
    [{ after: 100 }, 100, 100],
    [{ before: 500 }, 100, 100],
  ])('pages history %o', async (anchor, from, to) => {
    const mock = mockTransport()
    for (let n = 1; n <= 100; n++) mock.say('c', 'bob', n)
    const ann = await join(mock)
    const [page] = await ann.ask({ type: 'history', request: 3, conversation: 'c', epoch: 'c-1', anchor, limit: 20 })
    expect(page).toMatchObject({ type: 'page', request: 3, asOf: 100, from, to })
    expect(page?.type === 'page' && page.rows.map((row) => row.seq)).toEqual(Array.from({ length: to - from }, (_, n) => from + n + 1))
  })

  it('raises watermarks, never lowers them, and never above the head', async () => {
    const mock = mockTransport()
    mock.say('c', 'bob', 1)
    mock.say('c', 'bob', 2)
    const ann = await join(mock)
    await ann.ask(openFrame())
    const receipt = (fields: { delivered?: number; read?: number; epoch?: string }) =>
      ann.ask({ type: 'receipt', conversation: 'c', epoch: 'c-1', ...fields })
    expect(await receipt({ delivered: 1 })).toMatchObject([{ type: 'marks', marks: [{ user: 'ann', delivered: 1, read: 0 }] }])
    expect(await receipt({ read: 2 })).toMatchObject([{ marks: [{ delivered: 2, read: 2 }] }])
    expect(await receipt({ delivered: 1, read: 1 })).toMatchObject([{ marks: [{ delivered: 2, read: 2 }] }])
    expect(await receipt({ read: 99 })).toMatchObject([{ marks: [{ delivered: 2, read: 2 }] }])
    expect(await receipt({ read: 1, epoch: 'other' })).toEqual([])
  })

  it('tells typing to others, heads by pong, and nothing after unfollow', async () => {
    const mock = mockTransport()
    const ann = await join(mock)
    const bob = await join(mock, 'bob')
    await ann.ask(openFrame())
    await bob.ask(openFrame(), { type: 'typing', conversation: 'c', on: true })
    expect(await ann.news()).toEqual([{ type: 'typing', conversation: 'c', user: 'bob', on: true }])
    mock.say('c', 'bob', 1)
    await ann.news()
    expect(await ann.ask({ type: 'ping', n: 4 })).toEqual([{ type: 'pong', n: 4, heads: [{ conversation: 'c', epoch: 'c-1', seq: 1 }] }])
    await ann.ask({ type: 'unfollow', conversation: 'c' })
    mock.say('c', 'bob', 2)
    expect(await ann.news()).toEqual([])
  })
})

describe('mockTransport, the network', () => {
  const isEcho = (frame: { type: string }) => frame.type === 'change'
  const types = (frames: readonly ServerFrame[]) => frames.map((frame) => frame.type)

  it('drops, duplicates, reorders and takes all again, in both directions', async () => {
    const mock = mockTransport()
    const ann = await join(mock)
    await ann.ask(openFrame())
    mock.drop((frame) => frame.type === 'ack')
    expect(types(await ann.ask(send('a', 1)))).toEqual(['change'])
    mock.accept()
    mock.duplicate(isEcho)
    expect(types(await ann.ask(send('b', 1)))).toEqual(['change', 'change', 'ack'])
    mock.accept()
    mock.reorder(isEcho)
    expect(types(await ann.ask(send('c', 1)))).toEqual(['ack', 'change'])
    mock.accept()
    mock.drop((frame) => frame.type === 'operation')
    expect(await ann.ask(send('d', 1))).toEqual([])
    mock.accept()
    expect(types(await ann.ask(send('d', 1)))).toEqual(['change', 'ack'])
    expect(mock.sent.filter((frame) => frame.type === 'operation')).toHaveLength(4)
  })

  it('delays each direction, keeps order, and leaves no timer behind', async () => {
    const clock = virtualClock()
    const mock = mockTransport({ clock })
    const ann = await join(mock)
    mock.delay(100)
    ann.link.send({ type: 'ping', n: 1 })
    mock.delay(0)
    ann.link.send({ type: 'ping', n: 2 })
    expect(await ann.news()).toEqual([])
    clock.advance(100)
    expect(await ann.news()).toMatchObject([{ n: 1 }, { n: 2 }])
    mock.delay(1_000)
    ann.link.send({ type: 'typing', conversation: 'c', on: true })
    clock.advance(500)
    ann.link.send({ type: 'typing', conversation: 'c', on: false })
    clock.advance(500)
    await quiet()
    expect(mock.sent.filter((frame) => frame.type === 'typing')).toHaveLength(1)
    expect(clock.pending()).toBe(1)
    ann.link.close()
    expect(clock.pending()).toBe(0)
  })

  it('hears nothing of what was under way when a link ended', async () => {
    const mock = mockTransport()
    const ann = await join(mock)
    ann.link.send(send('x', 1))
    mock.disconnect()
    await quiet()
    expect(mock.sent.map((frame) => frame.type)).toEqual(['hello'])
  })

  it('refuses hello until it accepts', async () => {
    const mock = mockTransport()
    mock.refuse('unauthorized')
    const ann = await join(mock)
    expect(ann.welcome).toEqual([{ type: 'refused', code: 'unauthorized' }])
    expect(await ann.closed()).toEqual({ band: 'refresh', code: 'unauthorized' })
    mock.accept()
    expect((await join(mock)).welcome).toMatchObject([{ type: 'welcome' }])
  })

  it('remembers across a disconnect', async () => {
    const mock = mockTransport()
    const ann = await join(mock)
    await ann.ask(send('x', 'hi'))
    mock.disconnect('drain')
    expect(await ann.closed()).toEqual({ band: 'retry-after', code: 'drain' })
    const again = await join(mock)
    expect(await again.ask(send('x', 'hi'))).toMatchObject([{ type: 'ack', seq: 1 }])
  })

  it('works in real time without a clock', async () => {
    const mock = mockTransport()
    mock.delay(1)
    const link = record(mock)
    await link.opened()
    link.link.send({ type: 'ping', n: 1 })
    expect(await link.heard(1)).toMatchObject([{ type: 'pong', n: 1 }])
  })
})
