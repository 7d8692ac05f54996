/** One link to the mock server: two lanes, and an end that stops both. */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkEvents } from '../../ports/transport.js'
import { bandOfName, type CloseCode } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Backend, Peer } from './backend.js'
import { createLane, type Faults } from './faults.js'

export interface MockServer {
  readonly clock: Clock
  readonly faults: Faults
  readonly backend: Backend
  readonly sent: ClientFrame[]
  /** The links that stand, each with its end. */
  readonly ends: Map<Peer, (why: LinkClosed) => void>
  refusal?: CloseCode
}

export function openLink(server: MockServer, to: LinkEvents): Link {
  const { clock, faults, backend, sent, ends } = server
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
    backend.leave(peer)
    queueMicrotask(() => to.closed(why))
  }

  function hear(frame: ClientFrame) {
    sent.push(frame)
    const code = server.refusal
    if (frame.type !== 'hello' || !code) return backend.hear(peer, frame)
    down.pass({ type: 'refused', code })
    down.then(() => end({ band: bandOfName(code), code }))
  }

  ends.set(peer, end)
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
