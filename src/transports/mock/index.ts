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
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { bandOf, type CloseCode, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, MessageRow, ServerFrame } from '../../protocol/frames.js'
import { createBackend, type Peer } from './backend.js'
import { createLane, type Faults, type Which } from './faults.js'
import { realClock } from './real-clock.js'

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
export function mockTransport({ clock = realClock }: MockTransportOptions = {}): MockTransport {
  const faults: Faults = { delayMs: 0 }
  const backend = createBackend(() => clock.wall())
  const sent: ClientFrame[] = []
  const ends = new Map<Peer, (why: LinkClosed) => void>()
  let refusal: CloseCode | undefined

  function open(to: LinkEvents): Link {
    let phase: 'opening' | 'open' | 'closed' = 'opening'
    const down = createLane<ServerFrame>(faults, clock, (frame) => to.frame(frame))
    const up = createLane<ClientFrame>(faults, clock, hear)
    const peer: Peer = { user: '', follows: new Set(), tell: (frame) => down.pass(frame) }

    function end(why: LinkClosed) {
      if (phase === 'closed') return
      phase = 'closed'
      up.stop()
      down.stop()
      ends.delete(peer)
      backend.peers.delete(peer)
      queueMicrotask(() => to.closed(why))
    }

    function hear(frame: ClientFrame) {
      sent.push(frame)
      if (frame.type !== 'hello' || refusal === undefined) return backend.hear(peer, frame)
      const code = refusal
      down.pass({ type: 'refused', code })
      down.then(() => end({ band: bandOf(closeCodes[code]), code }))
    }

    ends.set(peer, end)
    backend.peers.add(peer)
    down.then(() => {
      phase = 'open'
      to.opened()
    })
    return {
      send(frame) {
        if (phase === 'open') up.pass(frame)
      },
      close: () => end({ band: 'retry', code: 'closed' }),
    }
  }

  return {
    name: 'mock',
    open,
    sent,
    say: backend.say,
    push: (frame) => {
      for (const peer of backend.peers) peer.tell(frame)
    },
    disconnect(code = 'network') {
      const band = code === 'network' ? 'retry' : bandOf(closeCodes[code])
      for (const end of [...ends.values()]) end({ band, code })
    },
    refuse(code) {
      refusal = code
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
      refusal = undefined
      Object.assign(faults, { delayMs: 0, drop: undefined, duplicate: undefined, reorder: undefined })
    },
  }
}
