import { once } from 'node:events'
import { createServer, request as ask, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { virtualClock } from '../virtual-clock.js'
import type { FrameFaults } from './frame-faults.js'
import { type FrameProxy, type FrameProxyOptions, frameProxy } from './frame-proxy.js'

/** A server that says every WebSocket text again, keeps every POST, and has one event stream. */
let target: Server
let sockets: WebSocketServer
let posted: string[]
let stream: ServerResponse | undefined
let handshakes: Record<string, unknown>[]
const proxies: FrameProxy[] = []
const clients: WebSocket[] = []

beforeEach(async () => {
  posted = []
  handshakes = []
  target = createServer(async (request, response) => {
    if (request.method === 'POST') {
      let body = ''
      for await (const chunk of request) body += chunk
      posted.push(body)
      response.writeHead(202, { 'x-of': 'server' }).end(`took ${body}`)
    } else if (request.url === '/events') {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      stream.flushHeaders()
      target.emit('stream')
    } else response.writeHead(404).end('nothing here')
  })
  sockets = new WebSocketServer({ noServer: true })
  target.on('upgrade', (request, socket, head) => {
    handshakes.push({ ...request.headers, url: request.url })
    if (request.url === '/no') return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (near) => {
      near.on('message', (data, binary) => near.send(data, { binary }))
    })
  })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate()
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
  for (const socket of sockets.clients) socket.terminate()
  target.closeAllConnections()
  target.close()
})

async function proxied(faults: FrameFaults = {}, options: Partial<FrameProxyOptions> = {}): Promise<FrameProxy> {
  const proxy = await frameProxy({ target: () => (target.address() as AddressInfo).port, ...options })
  proxies.push(proxy)
  proxy.set(faults)
  return proxy
}

/** A client and all that it heard; how it ended is a close code, or the words of its error. */
function dial(proxy: FrameProxy, path = '/') {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}${path}`, { headers: { origin: 'https://a.example' } })
  clients.push(socket)
  const texts: string[] = []
  let error: string | undefined
  socket.on('message', (data) => texts.push(String(data)))
  socket.on('error', (failure) => {
    error = failure.message
  })
  return {
    socket,
    texts,
    closed: new Promise<string | number>((resolve) => socket.on('close', (code) => resolve(error ?? code))),
    async heard(count: number) {
      while (texts.length < count) await once(socket, 'message')
      return texts
    },
  }
}

async function linked(proxy: FrameProxy) {
  const client = dial(proxy)
  await once(client.socket, 'open')
  return client
}

const post = (proxy: FrameProxy, body: string) => fetch(`http://127.0.0.1:${proxy.port}/`, { method: 'POST', body })

