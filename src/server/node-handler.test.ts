/** A Fetch handler on node:http: what goes in, what comes out, and who has gone away. */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request as ask, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, expect, it } from 'vitest'
import { nodeHandler } from './node-handler.js'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

/** `before` stands where middleware stands. */
async function mount(
  handler: (request: Request) => Promise<Response>,
  before: (request: IncomingMessage & { body?: unknown }) => unknown = () => {},
): Promise<string> {
  const handle = nodeHandler(handler)
  const server = createServer(async (request, response) => {
    await before(request)
    handle(request, response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const echo = async (request: Request) => new Response(await request.text(), { status: 201, headers: { 'x-method': request.method } })
const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) => fetch(url, { method: 'POST', body, headers })

it('hands over method, address, headers and body, and gives back status, headers and body', async () => {
  const seen: string[] = []
  const url = await mount(async (request) => {
    seen.push(request.url, request.headers.get('x-two') ?? '')
    return echo(request)
  })
  const body = 'ü'.repeat(200_000)
  const answer = await post(`${url}/a?b=c`, body, { 'x-two': '2' })
  expect([answer.status, answer.headers.get('x-method'), await answer.text()]).toEqual([201, 'POST', body])
  expect(seen).toEqual([`${url}/a?b=c`, '2'])
  expect(await (await fetch(url)).text()).toBe('')
})

it('knows the whole address where a framework has shortened it', async () => {
  const url = await mount(
    async (request) => new Response(request.url),
    (request) => Object.assign(request, { originalUrl: '/whole/path', url: '/path' }),
  )
  expect(await (await fetch(url)).text()).toBe(`${url}/whole/path`)
})

it.each<[string, unknown, string]>([
  ['an object', { a: ['ü'] }, '{"a":["ü"]}'],
  ['a text', '{"a":1}', '{"a":1}'],
  ['bytes', Buffer.from('{"a":2}'), '{"a":2}'],
])('takes a body that a parser has left as %s', async (_, parsed, expected) => {
  const url = await mount(echo, async (request) => {
    await json(request)
    request.body = parsed
  })
  expect(await (await post(url, '{}')).text()).toBe(expected)
})

it('reads the body itself where a parser has passed it by', async () => {
  const url = await mount(echo, (request) => {
    request.body = {}
  })
  expect(await (await post(url, '[1]')).text()).toBe('[1]')
})

it('fails to read, and never waits for, a body of which nothing is left', async () => {
  const url = await mount(
    (request) =>
      request.text().then(
        () => new Response('read'),
        (error) => new Response(String(error), { status: 500 }),
      ),
    (request) => json(request),
  )
  const answer = await post(url, '{}')
  expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('left nothing in request.body')])
})

it('answers 400, and lives, where a parser has left what is too deep to be written again', async () => {
  const url = await mount(echo, async (request) => {
    request.body = await json(request)
  })
  const deep = '['.repeat(40_000) + ']'.repeat(40_000)
  expect((await post(url, deep)).status).toBe(400)
  expect(await (await post(url, '[1]')).text()).toBe('[1]')
})

it('reads a body no faster than the handler', async () => {
  let asked: IncomingMessage | undefined
  const url = await mount(
    async (request) => {
      await request.body?.getReader().read()
      return new Response(String(asked?.isPaused()))
    },
    (request) => {
      asked = request
    },
  )
  expect(await (await post(url, 'x'.repeat(500_000))).text()).toBe('true')
})

it('leaves the connection usable when the handler wants no more of a body', async () => {
  const url = await mount(async (request) => {
    if (request.method === 'POST') await request.body?.getReader().read()
    return new Response('done')
  })
  const { port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (const method of ['POST', 'GET', 'POST', 'GET']) {
    const sent = ask({ port, method, agent })
    sent.end(method === 'POST' ? Buffer.alloc(3_000_000) : undefined)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
  }
  agent.destroy()
})

it('streams what the handler streams, and tells it when the client goes away', async () => {
  let gone = () => {}
  const cancelled = new Promise<void>((resolve) => {
    gone = resolve
  })
  let abort = () => {}
  const aborted = new Promise<void>((resolve) => {
    abort = resolve
  })
  const url = await mount(async ({ signal }) => {
    signal.addEventListener('abort', () => abort())
    return new Response(new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('one')), cancel: gone }))
  })
  const sent = ask(url).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  expect(String((await once(response, 'data'))[0])).toBe('one')
  response.destroy()
  await Promise.all([cancelled, aborted])
})

it('cancels a stream that is made for a client who has gone meanwhile', async () => {
  const cancelled = new Promise<void>((resolve) => {
    void mount(async ({ signal }) => {
      await new Promise((abort) => signal.addEventListener('abort', abort))
      return new Response(new ReadableStream({ cancel: () => resolve() }))
    }).then((url) => {
      const sent = ask(url).end()
      sent.on('error', () => {})
      servers[0]?.on('request', () => sent.destroy())
    })
  })
  await cancelled
})

it('breaks off the answer when its stream fails, even while nobody reads', async () => {
  let fail = (_: Error) => {}
  let hangUp = () => {}
  const over = new Promise<void>((resolve) => {
    hangUp = resolve
  })
  const url = await mount(
    async () =>
      new Response(
        new ReadableStream({
          start(stream) {
            fail = (error) => stream.error(error)
            for (let i = 0; i < 64; i++) stream.enqueue(Buffer.alloc(1_000_000))
          },
        }),
      ),
    ({ socket }) => socket.on('close', hangUp),
  )
  const sent = ask(url).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  fail(new Error('cut'))
  await over
  response.destroy()
})

it('answers 500 for a handler that fails, and 400 where there is no address', async () => {
  const failing = await mount(() => Promise.reject(new Error('no')))
  expect((await fetch(failing)).status).toBe(500)
  const url = await mount(echo)
  const sent = ask({ port: new URL(url).port, headers: { host: 'a b' } }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  expect(response.statusCode).toBe(400)
  response.destroy()
})

it('does not call a client gone that has its answer', async () => {
  const signals: AbortSignal[] = []
  const url = await mount(async (request) => {
    signals.push(request.signal)
    return echo(request)
  })
  for (let i = 0; i < 3; i++) await (await post(url, 'x')).text()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
})
