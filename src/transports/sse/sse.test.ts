import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { begin, type SseServer, sseServer } from '../../../test/fakes/sse-server.js'
import type { LinkClosed } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { type Recorded, ping, pong, record } from '../../testing/transport-cases/ground.js'
import { transportSuite } from '../../testing/transport-suite.js'
import { type SseTransportOptions, sseTransport } from './index.js'

describe('the transport suite over server-sent events', () => {
  const setUp = async () => {
    const server = await sseServer()
    return { transport: sseTransport({ url: server.url }), server, dispose: server.dispose }
  }
  for (const { name, run } of transportSuite(setUp)) it(name, run)
})

const hello: ClientFrame = { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 1 }
const event = (n: number, frame: unknown = pong(n)) => `id: ${n}\ndata: ${JSON.stringify(frame)}\n\n`

let server: SseServer
beforeEach(async () => {
  server = await sseServer()
})
afterEach(() => server.dispose())

const open = (options: Partial<SseTransportOptions> = {}): Recorded => record(sseTransport({ url: server.url, ...options }))
const opened = async (options: Partial<SseTransportOptions> = {}): Promise<Recorded> => {
  const link = open(options)
  await link.opened()
  return link
}
const ended = (options: Partial<SseTransportOptions> = {}): Promise<LinkClosed> => open(options).closed()

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('sseTransport', () => {
  it('asks for URL and token at every open, and puts the token into a header of every request, never into hello', async () => {
    const asked: string[] = []
    const transport = sseTransport({
      url: async () => `${server.url}/${asked.push('url')}`,
      token: async () => `secret-${asked.push('token')}`,
    })
    expect(asked).toEqual([])
    for (const count of [1, 2]) {
      const link = record(transport)
      await link.opened()
      link.link.send(hello)
      expect((await server.received(count)).at(-1)).toEqual(hello)
      link.link.close()
      await link.closed()
    }
    expect(asked).toEqual(['url', 'token', 'url', 'token'])
    expect(server.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['GET', 'Bearer secret-2'],
      ['POST', 'Bearer secret-2'],
      ['GET', 'Bearer secret-4'],
      ['POST', 'Bearer secret-4'],
    ])
  })

  it('names itself as the page asks for, and what it sends', async () => {
    const link = await opened()
    link.link.send(ping(1))
    await server.received(1)
    const [get, post] = server.requests
    expect(get?.headers).toMatchObject({ accept: 'text/event-stream' })
    expect(get?.headers).not.toHaveProperty('authorization')
    expect(post?.headers).toMatchObject({ 'content-type': 'application/json', 'chatloom-link': 'link-1', 'last-event-id': '0' })
  })

  it('keeps caches out of the stream, and leaves those of preflights alone', async () => {
    const modes: unknown[] = []
    const link = await opened({
      fetch: (address, init) => {
        modes.push(init?.cache)
        return fetch(address, init)
      },
    })
    link.link.send(ping(1))
    await server.received(1)
    expect(modes).toEqual(['no-store', undefined])
  })

  it('has one POST in flight, and gathers in order what is sent meanwhile', async () => {
    const link = await opened()
    let release = () => {}
    server.hold = new Promise((resolve) => {
      release = resolve
    })
    link.link.send(ping(0))
    await server.received(1)
    for (let n = 1; n <= 100; n++) {
      link.link.send(ping(n))
      await Promise.resolve()
    }
    expect(server.texts).toHaveLength(1)
    release()
    expect(await server.received(101)).toEqual(Array.from({ length: 101 }, (_, n) => ping(n)))
    expect(server.texts).toHaveLength(2)
  })

  it('tells with each request how far the events have come', async () => {
    const link = await opened()
    server.say([pong(1)])
    server.say([pong(2), pong(3)])
    await link.heard(3)
    link.link.send(ping(1))
    await server.received(1)
    expect(server.requests.at(-1)?.headers['last-event-id']).toBe('2')
  })

  it('reads events whatever their pieces, and ignores comments and events of other names', async () => {
    const link = await opened()
    const frame = { type: 'typing', conversation: 'c', user: 'ü語😀', on: true }
    const bytes = new TextEncoder().encode(`: quiet\n\nevent: later\ndata: x\n\nretry: 5\nodd: 1\n${event(1, frame)}`)
    for (const byte of bytes) {
      server.write(Uint8Array.of(byte))
      await new Promise(setImmediate)
    }
    expect(await link.heard(1)).toEqual([frame])
    expect(link.told).toEqual(['opened', 'frame'])
  })
})