/** The event stream through a proxy; `text` is all that came. */
async function listenTo(proxy: FrameProxy) {
  const begun = once(target, 'stream')
  const asked = ask({ port: proxy.port, path: '/events' }).end()
  asked.on('error', () => {})
  await begun
  let text = ''
  let wake = () => {}
  const answered = once(asked, 'response').then(([answer]) => {
    answer.on('error', () => {})
    answer.on('data', (chunk: Buffer) => {
      text += chunk
      wake()
    })
    return answer
  })
  const closed = new Promise<void>((resolve) => asked.on('close', resolve))
  return {
    answered,
    closed,
    asked,
    text: () => text,
    async heard(all: string) {
      while (text !== all) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

const even = (text: string) => Number(text) % 2 === 0

describe('frameProxy over WebSocket', () => {
  it('passes texts, binary messages, path, headers, refusals and close codes on, and counts nothing', async () => {
    const proxy = await proxied()
    const client = dial(proxy, '/chat?x=1')
    await once(client.socket, 'open')
    for (const data of ['a', Buffer.from('b'), 'c'.repeat(2_000_000)]) client.socket.send(data)
    expect(await client.heard(3)).toEqual(['a', 'b', 'c'.repeat(2_000_000)])
    expect(handshakes).toMatchObject([{ url: '/chat?x=1', origin: 'https://a.example' }])
    for (const each of sockets.clients) each.close(4100, 'drain')
    expect(await client.closed).toBe(4100)
    const other = await linked(proxy)
    const [server] = sockets.clients
    other.socket.close(4002)
    expect((await once(server!, 'close'))[0]).toBe(4002)
    expect(await dial(proxy, '/no').closed).toBe('Unexpected server response: 403')
    expect(Object.values(proxy.counts).every((count) => count === 0)).toBe(true)
  })

  it('passes on that a side is gone', async () => {
    const proxy = await proxied()
    const client = await linked(proxy)
    for (const each of sockets.clients) each.terminate()
    expect(await client.closed).toBe(1006)
    const other = await linked(proxy)
    const [server] = sockets.clients
    other.socket.terminate()
    expect((await once(server!, 'close'))[0]).toBe(1006)
    const lost = await proxied({}, { target: 1 })
    expect(await dial(lost).closed).toBe('socket hang up')
  })

  it.each([
    [{ drop: 1 }, ['1', '3', '5']],
    [{ duplicate: 1 }, ['1', '2', '2', '3', '4', '4', '5']],
    [{ reorder: 1 }, ['1', '3', '2', '5', '4']],
    [{ corrupt: 1 }, ['1', '\u0000', '3', '\u0000', '5']],
  ])('spoils the texts that are picked, one way: %o', async (faults, texts) => {
    for (const direction of ['up', 'down'] as const) {
      const proxy = await proxied({ ...faults, direction, which: even })
      const client = await linked(proxy)
      for (const text of ['1', '2', '3', '4', '5']) client.socket.send(text)
      expect(await client.heard(texts.length)).toEqual(texts)
      expect(proxy.counts).toMatchObject({ [Object.keys(faults)[0]!]: 2 })
    }
  })

  it('spoils both ways where none is named, nothing over another carrier, and as the seed says', async () => {
    const both = await linked(await proxied({ duplicate: 1 }))
    both.socket.send('x')
    await both.heard(4)
    const other = await linked(await proxied({ drop: 1, over: 'http' }))
    other.socket.send('x')
    await other.heard(1)
    const heard = async (seed: number) => {
      const client = await linked(await proxied({ drop: 0.5, direction: 'up', which: (text) => text !== 'end' }, { seed }))
      for (let n = 0; n < 40; n++) client.socket.send(String(n))
      client.socket.send('end')
      while (client.texts.at(-1) !== 'end') await client.heard(client.texts.length + 1)
      return client.texts
    }
    const [first, again, second] = [await heard(1), await heard(1), await heard(2)]
    expect(first).toEqual(again)
    expect(first).not.toEqual(second)
    expect(first.length).toBeGreaterThan(10)
    expect(first.length).toBeLessThan(31)
  })

  it('lets a held text go after 100 ms, or with the end of its link', async () => {
    const clock = virtualClock()
    const proxy = await proxied({ reorder: 1, direction: 'down' }, { clock })
    const client = await linked(proxy)
    client.socket.send('alone')
    await proxy.fired('reorder')
    clock.advance(99)
    expect(client.texts).toEqual([])
    clock.advance(1)
    expect(await client.heard(1)).toEqual(['alone'])
    client.socket.send('last')
    await proxy.fired('reorder', 2)
    for (const each of sockets.clients) each.close(4000)
    expect(await client.closed).toBe(4000)
    expect(client.texts).toEqual(['alone', 'last'])
    expect(clock.pending()).toBe(0)
  })

  it('says texts of its own, either way', async () => {
    const proxy = await proxied()
    const [ann, bob] = [await linked(proxy), await linked(proxy)]
    proxy.inject('down')
    expect([await ann.heard(1), await bob.heard(1)]).toEqual([['down'], ['down']])
    proxy.inject('up', 'up')
    expect([await ann.heard(2), await bob.heard(2)]).toEqual([
      ['down', 'up'],
      ['down', 'up'],
    ])
    expect(proxy.counts.inject).toBe(4)
  })

  it('is a captive portal for new handshakes', async () => {
    const proxy = await proxied()
    const standing = await linked(proxy)
    proxy.set({ portal: true })
    expect(await dial(proxy).closed).toBe('Unexpected server response: 200')
    standing.socket.send('still')
    await standing.heard(1)
    expect(proxy.counts.portal).toBe(1)
    expect(handshakes).toHaveLength(1)
  })
})

describe('frameProxy over HTTP', () => {
  it('passes requests and answers on as they are', async () => {
    const proxy = await proxied()
    const answer = await post(proxy, 'a')
    expect([answer.status, answer.headers.get('x-of'), await answer.text()]).toEqual([202, 'server', 'took a'])
    const missing = await fetch(`http://127.0.0.1:${proxy.port}/missing`)
    expect([missing.status, await missing.text()]).toEqual([404, 'nothing here'])
    await expect(post(await proxied({}, { target: 1 }), 'a')).rejects.toThrow('fetch failed')
    expect(Object.values(proxy.counts).every((count) => count === 0)).toBe(true)
  })

  it('loses, doubles, damages and disorders POSTs', async () => {
    const clock = virtualClock()
    const proxy = await proxied({ drop: 1 }, { clock })
    await expect(post(proxy, 'lost')).rejects.toThrow('fetch failed')
    proxy.set({ duplicate: 1, direction: 'up' })
    expect(await (await post(proxy, 'twice')).text()).toBe('took twice')
    while (posted.length < 2) await once(target, 'request')
    expect(posted).toEqual(['twice', 'twice'])
    proxy.set({ corrupt: 1, over: 'http' })
    await post(proxy, 'x')
    proxy.set({ reorder: 1 })
    const late = post(proxy, 'late')
    await proxy.fired('reorder')
    await post(proxy, 'next')
    await late
    expect(posted.slice(2)).toEqual(['\u0000', 'next', 'late'])
    const gone = new AbortController()
    const held = fetch(`http://127.0.0.1:${proxy.port}/`, { method: 'POST', body: 'gone', signal: gone.signal })
    await proxy.fired('reorder', 2)
    gone.abort()
    await expect(held).rejects.toThrow('aborted')
    proxy.set({})
    await post(proxy, 'after')
    expect(posted.slice(5)).toEqual(['after'])
  })

  it('passes an event stream on at once, block by block, comments, ids and several lines included', async () => {
    const proxy = await proxied()
    const client = await listenTo(proxy)
    const answer = await client.answered
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    stream?.write(': alive\n\nid: 7\nevent: frame\ndata: on')
    stream?.write('e\r\ndata:two\r\n\r')
    stream?.write('\ndata: thrée\n\nnever ended')
    await client.heard(': alive\n\nid: 7\nevent: frame\ndata: one\ndata: two\n\ndata: thrée\n\n')
    stream?.end()
    await client.closed
  })

  it('spoils single events, and says some of its own', async () => {
    const proxy = await proxied({ drop: 1, which: even })
    const client = await listenTo(proxy)
    await client.answered
    const say = (...texts: string[]) => stream?.write(texts.map((text) => `data: ${text}\n\n`).join(''))
    say('1', '2', '3')
    await client.heard('data: 1\n\ndata: 3\n\n')
    proxy.set({ duplicate: 1, which: even })
    say('4')
    await proxy.fired('duplicate')
    proxy.set({ reorder: 1, which: even })
    say('6', '7')
    await proxy.fired('reorder')
    proxy.inject('mine')
    proxy.inject('nowhere', 'up')
    await client.heard(['1', '3', '4', '4', '7', '6', 'mine'].map((text) => `data: ${text}\n\n`).join(''))
    expect(proxy.counts.inject).toBe(1)
    proxy.set({ reorder: 1 })
    say('8')
    stream?.end()
    await client.closed
    expect(client.text().endsWith('data: mine\n\ndata: 8\n\n')).toBe(true)
  })

  it('holds an answer back until it ends, or until so much has come', async () => {
    const proxy = await proxied({ bufferBytes: Number.POSITIVE_INFINITY })
    const whole = await listenTo(proxy)
    stream?.write('data: 1\n\n')
    stream?.end('data: 2\n\n')
    await whole.closed
    expect(whole.text()).toBe('data: 1\n\ndata: 2\n\n')
    expect(await (await post(proxy, 'a')).text()).toBe('took a')
    proxy.set({ bufferBytes: 20 })
    const partly = await listenTo(proxy)
    let isAnswered = false
    void partly.answered.then(() => {
      isAnswered = true
    })
    stream?.write('data: 1\n\ndata: 2\n\n')
    await proxy.fired('buffer', 3)
    proxy.set({})
    await post(proxy, 'b')
    expect(isAnswered).toBe(false)
    stream?.write('data: 3\n\n')
    await partly.heard('data: 1\n\ndata: 2\n\ndata: 3\n\n')
  })

  it('is a captive portal for every request', async () => {
    const proxy = await proxied({ portal: true })
    const answer = await post(proxy, 'a')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html'])
    expect(await answer.text()).toContain('<!doctype html>')
    expect(posted).toEqual([])
    proxy.set({ portal: true, over: 'websocket' })
    expect(await (await post(proxy, 'a')).text()).toBe('took a')
  })
})

describe('frameProxy', () => {
  it('cuts links and streams', async () => {
    const proxy = await proxied()
    const [client, events] = [await linked(proxy), await listenTo(proxy)]
    await events.answered
    proxy.cut()
    await Promise.all([client.closed, events.closed])
    expect(proxy.counts.cut).toBe(2)
  })

  it('leaves no link, timer or listener behind, half-made ones included, and may be closed twice', async () => {
    const clock = virtualClock()
    const proxy = await proxied({ reorder: 1 }, { clock })
    const [client, events] = [await linked(proxy), await listenTo(proxy)]
    client.socket.send('held')
    const held = expect(post(proxy, 'held')).rejects.toThrow('fetch failed')
    await proxy.fired('reorder', 2)
    const silent = createServer()
    silent.on('upgrade', () => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const other = await proxied({}, { target: (silent.address() as AddressInfo).port })
    const opening = dial(other)
    await once(silent, 'upgrade')
    const idle = connect(proxy.port, '127.0.0.1')
    await once(idle, 'connect')
    const closed = Promise.all([client.closed, opening.closed, once(idle, 'close'), held, events.closed])
    await Promise.all([proxy.close(), other.close()])
    await Promise.all([closed, proxy.close()])
    expect(clock.pending()).toBe(0)
    await expect(post(proxy, 'a')).rejects.toThrow('fetch failed')
    silent.closeAllConnections()
    silent.close()
  })
})
