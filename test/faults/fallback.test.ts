/** Fallback through a network that spoils WebSockets alone: how soon a chat works, how it comes back, and what switching costs (L2–L6, L9). */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Clock } from '../../src/index.js'
import { createChatServer, memoryStore, nodeHandler } from '../../src/server/index.js'
import { type FrameFaults, frameProxy } from '../../src/testing/index.js'
import { type FallbackOptions, fallback } from '../../src/transports/fallback/index.js'
import { sseTransport } from '../../src/transports/sse/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { hurriedClock } from './hurried-clock.js'
import { type Person, person } from './people.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Ann comes by the proxy and falls back, Bob has a socket of his own. */
async function stage(clock: Clock, options: FallbackOptions = {}) {
  const server = createChatServer({ store: memoryStore(), auth: ({ token }) => (token ? { userId: token } : null) })
  await server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
  const http = createServer(nodeHandler(server.fetch))
  server.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const proxy = await frameProxy({ target: port })
  ends.push(
    () => http.close(),
    () => http.closeAllConnections(),
    () => server.close(),
    () => proxy.close(),
  )
  const enter = (user: string, transport: Parameters<typeof person>[1]) => {
    const one = person(user, transport, clock)
    ends.push(one.chat.close)
    return one
  }
  const at = `127.0.0.1:${proxy.port}`
  const ways = [webSocketTransport({ url: `ws://${at}`, token: 'ann', WebSocket }), sseTransport({ url: `http://${at}`, token: 'ann' })]
  return {
    proxy,
    ann: () => enter('ann', fallback(ways, { clock, ...options })),
    bob: () => enter('bob', webSocketTransport({ url: `ws://127.0.0.1:${port}`, token: 'bob', WebSocket })),
  }
}

const goesBy = (one: Person, way: string) => () => {
  const session = one.chat.session.get()
  return session.phase === 'online' && session.transport === way
}
const shown = ({ chat }: Person) =>
  chat
    .conversation('c')
    .timeline.get()
    .messages.map(({ author, content, seq }) => [seq, author, content?.n])

/** What both say, `turns` times three at most each time, or the first would leave a window, which holds 400. */
function talk(ann: Person, bob: Person, turns: number) {
  let said = 0
  const both = async (count: number) => {
    said += count
    await Promise.all([ann.say(count), bob.say(count)])
  }
  return {
    both,
    allCame: () => Promise.all([ann, bob].map((one) => one.until(() => one.hasAll(said, 'delivered')))),
    /** Speaks on whenever Ann's last were taken, until it holds. */
    async speakUntil(holds: () => boolean) {
      for (let turn = 0; turn < turns && !holds(); turn++) {
        await both(3)
        await ann.until(() => holds() || ann.chat.outbox.get().length === 0)
      }
      await ann.until(holds)
    },
  }
}

const spoils: readonly (readonly [what: string, faults: FrameFaults])[] = [
  ['open and carry nothing', { over: 'websocket', drop: 1 }],
  ['are refused', { over: 'websocket', portal: true }],
]

describe.each(spoils)('where WebSockets %s', (_what, faults) => {
  it('a chat works within 5 s, and is back on a socket once they pass, with everything once and in order (L2–L6, L9)', {
    timeout: 20_000,
  }, async () => {
    const clock = hurriedClock(2, 1)
    const { proxy, ...enter } = await stage(clock, { probeMs: 3_000 })
    proxy.set(faults)
    const bob = enter.bob()
    await bob.until(goesBy(bob, 'websocket'))

    const startMs = clock.now()
    const ann = enter.ann()
    const { both, speakUntil, allCame } = talk(ann, bob, 60)
    await both(3)
    await allCame()
    expect(clock.now() - startMs).toBeLessThan(5_000)
    expect(ann.chat.session.get()).toMatchObject({ phase: 'online', transport: 'sse' })

    proxy.set()
    await speakUntil(goesBy(ann, 'websocket'))
    await both(3)
    await allCame()
    expect(shown(ann)).toEqual(shown(bob))
  })
})

it('switches 20 times under load, and nothing is lost, doubled or disordered (L2–L6)', { timeout: 60_000 }, async () => {
  const { proxy, ...enter } = await stage(hurriedClock(20, 1), { probeMs: 400 })
  const [ann, bob] = [enter.ann(), enter.bob()]
  const ways: string[] = []
  ann.chat.session.subscribe((session) => {
    if (session.phase === 'online' && session.transport !== ways.at(-1)) ways.push(session.transport)
  })
  const { speakUntil, allCame } = talk(ann, bob, 3)
  await speakUntil(goesBy(ann, 'websocket'))
  for (let round = 0; round < 10; round++) {
    proxy.set(spoils[round % spoils.length]![1])
    proxy.cut()
    await speakUntil(goesBy(ann, 'sse'))
    proxy.set()
    await speakUntil(goesBy(ann, 'websocket'))
  }
  await allCame()
  expect(ways.length - 1).toBeGreaterThanOrEqual(20)
  expect(shown(ann)).toEqual(shown(bob))
})
