/**
 * One link for all tabs of a user: whoever holds a Web Lock opens the transport, the others send and hear through a
 * BroadcastChannel. It only saves links: every law is kept by the clients and the server, whoever holds, and however often that changes.
 */
import type { Clock } from '../../ports/clock.js'
import { assertArgument } from '../../ports/errors.js'
import { systemClock } from '../../ports/system-clock.js'
import type { Link, LinkClosed, LinkEvents, LinkFrame, Transport, Waiting } from '../../ports/transport.js'
import { besideTabs } from './beside.js'
import type { House } from './host.js'
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
 * Throws `bad-argument` where the transport is none, or is `finality`: that remembers what one tab shows, and is made of shared paths.
 */
export function shared(
  transport: Transport,
  { name = 'chatloom', tabs = browserTabs(), clock = systemClock }: SharedOptions = {},
): Transport {
  const isTransport = typeof transport?.open === 'function' && transport.name !== 'finality'
  assertArgument('shared', isTransport, 'check transport; share the paths of finality instead, each by a name.')
  const house: House | undefined = tabs && { transport, tabs, clock, lane: '', link: 0, peaceUntilMs: 0, forceDue: '' }
  /** Of each client, the way to show it again what waits in others. */
  const besides = new WeakMap<Waiting, () => void>()
  let last: LinkEvents
  return {
    name: 'shared',
    open(to) {
      if (!house) return transport.open(to)
      last = to
      const { owner } = to
      // Between its links it is shown by the last, as long as no other client has opened one.
      const show = (frame: LinkFrame) => last.owner === owner && last.frame(frame)
      const again = owner && (besides.get(owner) ?? besideTabs(house, nameFor(name, owner.user), owner, show))
      if (again) besides.set(owner, again)
      return openLink(house, name, to, again)
    },
  }
}

/** Which tabs it is shared with depends on the user. */
const nameFor = (name: string, user: string) => `chatloom:${JSON.stringify([name, user])}`

/** The first frame names the user. */
function openLink(house: House, name: string, to: LinkEvents, again?: () => void): Link {
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
      if (frame.type === 'hello') seat ??= takeSeat(house, nameFor(name, frame.user), frame, { frame: to.frame, end })
      else seat?.send(frame)
      // A conversation that was not held here.
      if (frame.type === 'open') again?.()
    },
    close() {
      const why: LinkClosed = { band: 'retry', code: 'closed' }
      seat?.leave(why)
      end(why)
    },
  }
}
