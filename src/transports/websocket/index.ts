/**
 * The WebSocket transport: one socket per `open`, frames as JSON text, the token inside the `hello` frame, because a browser
 * cannot see a 401 on a handshake. Whatever goes wrong ends in `closed`, once, with a band (docs/protocol.md, §4).
 */
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { decodeServerFrames } from '../../protocol/codec.js'
import { bandOf, closeCodeName, closeCodes } from '../../protocol/codes.js'
import { ask, sentenceOf } from '../asked.js'
import { createBatch } from '../batch.js'
import { openSocket, type Socket, type WebSocketClass } from './socket.js'

export type { WebSocketClass }

export interface WebSocketTransportOptions {
  /** `ws:` or `wss:`. A function is asked at every open. */
  readonly url: string | URL | (() => string | URL | Promise<string | URL>)
  /** Sent in the first frame. A function is asked at every open, so that it can refresh. Default none. */
  readonly token?: string | (() => string | Promise<string>)
  /** Default the global one; Node before 22 has none: pass the class of `ws`. */
  readonly WebSocket?: WebSocketClass
  /** From asking for URL and token to an open socket, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number
}

/** Carries frames over a WebSocket. Does no I/O until opened; never throws; each end of a link carries its band. */
export function webSocketTransport(options: WebSocketTransportOptions): Transport {
  return { name: 'websocket', open: (to) => openLink(options, to) }
}

function openLink({ url, token, WebSocket, connectTimeoutMs = 10_000 }: WebSocketTransportOptions, to: LinkEvents): Link {
  let phase: 'opening' | 'open' | 'closed' = 'opening'
  let socket: Socket | undefined
  let sentToken: string | undefined
  const batch = createBatch((text) => socket?.send(text))
  const deadline = setTimeout(() => end('retry', 'timeout'), connectTimeoutMs)

  /** `closeCode`: 1000 is a normal end. */
  function end(band: LinkClosed['band'], code: string, reason?: string, closeCode = 1_000) {
    if (phase === 'closed') return
    batch.flush()
    phase = 'closed'
    clearTimeout(deadline)
    socket?.close(closeCode)
    // Never inside the caller's call: an owner hears of the end after `open` or `close` has returned.
    queueMicrotask(() => to.closed({ band, code, reason }))
  }

  function open() {
    if (phase === 'closed') return
    phase = 'open'
    clearTimeout(deadline)
    to.opened()
  }

  function message({ data }: { readonly data: unknown }) {
    // What is binary is no frame, and neither is nothing.
    const decoded = decodeServerFrames(typeof data === 'string' ? data : '')
    if (!decoded.ok) return end('retry', 'bad-frame', decoded.reason, closeCodes['bad-frame'])
    for (const frame of decoded.frames) {
      // The owner may have closed the link in answer to the frame before.
      if (phase === 'open') to.frame(frame)
    }
  }

  const close = ({ code }: { readonly code: number }) => end(bandOf(code), closeCodeName(code))

  const impossible = (error: unknown) => end('terminal', 'bad-url', `No link was opened: ${sentenceOf(error)} Check the url.`)

  async function start() {
    const Native = WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket
    if (!Native) {
      const reason = 'No link was opened: no WebSocket here. Pass the { WebSocket } of ws.'
      return end('terminal', 'no-websocket', reason)
    }
    try {
      const [address, fetched] = await Promise.all([ask(url), ask(token)])
      sentToken = fetched
      if (phase === 'opening') socket = openSocket(address, Native, connectTimeoutMs, { open, message, close, impossible })
    } catch (error) {
      end('retry', 'no-credentials', `No link was opened: no url or token. ${sentenceOf(error)}`)
    }
  }

  void start()
  return {
    send(frame) {
      if (phase !== 'open') return
      try {
        batch.add(frame.type === 'hello' ? { ...frame, token: sentToken } : frame)
      } catch (error) {
        end('retry', 'bad-frame', `A ${frame.type} frame was not sent: it is not JSON. ${sentenceOf(error)}`)
      }
    },
    close: () => end('retry', 'closed'),
  }
}
