/** The shipped server, listening, with every hook of the backend suite: its process can end and begin again, and go back to a backup. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ChatServer, createChatServer, nodeHandler, type ServerLimits, type Store } from '../../src/server/index.js'
import type { BackendSuiteOptions } from '../../src/testing/index.js'

/** The data of a server, which outlive its process. */
export interface Keeping {
  /** A store over the data; opened again after the one before was closed. */
  open(): Store
  /** Copies the data while nothing is written; the function it gives puts the copy in their place, under new epochs, while no store is open. */
  copy(): () => void
  dispose(): void
}

export interface Shipped {
  readonly options: BackendSuiteOptions
  close(): Promise<void>
}

const expired = 'expired'
const wrong = 'wrong'

export interface ShippedOptions {
  /** Short times, for cases that wait for them. */
  readonly limits?: ServerLimits
  /** `http`: server-sent events. Default `ws`. */
  readonly door?: 'ws' | 'http'
  /** A bug planted between the server and the network. */
  readonly spoil?: (answer: ChatServer['fetch']) => ChatServer['fetch']
}

export async function shipped(
  keeping: Keeping,
  { limits, door = 'ws', spoil = (answer) => answer }: ShippedOptions = {},
): Promise<Shipped> {
  let server: ChatServer
  const http = createServer(nodeHandler(spoil((request) => server.fetch(request))))
  let detach = () => {}
  const start = () => {
    server = createChatServer({
      store: keeping.open(),
      auth: ({ token }) => {
        if (token === expired) return { userId: token, expiresAt: Date.now() - 1 }
        return token && token !== wrong ? { userId: token } : null
      },
      limits,
    })
    detach = server.attach(http)
  }
  const stop = async () => {
    await server.close()
    detach()
  }
  start()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    options: {
      url: `${door}://127.0.0.1:${port}`,
      tokens: (user) => user,
      badTokens: { expired, wrong },
      arrange: {
        put: (conversation) => server.conversations.put(conversation),
        post: (message) => server.post(message),
        async restart() {
          await stop()
          start()
        },
        async backup() {
          const bringBack = keeping.copy()
          return async () => {
            await stop()
            bringBack()
            start()
          }
        },
      },
    },
    async close() {
      await stop()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      keeping.dispose()
    },
  }
}
