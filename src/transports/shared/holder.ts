/**
 * The seat that holds the link: it carries the frames of all seats over one link and gives back what each asked for. What
 * nobody asked for goes to every seat; a client ignores what is not its own.
 */
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, LinkFrame, Transport } from '../../ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import { createRequests } from './requests.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>
type Welcome = Extract<ServerFrame, { type: 'welcome' }>
type Answer = Extract<ServerFrame, { type: 'ack' | 'reject' }>

/** Messages on their way that a tab is told of which comes later; the oldest are forgotten. */
const kept = 256

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
  const { user } = hello
  const seats = new Map<string, Set<string>>()
  const requests = createRequests()
  /** What is sent and not answered. */
  const ahead = new Map<string, LinkFrame>()
  /** What the server was asked to follow, the last asked for last. */
  const followed = new Set<string>()
  let welcome: Welcome | undefined
  let welcomedMs = 0
  const link = transport.open({ opened: () => link.send(hello), frame: hear, closed: to.closed })

  function hear(frame: LinkFrame) {
    if (frame.type === 'welcome') {
      welcome = frame
      welcomedMs = clock.now()
      for (const seat of seats.keys()) greet(seat)
    } else if ('request' in frame && frame.request !== undefined) answer(frame, frame.request)
    else {
      to.frame(frame)
      if (frame.type === 'ack' || frame.type === 'reject') answered(frame)
    }
  }

  function answered(frame: Answer) {
    const { conversation, localId } = frame
    if (frame.type === 'reject' && !frame.final) return
    ahead.delete(localId)
    // No change will ever show it.
    if (frame.type === 'reject' || frame.seq === undefined) to.frame({ type: 'withdrawn', conversation, author: user, localId })
  }

  function greet(seat: string) {
    if (!welcome) return
    to.frame({ ...welcome, time: welcome.time + clock.now() - welcomedMs }, seat)
    for (const frame of ahead.values()) to.frame(frame, seat)
  }

  /** Several tabs may follow more than one link can: what was asked for longest ago gives way. The list tells when it moves, and it is asked for again. */
  function follow(conversation: string) {
    const [oldest = ''] = followed
    if (!followed.delete(conversation) && welcome && followed.size >= welcome.limits.followed) end(oldest)
    followed.add(conversation)
  }

  function end(conversation: string) {
    if (followed.delete(conversation)) link.send({ type: 'unfollow', conversation })
  }

  function answer(frame: LinkFrame, number: number) {
    const found = requests.answered(frame, number)
    if (found) to.frame(found.frame, found.seat)
  }

  /** The server goes on telling what some seat still follows. */
  function unfollow(conversation: string) {
    if (![...seats.values()].some((follows) => follows.has(conversation))) end(conversation)
  }

  return {
    join(seat) {
      if (!seats.has(seat)) seats.set(seat, new Set())
      greet(seat)
    },
    leave(seat) {
      const follows = seats.get(seat) ?? []
      seats.delete(seat)
      for (const conversation of follows) unfollow(conversation)
    },
    send(seat, frame) {
      const follows = seats.get(seat)
      if (!follows || frame.type === 'hello') return
      if (frame.type === 'open') {
        follows.add(frame.conversation)
        follow(frame.conversation)
      }
      if (frame.type === 'unfollow') {
        follows.delete(frame.conversation)
        return unfollow(frame.conversation)
      }
      // What one seat follows another may know from the list alone.
      if (frame.type === 'inbox') return link.send(requests.ask(seat, { ...frame, followed: true }))
      if ('request' in frame) return link.send(requests.ask(seat, frame))
      link.send(frame)
      if (frame.type !== 'operation' || frame.operation.kind !== 'send') return
      const { conversation, localId, operation } = frame
      const shown: LinkFrame = { type: 'provisional', conversation, author: user, localId, content: operation.content, at: clock.wall() }
      to.frame(shown)
      ahead.set(localId, shown)
      const [oldest = ''] = ahead.keys()
      if (ahead.size > kept) ahead.delete(oldest)
    },
    close: () => link.close(),
  }
}
