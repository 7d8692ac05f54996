/** The door for server-sent events over real sockets: what is told by status, by event, and what the link survives. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as limits from '../../src/protocol/limits.js'
import { serverLimits } from '../../src/protocol/server-limits.js'
import type { Logger } from '../../src/server/index.js'
import { type Listening, dial, enter, hello, listen } from './dial.js'
import { type SseStream, dialSse, enterSse, get } from './dial-sse.js'

const say = (localId: string, content: unknown = { text: localId }) =>
  ({ type: 'operation', conversation: 'c', localId, try: 1, operation: { kind: 'send', content } }) as const
const opens = { type: 'open', request: 1, conversation: 'c' } as const

let listening: Listening
let url: string
const start = async (options: Parameters<typeof listen>[0] = {}) => {
  listening = await listen(options)
  url = listening.url
  await listening.server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
}
afterEach(() => listening.close())

const links = async (): Promise<number> => {
  const health = await listening.server.fetch(new Request('http://x/health'))
  return ((await health.json()) as { links: number }).links
}
const post = (localId: string) => listening.server.post({ id: localId, conversation: 'c', author: 'system', content: localId })

describe('a link over server-sent events', () => {
  beforeEach(() => start())

  it('begins with 2 KiB that mean nothing, and its name', async () => {
    const response = await get(url, { authorization: 'Bearer ann' })
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    const first = await new Promise<string>((resolve) => response.once('data', (bytes) => resolve(String(bytes))))
    expect(first).toMatch(/^: {2000,}\nevent: link\ndata: \{"link":"[\w-]{22,}"\}\n\n$/)
    response.destroy()
  })

  it('carries a chat with a WebSocket, each told what the other says', async () => {
    const [ann, bob] = [await enterSse(url, 'ann'), await enter(url, 'bob')]
    expect(await ann.send(opens)).toBe(204)
    expect(await ann.next('opened')).toMatchObject({ reset: 'first', memberCount: 2 })
    await bob.ask({ type: 'open', conversation: 'c' })
    expect(await ann.send(say('a1'), say('a2'))).toBe(204)
    expect(await ann.next('ack')).toMatchObject({ localId: 'a1', seq: 1 })
    expect(await bob.next('change')).toMatchObject({ seq: 1, change: { message: { author: 'ann', content: { text: 'a1' } } } })
    expect(await bob.next('change')).toMatchObject({ seq: 2 })
    bob.send(say('b1'))
    expect(await bob.next('ack')).toMatchObject({ seq: 3 })
    expect(await ann.next('change', ({ seq }) => seq === 3)).toMatchObject({ change: { message: { author: 'bob' } } })
    const numbers = ann.events.slice(1).map(({ id }) => Number(id))
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
    expect(await links()).toBe(2)
  })

  it('has a wider window than a WebSocket, whose round trip is shorter', async () => {
    const [ann, bob] = [await enterSse(url, 'ann'), await enter(url, 'bob')]
    const windows = [ann, bob].map(({ frames }) => frames.map((frame) => frame.type === 'welcome' && frame.limits.window))
    expect(windows).toEqual([[limits.window], [serverLimits.socketWindow]])
  })

  it('speaks for the user of the header, whatever token hello carries', async () => {
    const ann = await enterSse(url, 'ann', { token: 'bob' })
    expect(ann.frames[0]).toMatchObject({ type: 'welcome', user: 'ann' })
    const other = await dialSse(url, 'ann')
    expect(await other.send(hello('bob', { token: 'bob' }))).toBe(204)
    expect(await other.next('refused')).toMatchObject({ code: 'wrong-user' })
    expect(await other.ended).toBe(4300)
  })

  it('closes the older one of its lane, over whichever door', async () => {
    const older = await enterSse(url, 'ann')
    const socket = await enter(url, 'ann', { link: 2 })
    expect(await older.ended).toBe(4303)
    await enterSse(url, 'ann', { link: 3 })
    expect(await socket.closed).toMatchObject({ code: 4303 })
    expect(await links()).toBe(1)
  })

  it('ends with drain when the server closes, and no other begins', async () => {
    const [ann, waiting] = [await enterSse(url, 'ann'), await dialSse(url, 'bob')]
    const closed = listening.server.close()
    await ann.next('drain')
    expect(await ann.ended).toBe(4100)
    expect(await waiting.ended).toBe(4000)
    await closed
    const late = await get(url, { authorization: 'Bearer ann' })
    expect([late.statusCode, late.headers['retry-after']]).toEqual([503, '5'])
    late.destroy()
    expect(await ann.send({ type: 'ping', n: 1 })).toBe(410)
    expect(await links()).toBe(0)
  })
})

describe('a stream that breaks', () => {
  beforeEach(() => start())

  it('goes on during live changes with every event once, in order', async () => {
    const ann = await enterSse(url, 'ann')
    await ann.send(opens)
    await ann.next('opened')
    const seqs: number[] = []
    const take = (frames: readonly { type: string; seq?: number }[]) => {
      for (const frame of frames) if (frame.type === 'change') seqs.push(frame.seq!)
    }
    let stream: SseStream = ann
    let sent = 0
    let last = 0
    for (let round = 0; round < 5; round++) {
      const writing = Promise.all(Array.from({ length: 20 }, () => post(`p${++sent}`)))
      await stream.until(() => stream.frames.some(({ type }) => type === 'change'))
      stream.destroy()
      await stream.ended
      take(stream.frames)
      last = stream.last()
      await writing
      stream = await ann.again(last)
      await post(`p${++sent}`)
    }
    await stream.until(() => stream.frames.some((frame) => frame.type === 'change' && frame.seq === sent))
    take(stream.frames)
    expect(seqs).toEqual(Array.from({ length: sent }, (_, i) => i + 1))
    expect(await ann.send({ type: 'ping', n: 1 })).toBe(204)
    expect(await links()).toBe(1)
  })

  it('is ended by the next one of its link', async () => {
    const ann = await enterSse(url, 'ann')
    const next = await ann.again(ann.last())
    expect(await ann.ended).toBeUndefined()
    await ann.send({ type: 'ping', n: 7 })
    await next.until(() => next.frames.some(({ type }) => type === 'pong'))
    expect(next.events[0]).toMatchObject({ event: 'link', data: JSON.stringify({ link: ann.link }) })
  })

  it.each<[string, (n: number) => number | string]>([
    ['what the client had said it has', () => 0],
    ['what was never told', (n) => n + 1],
    ['no number', () => 'x'],
  ])('cannot go on after %s: the link is over', async (_, after) => {
    const ann = await enterSse(url, 'ann')
    await ann.post('{"type":"ping","n":1}', { 'last-event-id': `${ann.last()}` })
    await ann.next('pong')
    await expect(ann.again(after(ann.last()) as number)).rejects.toThrow('410')
    expect(await ann.ended).toBe(4000)
    expect(await ann.send({ type: 'ping', n: 1 })).toBe(410)
    expect(await links()).toBe(0)
  })

  it('cannot go on when more was said than is kept', async () => {
    const ann = await enterSse(url, 'ann')
    await ann.send(opens)
    await ann.next('opened')
    const n = ann.last()
    ann.destroy()
    for (let i = 0; i < 10; i++)
      await listening.server.post({ id: `${i}`, conversation: 'c', author: 'system', content: 'x'.repeat(30_000) })
    await expect(ann.again(n)).rejects.toThrow('410')
  })
})

describe('the door', () => {
  it('tells by status who may not come in', async () => {
    await start({
      auth: ({ token }) => {
        if (token === 'expired') return { userId: 'ann', expiresAt: Date.now() - 1 }
        if (token === 'broken') throw new Error('no such key')
        if (token === 'faulty') return { userId: 'x'.repeat(200) }
        return token ? { userId: token } : null
      },
    })
    for (const authorization of [undefined, 'Bearer broken', 'Bearer faulty', 'Bearer', 'Basic ann']) {
      const response = await fetch(url.replace('ws', 'http'), {
        headers: { accept: 'text/event-stream', ...(authorization && { authorization }) },
      })
      expect([response.status, await response.json()]).toEqual([401, { code: 'unauthorized' }])
    }
    const expired = await fetch(url.replace('ws', 'http'), { headers: { accept: 'text/event-stream', authorization: 'Bearer expired' } })
    expect([expired.status, await expired.json()]).toEqual([401, { code: 'token-expired' }])
    expect(await links()).toBe(0)
  })

  it('admits as many as it may, over both doors together', async () => {
    await start({ limits: { connections: 2 } })
    await enter(url, 'bob')
    const ann = await enterSse(url, 'ann')
    const late = await get(url, { authorization: 'Bearer ann' })
    expect([late.statusCode, late.headers['retry-after']]).toEqual([503, '5'])
    late.destroy()
    await ann.post('no frame')
    await ann.ended
    await enterSse(url, 'ann')
  })

  it('admits no more than it may, however many tokens are checked at the same time', async () => {
    let asked = 0
    let check = () => {}
    const checked = new Promise<void>((resolve) => {
      check = resolve
    })
    const auth = async ({ token = '' }) => {
      if (++asked === 2) check()
      return checked.then(() => ({ userId: token }))
    }
    await start({ limits: { connections: 1 }, auth })
    const both = ['ann', 'bob'].map((user) => get(url, { authorization: `Bearer ${user}` }))
    const answers = await Promise.all(both)
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 503])
    for (const answer of answers) answer.destroy()
  })

  it('hands the request to auth in one shape, from either door', async () => {
    const asked: (string | null)[] = []
    await start({
      auth: ({ token = '', request }) => {
        asked.push(new URL(request.url).search, request.headers.get('user-agent'))
        return { userId: token }
      },
    })
    await (await dialSse(`${url}/chat?via=events`, 'ann', { 'user-agent': 'one' })).send(hello('ann'))
    const bob = await dial(`${url}/chat?via=socket`, { 'user-agent': 'two' })
    bob.send(hello('bob'))
    await bob.next('welcome')
    expect(asked).toEqual(['?via=events', 'one', '?via=socket', 'two'])
  })

  it('closes who says no hello, and whose token ends', { timeout: 10_000 }, async () => {
    await start({ limits: { helloMs: 1 }, auth: ({ token = '' }) => ({ userId: token, expiresAt: Date.now() + 600 }) })
    const [silent, ann] = [await dialSse(url, 'bob'), await enterSse(url, 'ann')]
    expect(await silent.ended).toBe(4003)
    expect(await ann.ended).toBe(4201)
  })

  it('closes who is silent', { timeout: 10_000 }, async () => {
    await start({ limits: { heartbeatMs: 10 } })
    expect(await (await enterSse(url, 'ann')).ended).toBe(4000)
  })

  it('cuts a slow consumer, which catches up later, and nobody else', { timeout: 30_000 }, async () => {
    await start({ limits: { bufferedBytes: 64 * 1024 } })
    const [ann, bob] = [await enterSse(url, 'ann'), await enter(url, 'bob')]
    await ann.send(opens)
    await ann.next('opened')
    await bob.ask({ type: 'open', conversation: 'c' })
    ann.response.pause()
    let sent = 0
    // The kernel holds some megabytes before the server has to.
    while ((await links()) === 2) {
      expect(++sent).toBeLessThan(2_000)
      await listening.server.post({ id: `p${sent}`, conversation: 'c', author: 'system', content: 'x'.repeat(30_000) })
    }
    expect(await ann.send({ type: 'ping', n: 1 })).toBe(410)
    ann.response.resume()
    expect(await ann.ended).toBeUndefined()
    await bob.next('change', ({ seq }) => seq === sent)
    const again = await enterSse(url, 'ann', { link: 2 })
    await again.send(opens)
    expect(await again.next('opened')).toMatchObject({ head: sent })
  })
})

describe('a page of another origin', () => {
  const ask = (method: string, headers: Record<string, string>) =>
    listening.server.fetch(new Request('http://x/chat', { method, headers: { origin: 'https://app.example', ...headers } }))

  it('is told what it may send, and can read every answer', async () => {
    await start({ origins: ['https://app.example'] })
    const asked = await ask('OPTIONS', { 'access-control-request-method': 'POST' })
    expect([asked.status, Object.fromEntries(asked.headers)]).toEqual([
      204,
      {
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization, chatloom-link, content-type, last-event-id',
        'access-control-max-age': '7200',
        'access-control-expose-headers': 'retry-after',
        vary: 'origin',
      },
    ])
    for (const [method, headers, status] of [
      ['GET', { accept: 'text/event-stream', authorization: 'Bearer ann' }, 200],
      ['GET', { accept: 'text/event-stream' }, 401],
      ['GET', { accept: 'text/event-stream', 'chatloom-link': 'x' }, 410],
      ['POST', { 'chatloom-link': 'x' }, 410],
    ] as const) {
      const answer = await ask(method, headers)
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([status, 'https://app.example'])
      await answer.body?.cancel()
    }
  })

  it('that is not allowed is refused everything', async () => {
    await start({ origins: ['https://other.example'] })
    for (const [method, headers] of [
      ['OPTIONS', { 'access-control-request-method': 'POST' }],
      ['GET', { accept: 'text/event-stream', authorization: 'Bearer ann' }],
      ['POST', { 'chatloom-link': 'x' }],
    ] as const) {
      const answer = await ask(method, headers)
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null])
    }
    expect(await links()).toBe(0)
  })

  it('that asks for something else gets 404', async () => {
    await start()
    for (const [method, headers] of [
      ['GET', {}],
      ['POST', {}],
      ['PUT', { 'chatloom-link': 'x' }],
      ['OPTIONS', {}],
    ] as const)
      expect((await ask(method, headers)).status).toBe(404)
  })
})

/** A9: what is hostile or broken ends this link, and touches no other. */
describe('a POST that cannot be taken', () => {
  const errors: string[] = []
  const logger: Logger = { debug() {}, info() {}, warn() {}, error: (event) => errors.push(event) }
  beforeEach(async () => {
    errors.length = 0
    await start({ logger })
  })
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

  it.each<[string, string | Uint8Array<ArrayBuffer>, number]>([
    ['malformed JSON', '{"type":"ping",', 400],
    ['nothing', '', 400],
    ['no frame', '42', 400],
    ['a wrong field', '{"type":"ping","n":"one"}', 400],
    ['__proto__ as a key', '{"type":"ping","n":1,"__proto__":{"admin":true}}', 400],
    ['a stack of brackets', nested(20_000), 400],
    ['too many frames', JSON.stringify(Array.from({ length: limits.arrayItems + 1 }, () => ({ type: 'x' }))), 400],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22), 400],
    ['a second hello', JSON.stringify(hello('ann')), 204],
    ['64 KiB and one byte', '{"type":"ping","n":1}'.padEnd(limits.clientFrameBytes + 1), 413],
    ['megabytes', new Uint8Array(5_000_000).fill(0x20), 413],
  ])('%s', async (_, body, status) => {
    const [ann, bob] = [await enterSse(url, 'ann'), await enterSse(url, 'bob')]
    expect(await ann.post(body)).toBe(status)
    expect(await ann.ended).toBe(4002)
    expect(await ann.post('{"type":"ping","n":1}')).toBe(410)
    expect(await bob.send({ type: 'ping', n: 5 })).toBe(204)
    expect(await bob.next('pong')).toMatchObject({ n: 5 })
    expect(await links()).toBe(1)
    expect(errors).toEqual([])
  })

  it.each<[string, string]>([
    ['too large', JSON.stringify(hello('ann')).padEnd(serverLimits.helloBytes + 1)],
    ['no hello', '{"type":"ping","n":1}'],
    ['followed by more', JSON.stringify([hello('ann'), { type: 'ping', n: 1 }])],
  ])('first and %s', async (_, body) => {
    const guest = await dialSse(url, 'ann')
    expect(await guest.post(body)).toBe(400)
    expect(await guest.ended).toBe(4002)
  })

  it('the largest that may be is taken', async () => {
    const ann = await enterSse(url, 'ann')
    expect(await ann.post('{"type":"ping","n":1}'.padEnd(limits.clientFrameBytes))).toBe(204)
    expect(await ann.next('pong')).toMatchObject({ n: 1 })
  })

  it('two at once', async () => {
    const ann = await enterSse(url, 'ann')
    let finish = () => {}
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('{"type":'))
        finish = () => controller.close()
      },
    })
    const headers = { 'chatloom-link': ann.link }
    const init = { method: 'POST', headers, body, duplex: 'half' }
    const first = listening.server.fetch(new Request('http://x/', init as RequestInit))
    expect(await ann.send({ type: 'ping', n: 1 })).toBe(400)
    expect(await ann.ended).toBe(4002)
    finish()
    expect((await first).status).toBe(410)
  })

  it('one whose body was read before says how to mount, and is logged', async () => {
    const ann = await enterSse(url, 'ann')
    const request = new Request('http://x/', { method: 'POST', headers: { 'chatloom-link': ann.link }, body: '{"type":"ping","n":1}' })
    await request.text()
    const answer = await listening.server.fetch(request)
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { code: 'server-error', error: expect.stringContaining('Mount chatloom before whatever parses bodies') },
    ])
    expect(errors).toEqual(['unread-body'])
    expect(await ann.ended).toBe(4004)
  })
})
