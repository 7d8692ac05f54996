/** A server that speaks the wire of docs/protocol.md, §16, by hand, and can be told to speak it badly. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { decodeClientFrames } from '../../src/protocol/client-codec.js'
import { encodeFrames } from '../../src/protocol/codec.js'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'

interface HandLink {
  response: ServerResponse
  readonly texts: string[]
}

export interface SseServer {
  readonly url: string
  readonly requests: readonly { readonly method: string; readonly headers: IncomingHttpHeaders }[]
  /** The bodies of all POSTs. */
  readonly texts: readonly string[]
  /** Answers instead of the server, unless it returns false. Default: never. */
  instead: (request: IncomingMessage, response: ServerResponse) => unknown
  /** POSTs are answered once this resolves. */
  hold: Promise<void>
  say(frames: readonly ServerFrame[]): void
  sayText(text: string): void
  /** Writes into every stream as it is. */
  write(bytes: string | Uint8Array): void
  close(code: number): void
  /** Breaks the streams; the links wait for others. */
  breakStreams(): void
  /** The same, and the links are over. */
  cut(): void
  received(count: number): Promise<readonly ClientFrame[]>
  /** Resolves when so many requests have come. */
  asked(count: number): Promise<void>
  dispose(): Promise<void>
}

export const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })

export async function sseServer(): Promise<SseServer> {
  const links = new Map<string, HandLink>()
  const requests: { method: string; headers: IncomingHttpHeaders }[] = []
  const frames: ClientFrame[] = []
  const texts: string[] = []
  const waits = new Set<() => void>()
  const happened = () => {
    for (const check of [...waits]) check()
  }
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return
        waits.delete(check)
        resolve()
      }
      waits.add(check)
      check()
    })

  function stream(request: IncomingMessage, response: ServerResponse) {
    const name = request.headers['chatloom-link']
    const known = links.get(String(name))
    if (name !== undefined && !known) return response.writeHead(410).end()
    const id = known ? String(name) : `link-${requests.length}`
    const link = known ?? { response, texts: [] }
    link.response = response
    links.set(id, link)
    begin(response).write(`: hello\n\nevent: link\ndata: {"link":"${id}"}\n\n`)
    const n = Number(request.headers['last-event-id'] ?? 0)
    for (const [i, said] of link.texts.slice(n).entries()) response.write(`id: ${n + i + 1}\ndata: ${said}\n\n`)
  }

  async function post(request: IncomingMessage, response: ServerResponse) {
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    if (!links.has(String(request.headers['chatloom-link']))) return response.writeHead(410).end()
    const decoded = decodeClientFrames(body)
    if (!decoded.ok) throw new Error(decoded.reason)
    texts.push(body)
    frames.push(...decoded.frames)
    happened()
    await server.hold
    response.writeHead(204).end()
  }

  const http = createServer((request, response) => {
    const { method = '', headers } = request
    requests.push({ method, headers })
    if (server.instead(request, response) === false) void (method === 'POST' ? post(request, response) : stream(request, response))
    happened()
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const each = (run: (link: HandLink) => void) => {
    for (const link of links.values()) run(link)
  }
  const breakStreams = () => each(({ response }) => response.destroy())
  const sayText = (said: string) =>
    each((link) => {
      link.response.write(`id: ${link.texts.push(said)}\ndata: ${said}\n\n`)
    })
  const server: SseServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/chat`,
    requests,
    texts,
    instead: () => false,
    hold: Promise.resolve(),
    say: (said) => sayText(encodeFrames(said)),
    sayText,
    write: (bytes) => each(({ response }) => response.write(bytes)),
    close: (code) => each(({ response }) => response.end(`event: close\ndata: ${code}\n\n`)),
    breakStreams,
    cut() {
      breakStreams()
      links.clear()
    },
    received: (count) => until(() => frames.length >= count).then(() => frames.slice(0, count)),
    asked: (count) => until(() => requests.length >= count),
    async dispose() {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
  return server
}
