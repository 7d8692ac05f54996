/** Server-sent events through a proxy that holds back the first kilobytes of every answer: what comes before the first event fills them. */
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createChatServer, memoryStore, nodeHandler } from '../../src/server/index.js'
import { sseTransport } from '../../src/transports/sse/index.js'
import { hurriedClock } from './hurried-clock.js'
import { person } from './people.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const http = createServer(handler)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  ends.push(
    () => http.close(),
    () => http.closeAllConnections(),
  )
  return (http.address() as AddressInfo).port
}

/** Holds back so many bytes of each answer, then passes on what comes as it comes. */
function holdingBack(port: number, bytes: number) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const { method, url, headers } = request
    const asked = ask({ port, method, path: url, headers, agent: false }, (answer) => {
      const held: Buffer[] = []
      let missing = bytes
      const begin = () => response.headersSent || response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('data', (chunk: Buffer) => {
        held.push(chunk)
        missing -= chunk.length
        if (missing > 0) return
        begin()
        response.write(Buffer.concat(held.splice(0)))
      })
      answer.on('end', () => {
        begin()
        response.end(Buffer.concat(held))
      })
      answer.on('error', () => response.destroy())
    })
    asked.on('error', () => response.destroy())
    response.on('close', () => asked.destroy())
    request.pipe(asked)
  }
}

it('a chat works where the first 2 KiB of an answer are held back', async () => {
  const server = createChatServer({ store: memoryStore(), auth: ({ token }) => (token ? { userId: token } : null) })
  await server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
  ends.push(() => server.close())
  const port = await listen(nodeHandler(server.fetch))
  const held = await listen(holdingBack(port, 2_048))
  const clock = hurriedClock(1, 1)
  const [ann, bob] = [held, port].map((to, i) => {
    const user = ['ann', 'bob'][i] as string
    const one = person(user, sseTransport({ url: `http://127.0.0.1:${to}`, token: user }), clock)
    ends.push(one.chat.close)
    return one
  }) as [ReturnType<typeof person>, ReturnType<typeof person>]
  await Promise.all([ann.say(3), bob.say(3)])
  await Promise.all([ann, bob].map((one) => one.until(() => one.hasAll(3, 'delivered'))))
  expect(ann.chat.session.get()).toMatchObject({ phase: 'online', transport: 'sse' })
})
