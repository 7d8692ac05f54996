/** The door for server-sent events, on Fetch requests (docs/protocol.md, §16). */
import type { Encoder } from '../encode.js'
import type { OpenHall } from '../hall.js'
import type { Gate } from '../identify.js'
import { preflight, readable } from './cors.js'
import { type Door, refusal } from './door.js'
import { open, resume } from './get.js'
import { take } from './post.js'
import { beat, ssePipe } from './wire.js'

export interface SseDoor {
  /** Undefined: the request is for somebody else. */
  fetch(request: Request): Promise<Response | undefined>
  close(): void
}

/** Proxies take a stream for dead after 30 s or more. */
const beatMs = 15_000

export function sseDoor(hall: OpenHall, gate: Gate, encoder: Encoder): SseDoor {
  const door: Door = { hall, gate, pipe: ssePipe(encoder), links: new Map() }
  const beats = setInterval(() => {
    for (const { wire } of door.links.values()) beat(wire)
  }, beatMs)
  beats.unref()
  return {
    async fetch(request) {
      const answer = routeOf(request)
      const origin = request.headers.get('origin')
      if (!answer) return undefined
      return hall.passes(origin) ? readable(await answer(door, request), origin) : refusal(403, 'forbidden')
    },
    close: () => clearInterval(beats),
  }
}

type Answer = (door: Door, request: Request) => Response | Promise<Response>

function routeOf({ method, headers }: Request): Answer | undefined {
  const link = headers.get('chatloom-link')
  if (method === 'OPTIONS' && headers.has('access-control-request-method')) return preflight
  if (method === 'GET' && headers.get('accept')?.includes('text/event-stream')) {
    return link === null ? open : (door, request) => resume(door, request, link)
  }
  return method === 'POST' && link !== null ? (door, request) => take(door, request, link) : undefined
}
