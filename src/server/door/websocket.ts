/**
 * The WebSocket door: upgrade, first frame, token, then the hub. It owns sockets and their time limits; one sweep a second looks at
 * all of them, so that a connection costs no timer. What it does not understand closes that link and touches no other.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { decodeClientFrames } from '../../protocol/client-codec.js'
import { type CloseCode, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { limits } from '../../protocol/limits.js'
import type { Authenticate } from '../auth.js'
import type { Hub, HubLink } from '../hub.js'
import { type Logger, errorFields } from '../logger.js'
import { createEncoder } from './encode.js'

export interface DoorOptions {
  readonly hub: Hub
  readonly auth: Authenticate
  readonly tenant?: string
  /** Allowed Origin headers; undefined allows all. Requests without Origin come from no browser and pass. */
  readonly origins?: readonly string[]
  readonly logger: Logger
  readonly connections: number
  /** A link with more unsent bytes is cut. */
  readonly bufferedBytes: number
  readonly helloMs: number
  /** A link that says nothing for so long is dead. */
  readonly silenceMs: number
  readonly now: () => number
}

export interface Door {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  count(): number
  /** Ends the sweep and cuts what is left. */
  close(): void
}

interface Visitor {
  readonly socket: WebSocket
  readonly raw: Duplex
  readonly request: IncomingMessage
  /** `hello`: nothing said yet. `auth`: the token is being checked. */
  phase: 'hello' | 'auth' | 'linked' | 'closed'
  link: HubLink | undefined
  heardAt: number
  expiresAt: number
}

const sweepMs = 1_000
/** Sessions that end together must not come back together. */
const expiryJitterMs = 30_000
/** How long a closing handshake may take before the connection is cut. */
const closingMs = 5_000

export function createDoor(options: DoorOptions): Door {
  const { hub, logger, now } = options
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.clientFrameBytes,
    clientTracking: false,
  })
  const encoder = createEncoder()
  const visitors = new Set<Visitor>()
  const sweep = setInterval(() => sweepVisitors(), sweepMs)
  sweep.unref()

  function enter(socket: WebSocket, raw: Duplex, request: IncomingMessage): void {
    const visitor: Visitor = { socket, raw, request, phase: 'hello', link: undefined, heardAt: now(), expiresAt: Infinity }
    visitors.add(visitor)
    socket.on('message', (data, isBinary) => hear(visitor, data, isBinary))
    socket.on('close', () => leave(visitor))
    // ws closes by itself after an error, with its own code: over-long frames, bad UTF-8, broken framing.
    socket.on('error', (error) => logger.info('link-error', { error: error.message }))
  }

  function hear(visitor: Visitor, data: RawData, isBinary: boolean): void {
    if (visitor.phase === 'closed') return
    visitor.heardAt = now()
    const bytes = data as Buffer
    if (isBinary || visitor.phase === 'auth') return end(visitor, 'bad-frame')
    if (visitor.phase === 'hello' && bytes.length > limits.helloBytes) return end(visitor, 'bad-frame')
    const decoded = decodeClientFrames(bytes.toString())
    if (!decoded.ok) {
      logger.info('bad-frame', { reason: decoded.reason })
      return end(visitor, decoded.code)
    }
    if (visitor.link) for (const frame of decoded.frames) visitor.link.receive(frame)
    else void welcome(visitor, decoded.frames)
  }

  async function welcome(visitor: Visitor, frames: readonly ClientFrame[]): Promise<void> {
    const [hello] = frames
    if (hello?.type !== 'hello' || frames.length > 1) return end(visitor, 'bad-frame')
    visitor.phase = 'auth'
    const identity = await identify(hello.token)
    if (visitor.phase !== 'auth') return
    if (!identity || identity.expiresAt <= now()) return refuse(visitor, 'unauthorized')
    visitor.expiresAt = identity.expiresAt
    visitor.phase = 'linked'
    visitor.link = hub.connect({
      tenant: identity.tenant,
      user: identity.user,
      profile: identity.profile,
      hello,
      send: (sent) => transmit(visitor, sent),
      close: (code) => end(visitor, code),
    })

    async function identify(token: string | undefined) {
      try {
        const found = await options.auth({ token, request: visitor.request })
        if (!found) return undefined
        const { userId: user, tenant = options.tenant, profile, expiresAt = Infinity } = found
        return {
          user,
          tenant,
          profile,
          expiresAt: expiresAt - Math.random() * Math.min(expiryJitterMs, Math.max(0, expiresAt - now()) / 10),
        }
      } catch (error) {
        logger.info('unauthorized', errorFields(error))
        return undefined
      }
    }
  }

  function transmit(visitor: Visitor, frames: readonly ServerFrame[]): void {
    if (visitor.phase === 'closed') return
    for (const buffer of encoder.encode(frames)) visitor.raw.write(buffer)
    if (visitor.raw.writableLength > options.bufferedBytes) cut(visitor)
  }

  /** The closing handshake would wait behind all that is not read. */
  function cut(visitor: Visitor): void {
    logger.info('slow-consumer', { bufferedBytes: visitor.raw.writableLength })
    visitor.socket.close(closeCodes['slow-consumer'], 'slow-consumer')
    leave(visitor)
    visitor.socket.terminate()
  }

  function refuse(visitor: Visitor, code: CloseCode): void {
    transmit(visitor, [{ type: 'refused', code }])
    end(visitor, code)
  }

  function end(visitor: Visitor, code: CloseCode): void {
    if (visitor.phase === 'closed') return
    leave(visitor)
    visitor.socket.close(closeCodes[code], code)
    setTimeout(() => visitor.socket.terminate(), closingMs).unref()
  }

  function leave(visitor: Visitor): void {
    visitor.phase = 'closed'
    visitors.delete(visitor)
    const { link } = visitor
    visitor.link = undefined
    link?.closed()
  }

  function sweepVisitors(): void {
    const at = now()
    for (const visitor of visitors) {
      if (visitor.expiresAt <= at) end(visitor, 'token-expired')
      else if (visitor.phase !== 'linked' && visitor.heardAt + options.helloMs <= at) end(visitor, 'hello-timeout')
      else if (visitor.heardAt + options.silenceMs <= at) end(visitor, 'going-away')
    }
  }

  return {
    handleUpgrade(request, socket, head) {
      if (options.origins && request.headers.origin !== undefined && !options.origins.includes(request.headers.origin))
        return decline(socket, '403 Forbidden')
      if (visitors.size >= options.connections) return decline(socket, '503 Service Unavailable')
      server.handleUpgrade(request, socket, head, (accepted) => enter(accepted, socket, request))
    },
    count: () => visitors.size,
    close() {
      clearInterval(sweep)
      for (const visitor of [...visitors]) end(visitor, 'going-away')
    },
  }
}

function decline(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