describe('an answer to the request for a stream', () => {
  const soon = new Date(Date.now() + 60_000).toUTCString()
  it.each<[number, Record<string, string>, string, Partial<LinkClosed>]>([
    [401, {}, '{"code":"unauthorized"}', { band: 'refresh', code: 'unauthorized' }],
    [401, {}, '{"code":"token-expired"}', { band: 'refresh', code: 'token-expired' }],
    [401, {}, '<html>', { band: 'refresh', code: 'unauthorized' }],
    [401, {}, '', { band: 'refresh', code: 'unauthorized' }],
    [403, {}, '', { band: 'terminal', code: 'forbidden' }],
    [429, { 'retry-after': '7' }, '', { band: 'retry-after', code: 'rate-limited', retryAfterMs: 7_000 }],
    [503, { 'retry-after': '0' }, '', { band: 'retry-after', code: 'overloaded', retryAfterMs: 0 }],
    [503, { 'retry-after': soon }, '', { band: 'retry-after', code: 'overloaded', retryAfterMs: expect.closeTo(59_000, -4) }],
    [503, { 'retry-after': 'tomorrow' }, '', { band: 'retry', code: 'http-503' }],
    [503, {}, '', { band: 'retry', code: 'http-503' }],
    [500, { 'retry-after': '7' }, '', { band: 'retry', code: 'http-500', reason: expect.stringContaining('500') }],
    [404, {}, '', { band: 'retry', code: 'http-404' }],
    [204, {}, '', { band: 'retry', code: 'not-a-stream' }],
    [200, {}, '{}', { band: 'retry', code: 'not-a-stream' }],
    [
      200,
      { 'content-type': 'text/html' },
      '<h1>Welcome to our hotel',
      { code: 'not-a-stream', reason: expect.stringContaining('text/html') },
    ],
  ])('%s %o %s', async (status, headers, body, why) => {
    server.instead = (_, response) => response.writeHead(status, headers).end(body)
    const link = open()
    expect(await link.closed()).toMatchObject(why)
    expect(link.told).toEqual(['closed'])
    expect(server.requests).toHaveLength(1)
  })

  it('without a body is no stream', async () => {
    const fetch = async () => new Response(null, { headers: { 'content-type': 'text/event-stream' } })
    expect(await ended({ fetch })).toMatchObject({ band: 'retry', code: 'not-a-stream' })
  })

  it('that is none, or has been read before, asks for a retry', async () => {
    const read = new Response('x', { headers: { 'content-type': 'text/event-stream' } })
    read.body?.getReader()
    for (const answer of [undefined, {}, read] as Response[])
      expect(await ended({ fetch: async () => answer })).toMatchObject({ band: 'retry', code: 'network' })
  })

  it('that never comes is a timeout, and one without an event is a stream held back', async () => {
    server.instead = () => {}
    expect(await ended({ connectTimeoutMs: 40 })).toEqual({ band: 'retry', code: 'timeout' })
    server.instead = (_, response) => begin(response).flushHeaders()
    expect(await ended({ connectTimeoutMs: 40 })).toMatchObject({
      band: 'retry',
      code: 'buffered',
      reason: expect.stringContaining('holds the stream back'),
    })
  })
})

