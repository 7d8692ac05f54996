/**
 * One WebSocket at the door: `hello` (nothing said yet) → `auth` (its token is being checked) → `linked` → `closed`.
 * What cannot be understood ends this one and touches no other. Frames for it are written as prepared bytes, past `ws`.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { decodeClientFrames } from '../../protocol/client-codec.js'
import { type CloseCode, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { serverLimits } from '../../protocol/limits.js'
import type { Authenticate, Identity } from '../auth.js'
import { checkId, checkJson } from '../check.js'
import type { Hub, HubLink } from '../hub.js'
import { type Logger, errorFields } from '../logger.js'
import type { Encoder } from './encode.js'

/** What all visitors of one door share. */
export interface Hall {
  readonly hub: Hub
  readonly auth: Authenticate
  readonly tenant: string | undefined
  readonly logger: Logger
  readonly encoder: Encoder
  readonly visitors: Set<Visitor>
  /** A link with more unsent bytes is cut. */
  readonly bufferedBytes: number
  readonly now: () => number
}

export interface Visitor {
  readonly socket: WebSocket
  readonly raw: Duplex
  /** Let go of once the token is checked: headers are large. */
  request: IncomingMessage | undefined
  phase: 'hello' | 'auth' | 'linked' | 'closed'
  link: HubLink | undefined
  heardAt: number
  expiresAt: number
}

/** Sessions that end together must not come back together. */
const expiryJitterMs = 30_000
/** How long a closing handshake may take before the connection is cut. */
const closingMs = 5_000

export function enter(hall: Hall, socket: WebSocket, raw: Duplex, request: IncomingMessage): void {
  const visitor: Visitor = { socket, raw, request, phase: 'hello', link: undefined, heardAt: hall.now(), expiresAt: Infinity }
  hall.visitors.add(visitor)
  socket.on('message', (data, isBinary) => hear(hall, visitor, data, isBinary))
  socket.on('close', () => leave(hall, visitor))
  // ws closes by itself after an error, with its own code: over-long frames, bad UTF-8, broken framing.
  socket.on('error', (error) => hall.logger.info('link-error', { error: error.message }))
}

/** Closes from this side; what was written before leaves first. */
export function end(hall: Hall, visitor: Visitor, code: CloseCode): void {
  if (visitor.phase === 'closed') return
  leave(hall, visitor)
  visitor.socket.close(closeCodes[code], code)
  setTimeout(() => visitor.socket.terminate(), closingMs).unref()
}

function hear(hall: Hall, visitor: Visitor, data: RawData, isBinary: boolean): void {
  if (visitor.phase === 'closed') return
  visitor.heardAt = hall.now()
  const bytes = data as Buffer
  // Nothing may follow the first frame before it is answered (R26).
  if (isBinary || visitor.phase === 'auth') return end(hall, visitor, 'bad-frame')
  if (visitor.phase === 'hello' && bytes.length > serverLimits.helloBytes) return end(hall, visitor, 'bad-frame')
  const decoded = decodeClientFrames(bytes.toString())
  if (!decoded.ok) {
    hall.logger.info('bad-frame', { reason: decoded.reason })
    return end(hall, visitor, decoded.code)
  }
  if (visitor.link) for (const frame of decoded.frames) visitor.link.receive(frame)
  else void welcome(hall, visitor, decoded.frames)
}

async function welcome(hall: Hall, visitor: Visitor, frames: readonly ClientFrame[]): Promise<void> {
  const [hello] = frames
  if (hello?.type !== 'hello' || frames.length > 1) return end(hall, visitor, 'bad-frame')
  visitor.phase = 'auth'
  const identity = await identify(hall, visitor, hello.token)
  if (visitor.phase !== 'auth') return
  if (!identity) {
    transmit(hall, visitor, [{ type: 'refused', code: 'unauthorized' }])
    return end(hall, visitor, 'unauthorized')
  }
  visitor.expiresAt = jittered(identity.expiresAt ?? Infinity, hall.now())
  visitor.phase = 'linked'
  visitor.link = hall.hub.connect({
    tenant: identity.tenant ?? hall.tenant,
    user: identity.userId,
    profile: identity.profile,
    hello,
    send: (sent, shared) => transmit(hall, visitor, sent, shared),
    close: (code) => end(hall, visitor, code),
  })
}

/** Undefined: refused. An identity that no frame could carry is a fault of the application, and is logged as one. */
async function identify({ auth, logger, now }: Hall, visitor: Visitor, token: string | undefined): Promise<Identity | undefined> {
  const { request } = visitor
  visitor.request = undefined
  if (!request) return undefined
  let found: Identity | null
  try {
    found = await auth({ token, request })
  } catch (error) {
    logger.info('unauthorized', { error: error instanceof Error ? error.message : String(error) })
    return undefined
  }
  if (!found || (found.expiresAt ?? Infinity) <= now()) return undefined
  try {
    checkId('auth', 'userId', found.userId)
    if (found.tenant) checkId('auth', 'tenant', found.tenant)
    checkJson('auth', 'profile', found.profile, serverLimits.profileBytes)
    return found
  } catch (error) {
    logger.error('bad-identity', errorFields(error))
    return undefined
  }
}

/** Up to 30 s early, and never by more than a tenth of what is left. */
function jittered(expiresAt: number, now: number): number {
  return expiresAt === Infinity ? expiresAt : expiresAt - Math.random() * Math.min(expiryJitterMs, (expiresAt - now) / 10)
}

function transmit(hall: Hall, visitor: Visitor, frames: readonly ServerFrame[], shared = false): void {
  if (visitor.phase === 'closed') return
  for (const buffer of hall.encoder.encode(frames, shared)) visitor.raw.write(buffer)
  if (visitor.raw.writableLength > hall.bufferedBytes) cut(hall, visitor)
}

/** The closing handshake would wait behind all that is not read. */
function cut(hall: Hall, visitor: Visitor): void {
  hall.logger.info('slow-consumer', { bufferedBytes: visitor.raw.writableLength })
  leave(hall, visitor)
  visitor.socket.terminate()
}

function leave(hall: Hall, visitor: Visitor): void {
  visitor.phase = 'closed'
  hall.visitors.delete(visitor)
  const { link } = visitor
  visitor.link = undefined
  link?.closed()
}
