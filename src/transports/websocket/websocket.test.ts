import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { LinkClosed } from '../../ports/transport.js'
import { decodeClientFrames } from '../../protocol/client-codec.js'
import { encodeFrames } from '../../protocol/codec.js'
import { closeCodes } from '../../protocol/codes.js'
import type { ClientFrame } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { record } from '../../testing/transport-cases/ground.js'
import { type TransportGround, transportSuite } from '../../testing/transport-suite.js'
import { type WebSocketTransportOptions, webSocketTransport } from './index.js'

interface Ground extends TransportGround {
  readonly url: string
  readonly texts: readonly string[]
  /** The close code that the first ended link left at the server. */
  readonly firstClose: Promise<number>
  transportWith(options: Partial<WebSocketTransportOptions>): TransportGround['transport']
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** A real server on a port of its own. */
async function setUp(): Promise<Ground> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: limits.clientFrameBytes })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const frames: ClientFrame[] = []
  const texts: string[] = []
  const { promise: firstClose, resolve: onClose } = deferred<number>()
  const waits = new Set<() => void>()
  server.on('connection', (socket) => {
    socket.on('close', onClose)
    socket.on('message', (data) => {
      const decoded = decodeClientFrames(String(data))
      if (!decoded.ok) throw new Error(decoded.reason)
      texts.push(String(data))
      frames.push(...decoded.frames)
      for (const check of [...waits]) check()
    })
  })
  const received = (count: number) =>
    new Promise<readonly ClientFrame[]>((resolve) => {
      const check = () => {
        if (frames.length < count) return
        waits.delete(check)
        resolve(frames.slice(0, count))
      }
      waits.add(check)
      check()
    })
  const transportWith = (options: Partial<WebSocketTransportOptions>) => webSocketTransport({ url, WebSocket, ...options })
  const each = (run: (socket: WebSocket) => void) => {
    for (const socket of server.clients) run(socket)
  }
  return {
    url,
    texts,
    firstClose,
    transportWith,
    transport: transportWith({}),
    server: {
      say: (said) => each((socket) => socket.send(encodeFrames(said))),
      sayText: (text) => each((socket) => socket.send(text)),
      close: (code) => each((socket) => socket.close(code)),
      cut: () => each((socket) => socket.terminate()),
      received,
    },
    async dispose() {
      each((socket) => socket.terminate())
      server.close()
      await once(server, 'close')
    },
  }
}

describe('the transport suite over a real WebSocket', () => {
  for (const { name, run } of transportSuite(setUp)) it(name, run)
})

