/**
 * One tab's place at the shared link, for as long as the link of its own session lives.
 *
 *   waiting ──the lock is granted──▶ holding ──its link ends, the lock is taken by force──▶ left
 *      │ frames of a holder                                                              ▲
 *      ▼                                                                                 │
 *   seated ──the link is over, another holds, the lock is granted────────────────────────┘
 *
 * Who has left comes back by a new link of its session, which knows how to repeat what was under way. Nothing is handed over
 * but the lane of the link and its number, by which the server fences the older link (R26).
 */
import type { LinkClosed, LinkFrame } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import type { Hello } from './holder.js'
import { type Host, type HostEvents, type House, host } from './host.js'
import { createMailbox, isMessage, type Message, type Unsigned } from './message.js'
import { createSlot } from './slot.js'
import { keepVigil } from './vigil.js'

export interface SeatEvents {
  frame(frame: LinkFrame): void
  end(why: LinkClosed): void
}

export interface Seat {
  send(frame: ClientFrame): void
  /** Who holds the link gives it up. */
  leave(why: LinkClosed): void
}

const moved: LinkClosed = { band: 'retry-after', code: 'moved', retryAfterMs: 0 }
/** Who falls asleep must not come back before it wakes: by a timer, which stands still until then. */
const asleep: LinkClosed = { ...moved, code: 'asleep' }

interface Place {
  phase: 'waiting' | 'seated' | 'holding' | 'left'
  holderId: string
  /** The lock of the seat. */
  hasLock: boolean
}

/** What a seat that does not hold the link makes of what it hears. */
function listenTo(house: House, id: string, at: Place, { post, deliver, end, trust }: HostEvents & { trust(): void }) {
  const { clock } = house

  function hear(message: Message) {
    if (message.kind === 'holding') heardHolding(message.from, message)
    else if (message.kind === 'forced') {
      house.peaceUntilMs = clock.now() + message.peaceMs
      trust()
    } else if (message.kind === 'awake' && message.from === at.holderId) trust()
    else if (message.kind === 'down') heardDown(message.from, message.to, message.frames)
    else if (message.kind === 'over' && message.from === at.holderId) end(message.why)
  }

  function heardHolding(from: string, { lane, link, peaceMs }: Extract<Message, { kind: 'holding' }>) {
    // Who held before, and holds again, was never told that it was taken by force.
    Object.assign(house, { lane, link, peaceUntilMs: Math.max(clock.now() + peaceMs, house.peaceUntilMs) })
    if (at.phase === 'seated' && from !== at.holderId) return end(moved)
    if (from === at.holderId || !at.hasLock) return
    at.holderId = from
    trust()
    post({ kind: 'join' })
  }

  function heardDown(from: string, seat: string | undefined, frames: readonly LinkFrame[]) {
    if (seat === id && from === at.holderId) at.phase = 'seated'
    if (at.phase !== 'seated' || from !== at.holderId || (seat ?? id) !== id) return
    for (const frame of frames) deliver(frame)
  }

  return { hear }
}

export function takeSeat(house: House, name: string, hello: Hello, to: SeatEvents): Seat {
  const { tabs, clock } = house
  // Tabs come back in one millisecond, and one throw of chance has only 256 outcomes.
  const id = [clock.wall(), clock.roll(), clock.roll(), clock.roll()].join()
  let hosting: Host | undefined
  const at: Place = { phase: 'waiting', holderId: '', hasLock: false }
  const channel = tabs.channel(name, (data) => at.phase !== 'left' && isMessage(data) && data.from !== id && (hosting ?? ear).hear(data))
  const mailbox = createMailbox(channel)
  const post = (message: Unsigned) => mailbox.post({ ...message, from: id })
  const ask = () => post({ kind: 'ask' })
  const vigil = keepVigil(house, name, ask, (peaceMs) => {
    post({ kind: 'forced', peaceMs })
    if (at.phase === 'waiting') return claim(true)
    // What this session has heard came by the link of another. Given back on the way, the lock could go to one that sleeps too.
    house.forceDue = name
    end(moved)
  })
  // Whoever is granted this lock knows that the seat is empty: no holder may ask for it before the seat has it.
  const giveUpSeat = tabs.lock(`${name}/${id}`, { held: sit })
  // A page that is frozen could hold the lock, and even answer, while its link carries nothing.
  const unwatch = tabs.freezing(() => end(asleep))
  /** A place in the queue for the lock, or the lock; what is given back is not asked for again. */
  const link = createSlot()
  /** Where the browser refuses locks, as in some frames, this tab holds a link of its own. */
  const claim = (byForce: boolean) => link(() => tabs.lock(name, { held, lost: held }, byForce))
  const deliver = (frame: LinkFrame) => at.phase !== 'left' && to.frame(frame)

  const ear = listenTo(house, id, at, { post, deliver, end, trust: vigil.trust })

  function sit() {
    at.hasLock = true
    ask()
  }

  function held() {
    // What this session has heard came by the link of another: it begins anew.
    if (at.phase !== 'waiting') return end(moved)
    at.phase = 'holding'
    vigil.stop()
    hosting = host(house, { name, id, hello }, { post, deliver, end })
  }

  function end(why: LinkClosed) {
    if (at.phase === 'left') return
    at.phase = 'left'
    post(hosting ? { kind: 'over', why: /asleep|closed/.test(why.code) ? moved : why } : { kind: 'leave' })
    hosting?.close()
    for (const stop of [vigil.stop, mailbox.flush, channel.close, giveUpSeat, unwatch, link]) stop()
    to.end(why)
  }

  claim(house.forceDue === name)
  house.forceDue = ''
  return {
    send(frame) {
      if (hosting) hosting.hear({ kind: 'up', frames: [frame], from: id })
      else if (at.phase === 'seated') post({ kind: 'up', frames: [frame] })
    },
    leave: end,
  }
}
