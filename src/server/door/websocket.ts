/**
 * The WebSocket door: who may come in, and for how long they may be silent. One sweep a second looks at all visitors, so that a
 * connection costs no timer.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { limits } from '../../protocol/limits.js'
import { createEncoder } from './encode.js'
import { type Hall, type Visitor, end, enter } from './visitor.js'

export interface DoorOptions extends Omit<Hall, 'encoder' | 'visitors'> {
  /** Requests without Origin come from no browser and pass. */
  readonly isAllowed: (origin: string) => boolean
  readonly connections: number
  readonly helloMs: number
  /** A link that says nothing for so long is dead. */
  readonly silenceMs: number
}

export interface Door {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  count(): number
  /** Ends the sweep and closes what is left. */
  close(): void
}

const sweepMs = 1_000

export function createDoor({ isAllowed, connections, helloMs, silenceMs, ...shared }: DoorOptions): Door {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.clientFrameBytes,
    clientTracking: false,
  })
  const visitors = new Set<Visitor>()
  const hall: Hall = { ...shared, visitors, encoder: createEncoder() }
  const sweep = setInterval(() => {
    const now = hall.now()
    for (const visitor of visitors) {
      if (visitor.expiresAt <= now) end(hall, visitor, 'token-expired')
      else if (visitor.phase !== 'linked' && visitor.heardAt + helloMs <= now) end(hall, visitor, 'hello-timeout')
      else if (visitor.heardAt + silenceMs <= now) end(hall, visitor, 'going-away')
    }
  }, sweepMs)
  sweep.unref()

  return {
    handleUpgrade(request, socket, head) {
      if (!passes(request.headers.origin, isAllowed)) return decline(socket, '403 Forbidden')
      if (visitors.size >= connections) return decline(socket, '503 Service Unavailable')
      server.handleUpgrade(request, socket, head, (accepted) => enter(hall, accepted, socket, request))
    },
    count: () => visitors.size,
    close() {
      clearInterval(sweep)
      for (const visitor of [...visitors]) end(hall, visitor, 'going-away')
    },
  }
}

function passes(origin: string | undefined, isAllowed: (origin: string) => boolean): boolean {
  try {
    return origin === undefined || isAllowed(origin)
  } catch {
    return false
  }
}

function decline(socket: Duplex, status: string): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
