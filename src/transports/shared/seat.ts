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
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import { type Hello, type Holder, holdLink } from './holder.js'
import { createMailbox, isMessage, type Message, type Unsigned } from './message.js'
import type { Tabs } from './tabs.js'

export interface House {
  readonly transport: Transport
  readonly tabs: Tabs
  readonly clock: Clock
  /** The last link that any tab is known to have held. */
  last: { readonly lane: string; readonly link: number }
  /** Since the lock was last taken by force not long enough has passed to do so again. */
  peaceUntilMs: number
}

export interface SeatEvents {
  frame(frame: LinkFrame): void
  end(why: LinkClosed): void
}

export interface Seat {
  send(frame: ClientFrame): void
  /** Who holds the link gives it up. */
  leave(): void
}

/** Silent for so long, the holder is asked; silent for as long again, it sleeps or is gone. */
const quietMs = 5_000
/** So long after the lock was taken by force nobody takes it by force. */
const robberyPauseMs = 60_000

const moved: LinkClosed = { band: 'retry-after', code: 'moved', retryAfterMs: 0 }
/** Not terminal: this tab has the lock, so the other link is a remnant. */
const superseded: LinkClosed = { band: 'retry-after', code: 'superseded', retryAfterMs: 1_000 }

export function takeSeat(house: House, name: string, hello: Hello, to: SeatEvents): Seat {
  const { transport, tabs, clock } = house
  const id = `${clock.wall()}.${clock.roll()}`
  const seats = new Map<string, () => void>()
  let phase: 'waiting' | 'seated' | 'holding' | 'left' = 'waiting'
  let holder: Holder | undefined
  let holderId = ''
  let stopTimer = () => {}

  const channel = tabs.channel(name, (data) => {
    if (phase !== 'left' && isMessage(data) && data.from !== id) hear(data)
  })
  const mailbox = createMailbox(channel)
  const post = (message: Unsigned) => mailbox.post({ ...message, from: id })
  // Whoever is granted this lock knows that the seat is empty.
  const giveUpSeat = tabs.lock(`${name}/${id}`, { held() {}, lost() {} })
  let giveUpLink = tabs.lock(name, { held, lost: () => end(moved) })

  function hear(message: Message) {
    if (message.kind === 'holding') return heardHolding(message.from, message)
    if (message.kind === 'down') return heardDown(message.from, message.to, message.frames)
    if (message.kind === 'over') return message.from === holderId ? end(message.why) : undefined
    if (!holder) return
    if (message.kind === 'join') admit(holder, message.from)
    else if (message.kind === 'leave') dismiss(holder, message.from)
    else if (message.kind === 'up') for (const frame of message.frames) holder.send(message.from, frame)
    else if (message.kind === 'ask') announce()
  }

  function heardHolding(from: string, { lane, link, peaceMs }: Extract<Message, { kind: 'holding' }>) {
    house.last = { lane, link }
    house.peaceUntilMs = clock.now() + peaceMs
    if (phase === 'seated' && from !== holderId) end(moved)
    if (phase !== 'waiting' && phase !== 'seated') return
    rest()
    if (from === holderId) return
    holderId = from
    post({ kind: 'join' })
  }

  function heardDown(from: string, seat: string | undefined, frames: readonly LinkFrame[]) {
    if (from !== holderId || holder || (seat ?? id) !== id) return
    if (seat === id) phase = 'seated'
    if (phase !== 'seated') return
    rest()
    for (const frame of frames) deliver(frame)
  }

  function deliver(frame: LinkFrame) {
    if (phase !== 'left') to.frame(frame)
  }

  /** Until the holder has been silent for long enough to be asked. */
  function rest() {
    wait(quietMs * (1 + clock.roll() / 4), () => {
      post({ kind: 'ask' })
      wait(quietMs, rob)
    })
  }

  function wait(ms: number, run: () => void) {
    stopTimer()
    stopTimer = clock.timer(clock.now() + ms, run)
  }

  function rob() {
    if (clock.now() < house.peaceUntilMs) return rest()
    house.peaceUntilMs = clock.now() + robberyPauseMs
    giveUpLink()
    giveUpLink = tabs.lock(name, { held, lost: () => end(moved) }, true)
  }

  function held() {
    // What this session has heard came by the link of another: it begins anew.
    if (phase !== 'waiting') return end(moved)
    phase = 'holding'
    stopTimer()
    house.last = { lane: house.last.lane || `shared.${id}`, link: house.last.link + 1 }
    holder = holdLink(transport, { ...hello, ...house.last }, clock, { frame: carry, closed })
    announce()
    holder.join(id)
    deliver({ type: 'via', via: transport.name })
  }

  function announce() {
    post({ kind: 'holding', ...house.last, peaceMs: Math.max(0, house.peaceUntilMs - clock.now()) })
  }

  function carry(frame: LinkFrame, seat?: string) {
    if (frame.type === 'refused' && frame.code === 'superseded') return end(superseded)
    if (seat === id || frame.type === 'via') return deliver(frame)
    if (seat !== undefined || seats.size > 0) post({ kind: 'down', to: seat, frames: [frame] })
    if (seat === undefined) deliver(frame)
  }

  function closed(why: LinkClosed) {
    end(why.code === 'superseded' ? superseded : why)
  }

  function admit(held: Holder, seat: string) {
    if (!seats.has(seat)) seats.set(seat, tabs.lock(`${name}/${seat}`, { held: () => dismiss(held, seat), lost() {} }))
    held.join(seat)
  }

  function dismiss(held: Holder, seat: string) {
    seats.get(seat)?.()
    seats.delete(seat)
    held.leave(seat)
  }

  function end(why: LinkClosed) {
    if (phase === 'left') return
    phase = 'left'
    stopTimer()
    holder?.close()
    post(holder ? { kind: 'over', why: why.code === 'closed' ? moved : why } : { kind: 'leave' })
    mailbox.flush()
    channel.close()
    for (const unwatch of seats.values()) unwatch()
    giveUpSeat()
    giveUpLink()
    to.end(why)
  }

  rest()
  post({ kind: 'ask' })
  return {
    send(frame) {
      if (phase === 'holding') holder?.send(id, frame)
      else if (phase === 'seated') post({ kind: 'up', frames: [frame] })
    },
    leave: () => end({ band: 'retry', code: 'closed' }),
  }
}
