/** A bare client for server tests: frames out, frames in, waiting by events and never by time. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { type ChatServer, type ChatServerOptions, createChatServer, memoryStore, nodeHandler } from '../../src/server/index.js'

type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>
type WithoutRequest<F> = F extends { request: number } ? Omit<F, 'request'> : never

export interface Dialled {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  /** Every frame so far. */
  readonly frames: readonly ServerFrame[]
  send(...frames: ClientFrame[]): void
  raw(text: string | Buffer): void
  /** The next frame of this type, unless `fits` says no; frames passed over are gone for later calls. */
  next<T extends ServerFrame['type']>(type: T, fits?: (frame: FrameOf<T>) => boolean): Promise<FrameOf<T>>
  ask(frame: WithoutRequest<ClientFrame>): Promise<ServerFrame>
  end(): Promise<void>
}

export interface Listening {
  readonly server: ChatServer
  readonly url: string
  close(): Promise<void>
}

/** A server on a free port of this machine; any token is a user's name. */
export async function listen(options: Partial<ChatServerOptions> = {}): Promise<Listening> {
  const server = createChatServer({ store: memoryStore(), auth: ({ token }) => (token ? { userId: token } : null), ...options })
  const http = createServer(nodeHandler(server.fetch))
  server.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    server,
    url: `ws://127.0.0.1:${port}`,
    async close() {
      await server.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

export function hello(user: string, more: Partial<Extract<ClientFrame, { type: 'hello' }>> = {}): ClientFrame {
  return { type: 'hello', version: 1, user, device: 'd', lane: 'l', link: 1, token: user, ...more }
}

/** Connects and is welcomed. */
export async function enter(url: string, user: string, more: Parameters<typeof hello>[1] = {}): Promise<Dialled> {
  const dialled = await dial(url)
  dialled.send(hello(user, more))
  await dialled.next('welcome')
  return dialled
}

export async function dial(url: string, headers: Record<string, string> = {}): Promise<Dialled> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  const frames: ServerFrame[] = []
  let seen = 0
  let wake = () => {}
  let over: string | undefined
  let requests = 0
  socket.on('message', (data) => {
    const value: unknown = JSON.parse(String(data))
    frames.push(...((Array.isArray(value) ? value : [value]) as ServerFrame[]))
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => {
      over = `closed ${code} ${reason}`
      resolve({ code, reason: String(reason) })
      wake()
    }),
  )
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  async function next<T extends ServerFrame['type']>(type: T, fits: (frame: FrameOf<T>) => boolean = () => true): Promise<FrameOf<T>> {
    for (;;) {
      while (seen < frames.length) {
        const frame = frames[seen++]!
        if (frame.type === type && fits(frame as FrameOf<T>)) return frame as FrameOf<T>
      }
      if (over) throw new Error(`waited for ${type}, but the link is ${over}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    socket,
    closed,
    frames,
    next,
    send: (...sent) => socket.send(JSON.stringify(sent.length === 1 ? sent[0] : sent)),
    raw: (text) => socket.send(text, { binary: false }),
    async ask(frame) {
      const request = ++requests
      socket.send(JSON.stringify({ ...frame, request }))
      for (;;) {
        const found = frames.find((one) => 'request' in one && one.request === request)
        if (found) return found
        if (over) throw new Error(`waited for the answer to ${frame.type}, but the link is ${over}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async end() {
      socket.close()
      await closed
    },
  }
}
