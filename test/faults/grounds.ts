/** What a script is run over: a transport, its server, and the network between them that can be spoiled. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { type Clock, createChat, type Transport } from '../../src/index.js'
import { createChatServer, memoryStore, nodeHandler } from '../../src/server/index.js'
import { frameProxy, tcpProxy } from '../../src/testing/index.js'
import { fallback } from '../../src/transports/fallback/index.js'
import { mockTransport } from '../../src/transports/mock/index.js'
import { shared } from '../../src/transports/shared/index.js'
import { sseTransport } from '../../src/transports/sse/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { fakeBrowser } from '../../src/testing/world/browser.js'
import type { Script } from './scripts.js'

export interface Ground {
  transportOf(user: string): Transport
  inflict(script: Script): Promise<void>
  /** Resolves once the fault has fired. */
  fired(script: Script): Promise<void>
  heal(): Promise<void>
  dispose(): Promise<void>
}

export interface GroundKind {
  readonly name: string
  /** How much faster the chats' time goes. */
  readonly hurry: number
  /** Why a script cannot be run here; undefined where it can. */
  leavesOut(script: Script): string | undefined
  /** How far a message must come that others know of but have not read. */
  readonly least: 'sent' | 'delivered'
  /** Texts are numbered events: one too many or too few ends the link. */
  readonly isNumbered?: boolean
  /** A fresh server with the conversation `c` of ann and bob. */
  setUp(clock: Clock): Promise<Ground>
}

const mock: GroundKind = {
  name: 'mock',
  // No network and no other process is waited for.
  hurry: 60,
  // Its members are those who have written, and it tells nobody of a new one: whose message is `delivered` is known after a reconnect alone.
  least: 'sent',
  leavesOut: (script) => (script.mock ? undefined : 'the mock has neither connections, bytes nor texts'),
  async setUp(clock) {
    const transport = mockTransport({ clock })
    let count = () => {}
    const fired = new Promise<void>((resolve) => {
      count = resolve
    })
    return {
      transportOf: () => transport,
      inflict: async (script) => script.mock?.(transport, count),
      fired: () => fired,
      heal: async () => transport.accept(),
      dispose: async () => {},
    }
  },
}

type TransportTo = (address: string, user: string, clock: Clock, atEnd: (end: () => unknown) => void) => Transport

/** A transport to the shipped server, behind a proxy for bytes and a proxy for texts. */
const proxied = (name: string, leavesOut: GroundKind['leavesOut'], transportTo: TransportTo, isNumbered = false): GroundKind => ({
  name,
  // 30 s of backoff are 1.5.
  hurry: 20,
  least: 'delivered',
  isNumbered,
  leavesOut,
  async setUp(clock) {
    const server = createChatServer({
      store: memoryStore(),
      auth: ({ token }) => (token ? { userId: token } : null),
      limits: { heartbeatMs: 2_000 },
    })
    await server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
    const http = createServer(nodeHandler(server.fetch))
    server.attach(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const texts = await frameProxy({ target: (http.address() as AddressInfo).port })
    const bytes = await tcpProxy({ target: texts.port })
    const ends: (() => unknown)[] = []
    return {
      transportOf: (user) => transportTo(`127.0.0.1:${bytes.port}`, user, clock, (end) => ends.push(end)),
      async inflict({ tcp, frames, numbered, cut, inject = [] }) {
        await bytes.set(tcp)
        texts.set(isNumbered && numbered ? numbered : frames)
        if (cut) bytes.cut(cut)
        for (const [text, direction] of inject) texts.inject(text, direction)
      },
      fired: ({ counts }) => (counts in bytes.counts ? bytes.fired(counts as 'cut') : texts.fired(counts as 'drop')),
      async heal() {
        await bytes.set()
        texts.set()
      },
      async dispose() {
        await Promise.all([...ends.map((end) => end()), bytes.close(), texts.close()])
        await server.close()
        http.closeAllConnections()
        http.close()
      },
    }
  },
})

/** The transports' own times pass as the clock's do not: a twentieth of the default. */
const connectTimeoutMs = 500
const webSocket = (address: string, token: string) => webSocketTransport({ url: `ws://${address}`, token, WebSocket, connectTimeoutMs })
const sse = (address: string, token: string) => sseTransport({ url: `http://${address}`, token, connectTimeoutMs })

/** Two tabs of a browser: the one that was there first holds the link, the other speaks. */
function sharedByTabs(address: string, user: string, clock: Clock, atEnd: (end: () => unknown) => void): Transport {
  const browser = fakeBrowser(clock)
  const tab = () => shared(webSocket(address, user), { clock, tabs: browser.tab().tabs })
  const first = createChat({ user, transport: tab(), clock })
  first.connect()
  atEnd(first.close)
  return tab()
}

const notHttp = ({ frames }: Script) => (frames?.over === 'http' ? 'it goes over WebSocket' : undefined)
const onlyUp = ({ inject }: Script) => inject?.every(([, direction]) => direction === 'up')

export const grounds: readonly GroundKind[] = [
  mock,
  proxied('WebSocket', notHttp, webSocket),
  proxied('SSE', (script) => (onlyUp(script) ? 'nobody but the client can POST' : undefined), sse, true),
  proxied('fallback', notHttp, (address, user, clock) => fallback([webSocket(address, user), sse(address, user)], { clock })),
  proxied('shared', notHttp, sharedByTabs),
]