describe('a stream that breaks', () => {
  it('goes on from its last event, once and in order, while frames go up', async () => {
    const link = await opened()
    server.say([pong(1)])
    await link.heard(1)
    server.breakStreams()
    server.say([pong(2)])
    server.say([pong(3)])
    link.link.send(ping(1))
    expect(await link.heard(3)).toEqual([pong(1), pong(2), pong(3)])
    await server.received(1)
    const again = server.requests.filter(({ method }) => method === 'GET')[1]
    expect(again?.headers).toMatchObject({ 'chatloom-link': 'link-1', 'last-event-id': '1', accept: 'text/event-stream' })
    server.breakStreams()
    server.say([pong(4)])
    expect(await link.heard(4)).toHaveLength(4)
    expect(link.told).toEqual(['opened', 'frame', 'frame', 'frame', 'frame'])
  })

  it('also goes on where nothing has come yet', async () => {
    const link = await opened()
    server.breakStreams()
    await server.asked(2)
    server.say([pong(1)])
    expect(await link.heard(1)).toEqual([pong(1)])
  })

  it('ends the link when the next one brings nothing', async () => {
    const link = await opened()
    server.breakStreams()
    await server.asked(2)
    server.breakStreams()
    expect(await link.closed()).toEqual({ band: 'retry', code: 'network' })
    expect(server.requests).toHaveLength(2)
  })

  it('ends the link when the server has not kept what followed', async () => {
    const link = await opened()
    server.cut()
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'http-410' })
    expect(link.told).toEqual(['opened', 'closed'])
  })

  it('is refused like the first', async () => {
    const link = await opened()
    server.instead = (_, response) => response.writeHead(401).end()
    server.breakStreams()
    expect(await link.closed()).toMatchObject({ band: 'refresh', code: 'unauthorized' })
  })

  it('and whose next one is held back, ends the link', async () => {
    const link = await opened({ connectTimeoutMs: 200 })
    server.instead = (_, response) => begin(response).flushHeaders()
    server.breakStreams()
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'buffered' })
  })

  it('and whose next one is not answered, ends the link', async () => {
    const link = await opened({ connectTimeoutMs: 200 })
    server.instead = () => {}
    server.breakStreams()
    expect(await link.closed()).toEqual({ band: 'retry', code: 'timeout' })
  })

  it('before the link has its name is a lost network', async () => {
    server.instead = (_, response) => begin(response).end(': hello\n\n')
    expect(await ended()).toEqual({ band: 'retry', code: 'network' })
  })
})

describe('ends with bad-frame at', () => {
  it.each<[string, string | Uint8Array]>([
    ['an event too long', event(1, { type: 'pong', n: 1, heads: [], x: 'x'.repeat(limits.serverFrameBytes) })],
    ['an event of many lines that is too long', `data: ${'x'.repeat(1_000)}\n`.repeat(600)],
    ['an event that is missing', event(2)],
    ['an event told twice', event(1) + event(1)],
    ['an event without a number', 'data: {"type":"pong","n":1,"heads":[]}\n\n'],
    ['bytes that are no UTF-8', Buffer.from(event(1, { type: 'typing', conversation: 'c', user: '\xff', on: true }), 'latin1')],
  ])('%s', async (_, bytes) => {
    const link = await opened()
    server.write(bytes)
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'bad-frame' })
  })

  it.each(['{}', '{"link":7}', 'null', 'x'])('a link named %s', async (data) => {
    server.instead = (_, response) => begin(response).write(`event: link\ndata: ${data}\n\n`)
    expect(await ended()).toMatchObject({ band: 'retry', code: 'bad-frame' })
  })

  it('an event before the link has its name', async () => {
    server.instead = (_, response) => begin(response).write(`${event(1)}event: link\ndata: {"link":"x"}\n\n`)
    const link = open()
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'bad-frame' })
    expect(link.told).toEqual(['closed'])
  })

  it('an event that never ends, having read little more than one may have', async () => {
    let read = 0
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('event: link\ndata: {"link":"x"}\n\ndata: ')),
      pull(controller) {
        read += 10_000
        controller.enqueue(new Uint8Array(10_000).fill(0x78))
      },
    })
    const fetch = async () => new Response(endless, { headers: { 'content-type': 'text/event-stream' } })
    expect(await ended({ fetch })).toMatchObject({ code: 'bad-frame', reason: expect.stringContaining('too long') })
    expect(read).toBeLessThan(limits.serverFrameBytes + 50_000)
  })
})

describe('a POST that fails ends the link for a retry', () => {
  it.each([200, 400, 401, 403, 410, 413, 500, 503])('%s', async (status) => {
    const link = await opened()
    server.instead = (_, response) => response.writeHead(status).end()
    link.link.send(ping(1))
    link.link.send(ping(2))
    expect(await link.closed()).toMatchObject({ band: 'retry', code: `http-${status}`, reason: expect.stringContaining(`${status}`) })
    expect(server.requests).toHaveLength(2)
  })

  it('broken off', async () => {
    const link = await opened()
    server.instead = (request) => request.socket.destroy()
    link.link.send(ping(1))
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'network' })
  })
})

