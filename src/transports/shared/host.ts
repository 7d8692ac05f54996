/** What the tab that holds the link does for the others: takes them in, carries their frames, and notices when they are gone. */
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import { bandOfName } from '../../protocol/codes.js'
import { type Hello, holdLink } from './holder.js'
import type { Message, Unsigned } from './message.js'
import { createSlot } from './slot.js'
import type { Tabs } from './tabs.js'

export interface House {
  readonly transport: Transport
  readonly tabs: Tabs
  readonly clock: Clock
  /** Of the last link that any tab is known to have held, its lane and its number; none: '' and 0. */
  lane: string
  link: number
  /** Since the lock was last taken by force not long enough has passed to do so again. */
  peaceUntilMs: number
  /** The lock that the next seat takes by force, if any. */
  forceDue: string
}

export interface Self {
  readonly name: string
  readonly id: string
  readonly hello: Hello
}

export interface HostEvents {
  post(message: Unsigned): void
  deliver(frame: LinkFrame): void
  end(why: LinkClosed): void
}

export interface Host {
  /** Of another tab, or of this one itself. */
  hear(message: Message): void
  close(): void
}

/** Not terminal: this tab has the lock, so the other link is a remnant. */
const superseded: LinkClosed = { band: 'retry-after', code: 'superseded', retryAfterMs: 1_000 }

export function host(house: House, { name, id, hello }: Self, { post, deliver, end }: HostEvents): Host {
  const { transport, tabs, clock } = house
  const seats = new Map<string, () => void>()
  const proof = createSlot()
  house.lane ||= `shared.${id}`
  house.link += 1
  const { lane, link } = house
  // Servers fence by device and lane: the links of all tabs are those of one device.
  const holder = holdLink(transport, { ...hello, device: lane, lane, link }, clock, carry, closed)

  function closed(why: LinkClosed) {
    if (why.code !== 'superseded') return end(why)
    // By a later link than any that is known here: it is left alone, and another lane begun.
    Object.assign(house, { lane: '', link: 0 })
    end(superseded)
  }

  function announce() {
    post({ kind: 'holding', lane, link, peaceMs: Math.max(0, house.peaceUntilMs - clock.now()) })
  }

  /** By a timer: in a page that Chromium has frozen other tabs are still heard and answered, but timers and sockets stand still. */
  function proveAwake() {
    proof(() => clock.timer(clock.now(), () => post({ kind: 'awake' })))
  }

  function carry(frame: LinkFrame, seat?: string) {
    // For every tab, at once: another user is signed in now, or nobody.
    if (frame.type === 'refused') return closed({ band: bandOfName(frame.code), code: frame.code, retryAfterMs: frame.retryAfterMs })
    if (seat === id || frame.type === 'via') return deliver(frame)
    // What comes by this link is stored by this tab.
    const told = frame.type === 'welcome' ? { ...frame, features: [...frame.features, 'cached'] } : frame
    if (seat !== undefined || seats.size > 0) post({ kind: 'down', to: seat, frames: [told] })
    if (seat === undefined) deliver(frame)
  }

  function admit(seat: string) {
    if (!seats.has(seat)) seats.set(seat, tabs.lock(`${name}/${seat}`, { held: () => dismiss(seat) }))
    holder.join(seat)
  }

  function dismiss(seat: string) {
    seats.get(seat)?.()
    seats.delete(seat)
    holder.leave(seat)
  }

  announce()
  holder.join(id)
  deliver({ type: 'via', via: transport.name })
  return {
    hear(message) {
      if (message.kind === 'join') admit(message.from)
      else if (message.kind === 'leave') dismiss(message.from)
      else if (message.kind === 'ask') {
        announce()
        proveAwake()
      } else if (message.kind === 'up') for (const frame of message.frames) holder.send(message.from, frame)
    },
    close() {
      proof()
      holder.close()
      for (const unwatch of seats.values()) unwatch()
    },
  }
}