describe('webSocketTransport', () => {
  const grounds: Ground[] = []
  const ground = async () => {
    const made = await setUp()
    grounds.push(made)
    return made
  }
  afterEach(async () => {
    await Promise.all(grounds.splice(0).map((made) => made.dispose?.()))
  })
  const hello: ClientFrame = { type: 'hello', version: 1, user: 'ann', device: 'd', lane: 'l', link: 1 }
  const ended = (options: WebSocketTransportOptions): Promise<LinkClosed> => record(webSocketTransport(options)).closed()

  it('asks for URL and token at every open and puts the token into hello alone', async () => {
    const { url, server, transportWith } = await ground()
    const asked: string[] = []
    const transport = transportWith({
      url: async () => `${url}/${asked.push('url')}`,
      token: async () => `secret-${asked.push('token')}`,
    })
    expect(asked).toEqual([])
    for (const token of ['secret-2', 'secret-4']) {
      const link = record(transport)
      await link.opened()
      link.link.send(hello)
      link.link.send({ type: 'ping', n: 1 })
      const count = token === 'secret-2' ? 2 : 4
      expect((await server.received(count)).slice(-2)).toEqual([
        { ...hello, token },
        { type: 'ping', n: 1 },
      ])
      link.link.close()
      await link.closed()
    }
    expect(asked).toEqual(['url', 'token', 'url', 'token'])
  })

  it('batches the frames of one turn into one text frame', async () => {
    const { transport, server, texts } = await ground()
    const link = record(transport)
    await link.opened()
    for (let n = 0; n < 100; n++) link.link.send({ type: 'ping', n })
    await server.received(100)
    expect(texts).toHaveLength(1)
    link.link.send({ type: 'ping', n: 100 })
    await server.received(101)
    expect(texts[1]).toBe('{"type":"ping","n":100}')
  })

  it('never puts more frames into a text frame than a list may have', async () => {
    const { transport, server, texts } = await ground()
    const link = record(transport)
    await link.opened()
    for (let n = 0; n <= limits.arrayItems; n++) link.link.send({ type: 'ping', n: 1 })
    await server.received(limits.arrayItems + 1)
    expect(texts).toHaveLength(2)
  })

  it('opens no socket once closed, and hears nothing of one that opens all the same', async () => {
    const sockets: EventTarget[] = []
    class Stubborn extends EventTarget {
      readonly readyState = 0
      constructor(readonly url: string) {
        super()
        sockets.push(this)
      }
      close() {}
    }
    const url = deferred<string>()
    const early = record(webSocketTransport({ url: () => url.promise, WebSocket: Stubborn }))
    early.link.close()
    url.resolve('ws://x')
    const late = record(webSocketTransport({ url: 'ws://x', WebSocket: Stubborn, connectTimeoutMs: 30 }))
    await Promise.all([early.closed(), late.closed()])
    sockets[0]?.dispatchEvent(new Event('open'))
    sockets[0]?.dispatchEvent(new MessageEvent('message', { data: '{"type":"pong","n":1,"heads":[]}' }))
    expect(sockets).toHaveLength(1)
    expect([early.told, late.told]).toEqual([['closed'], ['closed']])
  })

  it('leaves no timer behind, however it ends', async () => {
    const { url, transportWith } = await ground()
    const timers = new Set<unknown>()
    const connectTimeoutMs = 54_321
    // 5 s is how long reconnecting-websocket watches a fresh connection; the others are the server's.
    const ours = new Set([connectTimeoutMs, 5_000])
    const { setTimeout: start, clearTimeout: stop } = globalThis
    vi.stubGlobal('setTimeout', (run: () => void, ms?: number) => {
      const id = start(run, ms)
      if (ms !== undefined && ours.has(ms)) timers.add(id)
      return id
    })
    vi.stubGlobal('clearTimeout', (id?: ReturnType<typeof setTimeout>) => {
      timers.delete(id)
      stop(id)
    })
    try {
      await record(transportWith({ url: 'not a url', connectTimeoutMs })).closed()
      const early = record(transportWith({ url, connectTimeoutMs }))
      early.link.close()
      await early.closed()
      const opened = record(transportWith({ url, connectTimeoutMs }))
      await opened.opened()
      expect(timers.size).toBeGreaterThan(0)
      opened.link.close()
      await opened.closed()
      expect(timers.size).toBe(0)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('hands over what was sent in the turn of close', async () => {
    const { transport, server } = await ground()
    const link = record(transport)
    await link.opened()
    link.link.send({ type: 'ping', n: 1 })
    link.link.close()
    expect(await server.received(1)).toEqual([{ type: 'ping', n: 1 }])
  })

  it('tells the server bad-frame when it cannot read', async () => {
    const { transport, server, firstClose } = await ground()
    const link = record(transport)
    await link.opened()
    link.link.send({ type: 'ping', n: 1 })
    await server.received(1)
    server.sayText('{')
    await link.closed()
    expect(await firstClose).toBe(closeCodes['bad-frame'])
  })

  it('says what to do where there is no WebSocket', async () => {
    const had = globalThis.WebSocket
    Reflect.deleteProperty(globalThis, 'WebSocket')
    try {
      const why = await ended({ url: 'ws://127.0.0.1:1' })
      expect(why).toMatchObject({
        band: 'terminal',
        code: 'no-websocket',
        reason: expect.stringContaining('Pass the { WebSocket } of ws.'),
      })
    } finally {
      if (had !== undefined) globalThis.WebSocket = had
    }
  })

  it.each([
    ['a URL that is none', { url: 'not a url' }, { band: 'terminal', code: 'bad-url' }],
    ['nobody at the address', { url: 'ws://127.0.0.1:1' }, { band: 'retry', code: 'network' }],
    ['a URL that cannot be had', { url: () => Promise.reject(new Error('offline')) }, { band: 'retry', code: 'no-credentials' }],
    [
      'a token provider that throws',
      {
        url: 'ws://127.0.0.1:1',
        token: () => {
          throw new Error('no')
        },
      },
      { band: 'retry', code: 'no-credentials' },
    ],
    [
      'a provider that never answers',
      { url: () => new Promise<string>(() => {}), connectTimeoutMs: 20 },
      { band: 'retry', code: 'timeout' },
    ],
  ])('ends once with a band at %s', async (_, options, why) => {
    expect(await ended({ WebSocket, ...options })).toMatchObject(why)
  })

  it('takes a URL as its text', async () => {
    const { url, transportWith } = await ground()
    for (const given of [new URL(url), () => new URL(url)]) {
      const link = record(transportWith({ url: given }))
      await link.opened()
      link.link.close()
      await link.closed()
    }
  })

  it.each([undefined, null, 5, {}, () => undefined, Symbol('url')])('ends for good, and throws nowhere, at %s as url', async (url) => {
    expect(await ended({ WebSocket, url: url as never })).toMatchObject({ band: 'terminal', code: 'bad-url' })
  })

  it('gives up on a peer that accepts and never answers', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    try {
      const link = record(webSocketTransport({ url: `ws://127.0.0.1:${port}`, WebSocket, connectTimeoutMs: 50 }))
      expect(await link.closed()).toMatchObject({ band: 'retry', code: 'timeout' })
      expect(link.told).toEqual(['closed'])
    } finally {
      silent.close()
    }
  })

  it('never throws at a frame that is not JSON, and ends for a retry', async () => {
    const { transport } = await ground()
    const link = record(transport)
    await link.opened()
    const content: { self?: unknown } = {}
    content.self = content
    link.link.send({ type: 'operation', conversation: 'c', localId: 'x', try: 1, operation: { kind: 'send', content } })
    expect(await link.closed()).toMatchObject({ band: 'retry', code: 'bad-frame' })
  })
})
