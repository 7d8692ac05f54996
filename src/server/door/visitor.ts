/**
 * One connection at a door, whatever carries it: `hello` (nothing said yet) → `auth` (its token is being checked) → `linked` → `closed`.
 * What cannot be understood ends this one and touches no other.
 */
import { decodeClientFrames } from '../../protocol/client-codec.js'
import type { CloseCode } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { Identity } from '../auth.js'
import type { Hub, HubLink } from '../hub.js'
import type { Logger } from '../logger.js'
import type { NotIdentified } from './identify.js'

/** What all visitors share. */
export interface Hall {
  readonly hub: Hub
  readonly tenant: string | undefined
  readonly logger: Logger
  readonly visitors: Set<Visitor>
  /** A link with more unsent bytes is cut. */
  readonly bufferedBytes: number
  readonly now: () => number
}

/** How one kind of connection is written and ended. One for all connections of its kind: an idle one should cost little. */
export interface Pipe<Wire> {
  /** Operations in flight per conversation; more where a round trip takes longer. */
  readonly window: number
  /** How many bytes wait unsent. */
  waiting(wire: Wire): number
  /** False: more than `most` bytes would have waited, and not all of it was written. Where none wait, one text may be larger. */
  write(wire: Wire, frames: readonly ServerFrame[], shared: boolean, most: number): boolean
  /** What was written before leaves first. */
  close(wire: Wire, code: CloseCode): void
  cut(wire: Wire): void
}

/** Whom the token of `hello` speaks for; undefined: nobody. */
export type Prove = (token: string | undefined) => Promise<Identity | NotIdentified>

export interface Visitor<Wire = unknown> {
  readonly pipe: Pipe<Wire>
  readonly wire: Wire
  /** Let go of once it is asked: headers are large. */
  prove: Prove | undefined
  phase: 'hello' | 'auth' | 'linked' | 'closed'
  link: HubLink | undefined
  heardAt: number
  expiresAt: number
}

/** Sessions that end together must not come back together. */
const expiryJitterMs = 30_000

export function enter<Wire>(hall: Hall, pipe: Pipe<Wire>, wire: Wire, prove: Prove): Visitor<Wire> {
  const visitor: Visitor<Wire> = { pipe, wire, prove, phase: 'hello', link: undefined, heardAt: hall.now(), expiresAt: Infinity }
  hall.visitors.add(visitor)
  return visitor
}

/** Closes from this side. */
export function end(hall: Hall, visitor: Visitor, code: CloseCode): void {
  if (visitor.phase === 'closed') return
  leave(hall, visitor)
  visitor.pipe.close(visitor.wire, code)
}

/** One text from the client. False: it cannot be read, and the link has ended. */
export function hear(hall: Hall, visitor: Visitor, text: string, bytes: number): boolean {
  if (visitor.phase === 'closed') return true
  visitor.heardAt = hall.now()
  // Nothing may follow the first frame before it is answered (R26).
  if (visitor.phase === 'auth') return refuse(hall, visitor, 'a frame came before welcome')
  if (visitor.phase === 'hello' && bytes > serverLimits.helloBytes) return refuse(hall, visitor, 'the first frame is too long')
  const decoded = decodeClientFrames(text)
  if (!decoded.ok) return refuse(hall, visitor, decoded.reason)
  const { link } = visitor
  if (!link) return greet(hall, visitor, decoded.frames)
  // One of them may end the link; the hub ignores the rest.
  for (const frame of decoded.frames) link.receive(frame, bytes / decoded.frames.length)
  return true
}

export function refuse(hall: Hall, visitor: Visitor, reason: string): false {
  hall.logger.info('bad-frame', { reason })
  end(hall, visitor, 'bad-frame')
  return false
}

function greet(hall: Hall, visitor: Visitor, frames: readonly ClientFrame[]): boolean {
  const [hello] = frames
  if (hello?.type !== 'hello' || frames.length > 1) return refuse(hall, visitor, 'the first frame is no hello, or not alone')
  void welcome(hall, visitor, hello)
  return true
}

async function welcome(hall: Hall, visitor: Visitor, hello: Extract<ClientFrame, { type: 'hello' }>): Promise<void> {
  const { prove } = visitor
  visitor.prove = undefined
  visitor.phase = 'auth'
  const identity = (await prove?.(hello.token)) ?? 'unauthorized'
  if (visitor.phase !== 'auth') return
  if (typeof identity === 'string') {
    transmit(hall, visitor, [{ type: 'refused', code: identity }])
    return end(hall, visitor, identity)
  }
  visitor.expiresAt = jittered(identity.expiresAt ?? Infinity, hall.now())
  visitor.phase = 'linked'
  visitor.link = hall.hub.connect({
    tenant: identity.tenant ?? hall.tenant,
    user: identity.userId,
    profile: identity.profile,
    hello,
    window: visitor.pipe.window,
    send: (sent, shared) => transmit(hall, visitor, sent, shared),
    waiting: () => visitor.pipe.waiting(visitor.wire),
    close: (code) => end(hall, visitor, code),
  })
}

/** Up to 30 s early, and never by more than a tenth of what is left. */
function jittered(expiresAt: number, now: number): number {
  return expiresAt === Infinity ? expiresAt : expiresAt - Math.random() * Math.min(expiryJitterMs, (expiresAt - now) / 10)
}

function transmit(hall: Hall, visitor: Visitor, frames: readonly ServerFrame[], shared = false): void {
  if (visitor.phase === 'closed' || visitor.pipe.write(visitor.wire, frames, shared, hall.bufferedBytes)) return
  // A closing word would wait behind all that is not read.
  hall.logger.info('slow-consumer', { bufferedBytes: visitor.pipe.waiting(visitor.wire) })
  leave(hall, visitor)
  visitor.pipe.cut(visitor.wire)
}

/** All that was written has left: the other end reads. */
export function drained(hall: Hall, visitor: Visitor): void {
  visitor.heardAt = hall.now()
  visitor.link?.drained()
}

/** The connection is gone, or ends now. */
export function leave(hall: Hall, visitor: Visitor): void {
  visitor.phase = 'closed'
  hall.visitors.delete(visitor)
  const { link } = visitor
  visitor.link = undefined
  link?.closed()
}
