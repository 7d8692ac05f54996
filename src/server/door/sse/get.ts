/** A `GET`: a link begins, or its stream goes on where it broke. */
import { randomBytes } from 'node:crypto'
import { identify } from '../identify.js'
import { drained, end, enter, leave, type Visitor } from '../visitor.js'
import { type Door, gone, lastEventOf, refusal } from './door.js'
import { newWire, nextStream, type SseWire } from './wire.js'

const comeBackS = 5
const idBytes = 18

const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

/** The token is checked here; from then on the link's unguessable id stands for it. */
export async function open(door: Door, request: Request): Promise<Response> {
  const { hall, gate, pipe, links } = door
  if (hall.isFull()) return overloaded()
  const identity = await identify(gate, tokenOf(request), request)
  if (typeof identity === 'string') return refusal(401, identity)
  // It may have become so meanwhile.
  if (hall.isFull()) return overloaded()
  const id = randomBytes(idBytes).toString('base64url')
  const wire = newWire(id, () => links.delete(id))
  const visitor = enter(hall, pipe, wire, async () => identity)
  links.set(id, visitor)
  return streamAfter(door, visitor, 0)
}

export function resume(door: Door, request: Request, link: string): Response {
  const visitor = door.links.get(link)
  return visitor ? streamAfter(door, visitor, lastEventOf(request)) : gone()
}

function streamAfter({ hall, pipe }: Door, visitor: Visitor<SseWire>, n: number): Response {
  const expired = () => {
    leave(hall, visitor)
    pipe.cut(visitor.wire)
  }
  const stream = nextStream(visitor.wire, n, expired, () => drained(hall, visitor))
  if (stream) return new Response(stream, { headers: streamHeaders })
  end(hall, visitor, 'going-away')
  return gone()
}

const overloaded = () => refusal(503, 'overloaded', { 'retry-after': `${comeBackS}` })

function tokenOf({ headers }: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
}
