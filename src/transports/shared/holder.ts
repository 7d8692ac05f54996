/**
 * The seat that holds the link: it carries the frames of all seats over one link and gives back what each asked for. What
 * nobody asked for goes to every seat; a client ignores what is not its own.
 */
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { createFollows } from './follows.js'
import { createRequests } from './requests.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>
type Welcome = Extract<ServerFrame, { type: 'welcome' }>

export interface HolderEvents {
  /** For one seat, or for all. */
  frame(frame: LinkFrame, seat?: string): void
  closed(why: LinkClosed): void
}

export interface Holder {
  join(seat: string): void
  leave(seat: string): void
  send(seat: string, frame: ClientFrame): void
  close(): void
}

export function holdLink(transport: Transport, hello: Hello, clock: Clock, to: HolderEvents): Holder {
  const requests = createRequests()
  let welcome: Welcome | undefined
  let welcomedMs = 0
  const follows = createFollows(
    () => welcome?.limits.followed ?? Number.POSITIVE_INFINITY,
    (conversation) => link.send({ type: 'unfollow', conversation }),
  )
  const link = transport.open({ opened: () => link.send(hello), frame: hear, closed: to.closed })

  function hear(frame: LinkFrame) {
    if (frame.type === 'welcome') {
      welcome = frame
      welcomedMs = clock.now()
      for (const seat of follows.seats()) greet(seat)
    } else if ('request' in frame && frame.request !== undefined) answer(frame, frame.request)
    else to.frame(frame)
  }

  function greet(seat: string) {
    if (welcome) to.frame({ ...welcome, time: welcome.time + clock.now() - welcomedMs }, seat)
  }

  function answer(frame: LinkFrame, number: number) {
    const found = requests.answered(frame, number)
    if (found) to.frame(found.frame, found.seat)
  }

  return {
    join(seat) {
      follows.join(seat)
      greet(seat)
    },
    leave: follows.leave,
    send(seat, frame) {
      if (!follows.has(seat) || frame.type === 'hello') return
      if (frame.type === 'unfollow') return follows.unfollow(seat, frame.conversation)
      if (frame.type === 'open') follows.open(seat, frame.conversation)
      // What one seat follows another may know from the list alone.
      if (frame.type === 'inbox') return link.send(requests.ask(seat, { ...frame, followed: true }))
      link.send('request' in frame ? requests.ask(seat, frame) : frame)
    },
    close: () => link.close(),
  }
}
