/**
 * One link for all tabs of a user: whoever holds a Web Lock opens the transport, the others send and hear through a
 * BroadcastChannel. It only saves links: every law is kept by the clients and the server, whoever holds, and however often that changes.
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { realClock } from '../real-clock.js'
import { type House, noLink } from './host.js'
import { type Seat, takeSeat } from './seat.js'
import { browserTabs, type Tabs } from './tabs.js'

export type { Channel, LockEvents, Tabs } from './tabs.js'

export interface SharedOptions {
  /** Tabs with the same name and the same user share a link: one name per server. Default `chatloom`. */
  readonly name?: string
  /** Default the browser's locks and channels; tests hand in their own. */
  readonly tabs?: Tabs
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

/**
 * Shares one link of `transport` among the tabs of a browser: `shared(webSocketTransport({ … }))`. When the tab that holds it
 * closes or sleeps, another takes over. Where there are no locks or channels (Node, insecure pages) each tab has its own link.
 */
export function shared(transport: Transport, { name = 'chatloom', tabs, clock = realClock }: SharedOptions = {}): Transport {
  let house: House | undefined
  return {
    name: 'shared',
    open(to) {
      const found = tabs ?? browserTabs()
      if (!found) return transport.open(to)
      house ??= { transport, tabs: found, clock, last: noLink, peaceUntilMs: 0 }
      return openLink(house, name, to)
    },
  }
}

/** Which tabs it is shared with depends on the user, whom the first frame names. */
function openLink(house: House, name: string, to: LinkEvents): Link {
  let seat: Seat | undefined
  let isOver = false

  function end(why: LinkClosed) {
    if (isOver) return
    isOver = true
    queueMicrotask(() => to.closed(why))
  }

  queueMicrotask(() => isOver || to.opened())
  return {
    send(frame) {
      if (isOver) return
      if (frame.type === 'hello')
        seat ??= takeSeat(house, `chatloom:${JSON.stringify([name, frame.user])}`, frame, { frame: to.frame, end })
      else seat?.send(frame)
    },
    close() {
      seat?.leave()
      end({ band: 'retry', code: 'closed' })
    },
  }
}
