/** A transport whose links do only what the test says. */
import type { Link, LinkEvents, Transport } from '../../src/ports/transport.js'
import type { ClientFrame } from '../../src/protocol/frames.js'

export interface Opening extends LinkEvents {
  readonly sent: ClientFrame[]
  isClosed: boolean
}

export interface Way {
  readonly transport: Transport
  readonly openings: Opening[]
}

export function way(name: string): Way {
  const openings: Opening[] = []
  const open = (to: LinkEvents): Link => {
    const opening: Opening = { ...to, sent: [], isClosed: false }
    openings.push(opening)
    return {
      send: (frame) => opening.sent.push(frame),
      close() {
        opening.isClosed = true
      },
    }
  }
  return { transport: { name, open }, openings }
}

export const at = (openings: readonly Opening[], i = openings.length - 1) => openings[i] as Opening
