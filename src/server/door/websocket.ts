/** The WebSocket door. Frames are written as prepared bytes, past `ws`. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { closeCodes } from '../../protocol/codes.js'
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { AuthRequest } from '../auth.js'
import { headersOf, urlOf } from '../node-request.js'
import type { Encoder } from './encode.js'
import type { OpenHall } from './hall.js'
import { type Gate, identify } from './identify.js'
import { type Hall, type Pipe, type Prove, drained, enter, hear, leave, refuse } from './visitor.js'

export type HandleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

interface Wire {
  readonly socket: WebSocket
  readonly raw: Duplex
}

/** How long a closing handshake may take before the connection is cut. */
const closingMs = 5_000

export function webSocketDoor(hall: OpenHall, gate: Gate, encoder: Encoder): HandleUpgrade {
  const pipe = webSocketPipe(encoder)
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.clientFrameBytes,
    clientTracking: false,
  })
  return (request, socket, head) => {
    if (!hall.passes(request.headers.origin)) return decline(socket, '403 Forbidden')
    if (hall.isFull()) return decline(socket, '503 Service Unavailable')
    server.handleUpgrade(request, socket, head, (accepted) =>
      welcomeIn(hall, pipe, { socket: accepted, raw: socket }, (token) => identify(gate, token, lazily(request))),
    )
  }
}

function webSocketPipe(encoder: Encoder): Pipe<Wire> {
  return {
    window: serverLimits.socketWindow,
    waiting: ({ raw }) => raw.writableLength,
    write({ raw }, frames, shared, most) {
      for (const buffer of encoder.encode(frames, shared)) {
        const waits = raw.writableLength
        if (waits > 0 && waits + buffer.length > most) return false
        raw.write(buffer)
      }
      return true
    },
    close({ socket }, code) {
      socket.close(closeCodes[code], code)
      setTimeout(() => socket.terminate(), closingMs).unref()
    },
    cut: ({ socket }) => socket.terminate(),
  }
}

function welcomeIn(hall: Hall, pipe: Pipe<Wire>, wire: Wire, prove: Prove): void {
  const visitor = enter(hall, pipe, wire, prove)
  const { socket, raw } = wire
  raw.on('drain', () => drained(hall, visitor))
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    if (isBinary) refuse(hall, visitor, 'a frame is binary')
    else hear(hall, visitor, bytes.toString(), bytes.length)
  })
  socket.on('close', () => leave(hall, visitor))
  // ws closes by itself after an error, with its own code: over-long frames, bad UTF-8, broken framing.
  socket.on('error', (error) => hall.logger.info('link-error', { error: error.message }))
}

/** Few applications look at more than the token. */
function lazily(request: IncomingMessage): AuthRequest {
  let headers: Headers | undefined
  return {
    get url() {
      return urlOf(request)
    },
    get headers() {
      headers ??= headersOf(request)
      return headers
    },
  }
}

/** node:http leaves its half open when the other end does, and minds an upgraded socket no more: it would stay for ever. */
function decline(socket: Duplex, status: string): void {
  socket.on('error', () => {})
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