describe('the end of a link', () => {
  it('asks for nothing once closed, and hears nothing of a fetch that cannot be broken off', async () => {
    const url = deferred<string>()
    const answer = deferred<Response>()
    const asked: string[] = []
    const fetch = (async (address: string) => {
      asked.push(address)
      return answer.promise
    }) as typeof globalThis.fetch
    const early = open({ url: () => url.promise, fetch })
    early.link.close()
    url.resolve('http://x/')
    const late = open({ url: 'http://y/', fetch, connectTimeoutMs: 20 })
    await Promise.all([early.closed(), late.closed()])
    answer.resolve(new Response('event: link\ndata: {"link":"x"}\n\n', { headers: { 'content-type': 'text/event-stream' } }))
    await new Promise(setImmediate)
    expect(asked).toEqual(['http://y/'])
    expect([early.told, late.told]).toEqual([['closed'], ['closed']])
  })

  it('breaks off the stream and the POST in flight', async () => {
    const both = deferred<void>()
    const over: string[] = []
    server.instead = ({ method = '' }, response) => {
      response.on('close', () => over.push(method) === 2 && both.resolve())
      return false
    }
    const link = await opened()
    server.hold = new Promise(() => {})
    link.link.send(ping(1))
    await server.received(1)
    link.link.close()
    expect(link.told).toEqual(['opened'])
    await both.promise
    expect(over.sort()).toEqual(['GET', 'POST'])
    expect(link.told).toEqual(['opened', 'closed'])
  })

  it('leaves no timer behind, however it ends', async () => {
    const timers = new Set<unknown>()
    const connectTimeoutMs = 54_321
    const ours = new Set([connectTimeoutMs, 30_000])
    const { setTimeout: start, clearTimeout: stop } = globalThis
    vi.stubGlobal('setTimeout', (run: (...all: unknown[]) => void, ms?: number, ...all: unknown[]) => {
      const id = start(run, ms, ...all)
      if (ms !== undefined && ours.has(ms)) timers.add(id)
      return id
    })
    vi.stubGlobal('clearTimeout', (id?: ReturnType<typeof setTimeout>) => {
      timers.delete(id)
      stop(id)
    })
    try {
      await ended({ url: 'not a url', connectTimeoutMs })
      const early = open({ connectTimeoutMs })
      expect(timers.size).toBe(1)
      early.link.close()
      await early.closed()
      expect(timers.size).toBe(0)
      const link = await opened({ connectTimeoutMs })
      server.hold = new Promise(() => {})
      link.link.send(ping(1))
      await server.received(1)
      expect(timers.size).toBe(1)
      link.link.close()
      expect(timers.size).toBe(0)
      server.hold = Promise.resolve()
      const broken = await opened({ connectTimeoutMs })
      server.breakStreams()
      await server.asked(4)
      server.say([pong(1)])
      await broken.heard(1)
      expect(timers.size).toBe(0)
      server.cut()
      await broken.closed()
      expect(timers.size).toBe(0)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it.each<[string, Partial<SseTransportOptions>, Partial<LinkClosed>]>([
    ['a URL that is none', { url: 'not a url' }, { band: 'terminal', code: 'bad-url' }],
    ['a url that is undefined', { url: () => undefined as never }, { band: 'terminal', code: 'bad-url' }],
    ['a URL object, where nobody is', { url: new URL('http://127.0.0.1:1') }, { band: 'retry', code: 'network' }],
    ['a URL of a socket', { url: 'ws://127.0.0.1:1' }, { band: 'terminal', code: 'bad-url', reason: expect.stringContaining('http') }],
    ['nobody at the address', { url: 'http://127.0.0.1:1' }, { band: 'retry', code: 'network' }],
    ['a token that no header can carry', { token: 'a\nb' }, { band: 'retry', code: 'network' }],
    ['a URL that cannot be had', { url: () => Promise.reject(new Error('offline')) }, { band: 'retry', code: 'no-credentials' }],
    [
      'a token provider that throws',
      {
        token: () => {
          throw new Error('no')
        },
      },
      { band: 'retry', code: 'no-credentials' },
    ],
    ['a provider that never answers', { url: () => new Promise(() => {}), connectTimeoutMs: 20 }, { band: 'retry', code: 'timeout' }],
  ])('comes once with a band at %s', async (_, options, why) => {
    const link = open(options)
    expect(await link.closed()).toMatchObject(why)
    expect(link.told).toEqual(['closed'])
  })

  it('comes to a peer that accepts and never answers', async () => {
    const silent = createServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    expect(await ended({ url: `http://127.0.0.1:${port}`, connectTimeoutMs: 50 })).toEqual({ band: 'retry', code: 'timeout' })
    silent.close()
  })

  it('comes at a frame that is not JSON, and nothing is thrown', async () => {
    const link = await opened()
    const content: { self?: unknown } = {}
    content.self = content
    link.link.send({ type: 'operation', conversation: 'c', localId: 'x', try: 1, operation: { kind: 'send', content } })
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'bad-frame' })
  })
})
