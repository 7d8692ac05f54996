/**
 * The seat that holds the link: it carries the frames of all seats over one link, their questions numbered anew, and gives back
 * what each asked for. What nobody asked for goes to every seat; a client ignores what is not its own.
 */
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { createFollows } from './follows.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>
type Welcome = Extract<ServerFrame, { type: 'welcome' }>

/** Questions that no answer has come to; the oldest are forgotten. */
const kept = 1_000

export interface Holder {
  join(seat: string): void
  leave(seat: string): void
  send(seat: string, frame: ClientFrame): void
  close(): void
}

/** Tells `carry` what is for one seat, or for all. */
export function holdLink(
  transport: Transport,
  hello: Hello,
  clock: Clock,
  carry: (frame: LinkFrame, seat?: string) => void,
  closed: (why: LinkClosed) => void,
): Holder {
  /** Its time is that of the start of this clock. */
  let welcome: Welcome | undefined
  const asked = new Map<number, { readonly seat: string; readonly request: number }>()
  let request = 0
  const follows = createFollows(
    () => welcome?.limits.followed,
    (conversation) => link.send({ type: 'unfollow', conversation }),
  )
  const link = transport.open({ opened: () => link.send(hello), frame: hear, closed })

  function hear(frame: LinkFrame) {
    if (frame.type === 'welcome') {
      welcome = { ...frame, time: frame.time - clock.now() }
      for (const seat of follows.seats.keys()) greet(seat)
    } else if ('request' in frame && frame.request !== undefined) {
      const found = asked.get(frame.request)
      asked.delete(frame.request)
      if (found) carry({ ...frame, request: found.request } as LinkFrame, found.seat)
    } else carry(frame)
  }

  function greet(seat: string) {
    if (welcome) carry({ ...welcome, time: welcome.time + clock.now() }, seat)
  }

  function number<Question extends Extract<ClientFrame, { request: number }>>(seat: string, frame: Question): Question {
    request += 1
    asked.set(request, { seat, request: frame.request })
    const [oldest = 0] = asked.keys()
    if (asked.size > kept) asked.delete(oldest)
    return { ...frame, request }
  }

  return {
    join(seat) {
      follows.join(seat)
      greet(seat)
    },
    leave: follows.leave,
    send(seat, frame) {
      if (!follows.seats.has(seat) || frame.type === 'hello') return
      if (frame.type === 'unfollow') return follows.unfollow(seat, frame.conversation)
      if (frame.type === 'open') follows.open(seat, frame.conversation)
      // What one seat follows another may know from the list alone.
      const sent = frame.type === 'inbox' ? { ...frame, followed: true as const } : frame
      link.send('request' in sent ? number(seat, sent) : sent)
    },
    close: () => link.close(),
  }
}
