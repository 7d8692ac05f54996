/** What tabs say to each other. Every tab hears all of it. */
import type { LinkClosed, LinkFrame } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import type { Channel } from './tabs.js'

export type Told = Extract<LinkFrame, { type: 'provisional' | 'withdrawn' }>

export type Unsigned =
  /** Who holds the link, and whether it is awake; answered by `holding` at once, and by `awake`. */
  | { readonly kind: 'ask' }
  /** Sent by a timer of the holder. */
  | { readonly kind: 'awake' }
  /**
   * Who holds the link, in which lane and with which number: the next holder goes on from there (R26). The lock must not be
   * taken by force for `peaceMs` more.
   */
  | { readonly kind: 'holding'; readonly lane: string; readonly link: number; readonly peaceMs: number }
  /** The lock is taken by force, which must not happen again for `peaceMs`. */
  | { readonly kind: 'forced'; readonly peaceMs: number }
  /** A seat wants to be taken in; answered by the welcome, once there is one. */
  | { readonly kind: 'join' }
  | { readonly kind: 'leave' }
  /** Frames of a seat for the server. */
  | { readonly kind: 'up'; readonly to?: undefined; readonly frames: ClientFrame[] }
  /** Frames for one seat, or for all that have been taken in. */
  | { readonly kind: 'down'; readonly to: string | undefined; readonly frames: LinkFrame[] }
  /** What waits in a tab, and what has become of what waited. What its log has it withdraws in nobody's name. */
  | { readonly kind: 'waits'; readonly to?: undefined; readonly frames: Told[] }
  /** The holder's link has ended. */
  | { readonly kind: 'over'; readonly why: LinkClosed }

export type Message = Unsigned & { readonly from: string }

/** A page of another build may say what this one does not know. */
export function isMessage(data: unknown): data is Message {
  return typeof (data as Partial<Message> | null)?.from === 'string'
}

export interface Mailbox {
  post(message: Message): void
  /** Hands over what waits, now. */
  flush(): void
}

/** Frames posted in one turn for the same readers travel together; order is kept. */
export function createMailbox(channel: Channel): Mailbox {
  const waiting: Message[] = []
  const flush = () => {
    for (const message of waiting.splice(0)) channel.post(message)
  }
  return {
    flush,
    post(message) {
      const before = waiting.at(-1)
      if (before && 'frames' in before && 'frames' in message && before.kind === message.kind && before.to === message.to)
        (before.frames as unknown[]).push(...message.frames)
      else if (waiting.push(message) === 1) queueMicrotask(flush)
    },
  }
}
