/** One welcomed connection as the hub sees it: whom it speaks for, what it follows, what waits to be sent. */
import type { CloseCode } from '../../protocol/codes.js'
import type { ClientFrame, HiddenRange, Profile, ServerFrame } from '../../protocol/frames.js'
import { keyOf } from '../key.js'
import { type Bucket, newBucket } from './rate.js'

export type Hello = Extract<ClientFrame, { type: 'hello' }>

/** What a door hands in once the token of the first frame was accepted. */
export interface Connection {
  /** Default '': the only tenant. */
  readonly tenant?: string
  /** The user the token speaks for. */
  readonly user: string
  readonly profile?: Profile
  readonly hello: Hello
  /** Operations in flight per conversation. Default what suits a WebSocket. */
  readonly window?: number
  /** Frames of one tick. `shared`: some of them go to other links too, as the same objects. Must not throw. */
  send(frames: readonly ServerFrame[], shared: boolean): void
  /** How many bytes of what was sent have not left. Default none. */
  waiting?(): number
  /** Called at most once; afterwards nothing is sent. */
  close(code: CloseCode, retryAfterMs?: number): void
}

/** A followed conversation. Frames wait in `held` until membership is known. */
export interface Follow {
  held: ServerFrame[] | undefined
  /** Of its questions, how many are being answered. */
  opens: number
  /** Told that there is a higher head and no way to it from here: hears nothing more until it asks. */
  lapsed: boolean
  /** The highest `seq` of this epoch that the client has shown to know of; that it was sent something shows nothing. */
  epoch: string
  known: number
  /** What this reader may not see, as the answer said that was read last: at this head. */
  seenAt: number
  floor: number
  hidden: readonly HiddenRange[]
}

/** A frame that waits to be heard, and its part of the text that carried it. */
export interface Held {
  readonly frame: ClientFrame
  readonly bytes: number
}

/** A question to the store whose answer a removal makes void. */
export interface Reading {
  readonly conversation: string
  cancelled: boolean
}

export interface InboxFeed {
  /** Rows of followed conversations too: several tabs share the link, and not all of them follow. */
  readonly followed: boolean
  /** Where the store goes on. */
  cursor: string
  /** All that changed for the reader since the cursor; undefined: the store has to look for it. */
  news: Set<string> | undefined
  /** The `next` the client had last. */
  told: string
  reading: boolean
}

/** Shared by all links that follow nothing, and never filled: most idle links stay so. */
export const noFollows: Map<string, Follow> = new Map()

/** Of all links to which nothing is to be sent, and never filled. */
export const nothing: ServerFrame[] = []

export interface Link {
  readonly tenant: string
  readonly user: string
  readonly lane: string
  readonly number: number
  readonly send: Connection['send']
  readonly close: Connection['close']
  readonly waiting: Connection['waiting']
  follows: Map<string, Follow>
  /** Undefined while nothing is read. */
  readings: Set<Reading> | undefined
  readonly bucket: Bucket
  /** Frames to be heard when there is room for their answers; undefined: none. */
  held: readonly Held[] | undefined
  heldBytes: number
  /** Questions whose answers are not yet handed to the door, and those of them that are read. */
  reads: number
  answered: number
  out: ServerFrame[]
  /** Something in `out` goes to other links too. */
  shared: boolean
  inbox: InboxFeed | undefined
  /** `fenced`: superseded; what it had sent and is not yet stored is dropped (R26). */
  state: 'open' | 'closed' | 'fenced'
}

export function newLink(connection: Connection, now: number): Link {
  const { tenant = '', user, hello } = connection
  return {
    tenant,
    user,
    lane: keyOf(hello.device, hello.lane),
    number: hello.link,
    send: connection.send,
    close: connection.close,
    waiting: connection.waiting,
    follows: noFollows,
    readings: undefined,
    bucket: newBucket(now),
    held: undefined,
    heldBytes: 0,
    reads: 0,
    answered: 0,
    out: nothing,
    shared: false,
    inbox: undefined,
    state: 'open',
  }
}
