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
import { claim, createForce } from './force.js'
import type { Hello } from './holder.js'
import { type Host, type House, host } from './host.js'
import { createMailbox, isMessage, type Message, type Unsigned } from './message.js'
import { keepVigil } from './vigil.js'

export interface SeatEvents {
  frame(frame: LinkFrame): void
  end(why: LinkClosed): void
}

export interface Seat {
  send(frame: ClientFrame): void
  /** Who holds the link gives it up. */
  leave(): void
}

const moved: LinkClosed = { band: 'retry-after', code: 'moved', retryAfterMs: 0 }

export function takeSeat(house: House, name: string, hello: Hello, to: SeatEvents): Seat {
  const { tabs, clock } = house
  const id = `${clock.wall()}.${clock.roll()}`
  let phase: 'waiting' | 'seated' | 'holding' | 'left' = 'waiting'
  let hosting: Host | undefined
  let holderId = ''
  let hasLock = false
  const channel = tabs.channel(name, (data) => phase !== 'left' && isMessage(data) && data.from !== id && hear(data))
  const mailbox = createMailbox(channel)
  const post = (message: Unsigned) => mailbox.post({ ...message, from: id })
  const vigil = keepVigil(clock, { ask: () => post({ kind: 'ask' }), doubt: rob })
  // Whoever is granted this lock knows that the seat is empty: no holder may ask for it before the seat has it.
  const giveUpSeat = tabs.lock(`${name}/${id}`, { held: sit, lost() {} })
  // A page that is frozen could hold the lock, and even answer, while its link carries nothing.
  const unwatch = tabs.freezing(() => end(moved))
  const link = claim(tabs, name, { held, lost: () => end(moved) })
  const force = createForce(house, name, (peaceMs) => {
    post({ kind: 'forced', peaceMs })
    link.force()
  })
  const deliver = (frame: LinkFrame) => phase !== 'left' && to.frame(frame)

  function hear(message: Message) {
    if (hosting) return hosting.hear(message)
    if (message.kind === 'holding') heardHolding(message.from, message)
    else if (message.kind === 'forced') {
      house.peaceUntilMs = clock.now() + message.peaceMs
      trust()
    } else if (message.kind === 'awake' && message.from === holderId) trust()
    else if (message.kind === 'down') heardDown(message.from, message.to, message.frames)
    else if (message.kind === 'over' && message.from === holderId) end(message.why)
  }

  function sit() {
    hasLock = true
    post({ kind: 'ask' })
  }

  function heardHolding(from: string, { lane, link, peaceMs }: Extract<Message, { kind: 'holding' }>) {
    Object.assign(house, { last: { lane, link }, peaceUntilMs: clock.now() + peaceMs })
    if (phase === 'seated' && from !== holderId) return end(moved)
    if (from === holderId || !hasLock) return
    holderId = from
    trust()
    post({ kind: 'join' })
  }

  function heardDown(from: string, seat: string | undefined, frames: readonly LinkFrame[]) {
    if (seat === id && from === holderId) phase = 'seated'
    if (phase !== 'seated' || from !== holderId || (seat ?? id) !== id) return
    for (const frame of frames) deliver(frame)
  }

  /** The holder does not answer. */
  function rob() {
    vigil.rest()
    force.want()
  }

  /** The holder is awake, or there is a new one. */
  function trust() {
    force.drop()
    vigil.rest()
  }

  function held() {
    // What this session has heard came by the link of another: it begins anew.
    if (phase !== 'waiting') return end(moved)
    phase = 'holding'
    vigil.stop()
    force.drop()
    hosting = host(house, { name, id, hello }, { post, deliver, end })
  }

  function end(why: LinkClosed) {
    if (phase === 'left') return
    phase = 'left'
    post(hosting ? { kind: 'over', why: why.code === 'closed' ? moved : why } : { kind: 'leave' })
    for (const stop of [vigil.stop, mailbox.flush, channel.close, giveUpSeat, unwatch, force.drop]) stop()
    hosting?.close()
    link.release()
    to.end(why)
  }

  return {
    send(frame) {
      if (hosting) hosting.send(frame)
      else if (phase === 'seated') post({ kind: 'up', frames: [frame] })
    },
    leave: () => end({ band: 'retry', code: 'closed' }),
  }
}
