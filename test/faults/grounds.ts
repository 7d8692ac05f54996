/** What a script is run over: a transport, its server, and the network between them that can be spoiled. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import type { Clock, Transport } from '../../src/index.js'
import { createChatServer, memoryStore } from '../../src/server/index.js'
import { frameProxy, tcpProxy } from '../../src/testing/index.js'
import { mockTransport } from '../../src/transports/mock/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
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
  /** Why a script cannot be run here; undefined where it can. */
  leavesOut(script: Script): string | undefined
  /** How far a message must come that others know of but have not read. */
  readonly least: 'sent' | 'delivered'
  /** A fresh server with the conversation `c` of ann and bob. */
  setUp(clock: Clock): Promise<Ground>
}

const mock: GroundKind = {
  name: 'mock',
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

/** A transport to the shipped server, behind a proxy for bytes and a proxy for texts. */
const proxied = (name: string, carrier: 'websocket' | 'http', transportTo: (address: string, user: string) => Transport): GroundKind => ({
  name,
  least: 'delivered',
  leavesOut: ({ frames }) => ((frames?.over ?? carrier) === carrier ? undefined : `it goes over ${carrier}`),
  async setUp() {
    const server = createChatServer({
      store: memoryStore(),
      auth: ({ token }) => (token ? { userId: token } : null),
      limits: { heartbeatMs: 2_000 },
    })
    await server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
    const http = createServer()
    server.attach(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const texts = await frameProxy({ target: (http.address() as AddressInfo).port })
    const bytes = await tcpProxy({ target: texts.port })
    return {
      transportOf: (user) => transportTo(`127.0.0.1:${bytes.port}`, user),
      async inflict({ tcp, frames, cut, inject = [] }) {
        await bytes.set(tcp)
        texts.set(frames)
        if (cut) bytes.cut(cut)
        for (const [text, direction] of inject) texts.inject(text, direction)
      },
      fired: ({ counts }) => (counts in bytes.counts ? bytes.fired(counts as 'cut') : texts.fired(counts as 'drop')),
      async heal() {
        await bytes.set()
        texts.set()
      },
      async dispose() {
        await Promise.all([bytes.close(), texts.close()])
        await server.close()
        http.closeAllConnections()
        http.close()
      },
    }
  },
})

export const grounds: readonly GroundKind[] = [
  mock,
  proxied('WebSocket', 'websocket', (address, token) => webSocketTransport({ url: `ws://${address}`, token, WebSocket })),
]
