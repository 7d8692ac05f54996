/** Opens the ways of a fallback one beside the other, until the first of them is open; from then on it is that one's link. */
import type { Link, LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { Ways } from './ways.js'

export interface RaceEvents {
  opened(way: number): void
  /** Of the way that was taken. */
  frame(frame: LinkFrame): void
  /** The way that was taken has ended, or all have, or a server has said why it takes nobody. */
  closed(why: LinkClosed): void
}

export function race({ transports, first, silentMs, after }: Ways, to: RaceEvents): Link {
  const left = [...new Set([first, ...transports.keys()])]
  const links = new Map<number, Link>()
  let taken: number | undefined
  let failure: LinkClosed | undefined
  let stopWaiting = () => {}

  function tryNext() {
    const way = left.shift() as number
    stopWaiting()
    if (!transports[way]) return
    stopWaiting = after(silentMs, tryNext)
    links.set(
      way,
      (transports[way] as Transport).open({
        opened: () => opened(way),
        frame: (frame) => way === taken && to.frame(frame),
        closed: (why) => closed(way, why),
      }),
    )
  }

  function opened(way: number) {
    if (taken !== undefined) return
    taken = way
    stopWaiting()
    for (const [other, link] of links) if (other !== way) link.close()
    to.opened(way)
  }

  function closed(way: number, why: LinkClosed) {
    links.delete(way)
    if ((taken ?? way) !== way) return
    // A server that answered has been reached: what it says is for the session.
    if (way === taken || why.band === 'refresh' || why.band === 'retry-after') return to.closed(why)
    if (failure?.band !== 'retry') failure = why
    tryNext()
    if (links.size === 0) to.closed(failure)
  }

  tryNext()
  return {
    send: (frame) => links.get(taken as number)?.send(frame),
    close() {
      stopWaiting()
      left.length = 0
      for (const [, link] of links) link.close()
    },
  }
}
