/**
 * A transport with a small server inside, for trying an app without a backend and for scripting what networks do:
 *
 *   const mock = mockTransport()
 *   const chat = createChat({ user: 'ann', transport: mock })
 *   mock.say('c1', 'bob', { text: 'hello' })
 *
 * Several chats may share one mock: they are users of the same server. It keeps its logs in memory, as long as it lives.
 */
import type { Clock } from '../../ports/clock.js'
import { systemClock } from '../../ports/system-clock.js'
import type { Transport } from '../../ports/transport.js'
import { bandOfName, type CloseCode } from '../../protocol/codes.js'
import type { ClientFrame, MessageRow, ServerFrame } from '../../protocol/frames.js'
import { createBackend } from './backend.js'
import type { Which } from './faults.js'
import { type MockServer, openLink } from './link.js'

export type { Which }

export interface MockTransport extends Transport {
  /** Another user writes a message; returns the row that members get. */
  say(conversation: string, author: string, content: unknown): MessageRow
  /** Says one frame as it is on every link, whatever the log says. */
  push(frame: ServerFrame): void
  /** Ends every link, as by a lost network or with a close code. Later opens are accepted. Default `network`. */
  disconnect(code?: CloseCode | 'network'): void
  /** Refuses every `hello` from now on, until `accept`. */
  refuse(code: CloseCode): void
  /** Each frame is on its way this long, in milliseconds, in each direction; order is kept. */
  delay(delayMs: number): void
  /** Loses every frame that `which` picks. */
  drop(which: Which): void
  /** Delivers every frame that `which` picks twice. */
  duplicate(which: Which): void
  /** Delivers every frame that `which` picks behind the one that follows it. */
  reorder(which: Which): void
  /** Ends every delay, fault and refusal. */
  accept(): void
  /** Every frame that reached the server, of all links, in order. */
  readonly sent: readonly ClientFrame[]
}

export interface MockTransportOptions {
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/** A transport to a scripted server in memory. Never throws, does no I/O, and answers asynchronously. */
export function mockTransport({ clock = systemClock }: MockTransportOptions = {}): MockTransport {
  const server: MockServer = { clock, faults: { delayMs: 0 }, backend: createBackend(() => clock.wall()), sent: [], ends: new Map() }
  const { backend, faults, sent, ends } = server
  return {
    name: 'mock',
    open: (to) => openLink(server, to),
    sent,
    say: backend.say,
    push: (frame) => {
      for (const peer of ends.keys()) peer.tell(frame)
    },
    disconnect(code = 'network') {
      for (const end of ends.values()) end({ band: bandOfName(code), code })
    },
    refuse(code) {
      server.refusal = code
    },
    delay(delayMs) {
      faults.delayMs = delayMs
    },
    drop(which) {
      faults.drop = which
    },
    duplicate(which) {
      faults.duplicate = which
    },
    reorder(which) {
      faults.reorder = which
    },
    accept() {
      server.refusal = undefined
      Object.assign(faults, { delayMs: 0, drop: undefined, duplicate: undefined, reorder: undefined })
    },
  }
}
