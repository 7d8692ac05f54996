/** What every verb of the hub shares: who is connected, which rooms are followed, what is to be written and sent. */
import { keyOf } from '../key.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Bus } from '../bus.js'
import type { Logger } from '../logger.js'
import type { Place, Store } from '../store.js'
import type { Link } from './link.js'
import type { Hint } from './hint.js'
import { type ChatNode, gather } from './node.js'
import type { RateLimit } from './rate.js'
import type { Room } from './room.js'
import { asSeen } from './seen.js'
import type { Writes } from './writes.js'

export interface HubOptions {
  readonly store: Store
  /** To the other nodes over this store. Default: there are none. */
  readonly bus?: Bus
  /** Wall time in milliseconds. */
  readonly clock: { now(): number }
  /** Makes random ids. */
  readonly mint: () => string
  /** Runs `run` once, soon: writes and frames gather until then. */
  readonly turn: (run: () => void) => void
  readonly logger?: Logger
  readonly rate?: RateLimit
  /** How often clients ask whether the link lives. Default 25,000. */
  readonly heartbeatMs?: number
  /** Whoever opens a conversation becomes its member; for development alone. Default false. */
  readonly joinOnOpen?: boolean
}

/** The members of a conversation: being read, then known. Of another epoch, a backup restored meanwhile may know of others. */
export interface Roster {
  readonly epoch: string | undefined
  members: readonly string[] | undefined
  readonly read: Promise<readonly string[]>
}

export interface Moved extends Place {
  /** Of the log, where the write named it. */
  readonly epoch: string | undefined
}

export interface HubState {
  readonly options: HubOptions
  readonly writes: Writes
  /** Undefined: the only node. */
  readonly node: ChatNode | undefined
  readonly links: Set<Link>
  /** By tenant, by user: every message looks for the links of all its members, and a key made of both would be a new text each time. */
  readonly users: Map<string, Map<string, readonly Link[]>>
  readonly rooms: Map<string, Room>
  /** Who is in a conversation; forgotten at every change of members. */
  readonly rosters: Map<string, Roster>
  /** Conversations whose inbox rows changed in this tick. */
  readonly moved: Map<string, Moved>
  /** Rosters being read: not all whom a change concerns know of it. */
  spreading: number
  /** By tenant, the inbox stamp up to which writes are settled, and up to which everybody concerned knows of them. */
  readonly settled: Map<string, number>
  readonly spread: Map<string, number>
  readonly marked: Set<Room>
  /** Links whose inbox has to be read again. */
  readonly stale: Set<Link>
  /** Links with something in `out`; one that was forgotten meanwhile has nothing. */
  readonly unsent: Link[]
  /** Links that wait for answers. */
  readonly asking: Set<Link>
  /** Does what a frame asks; a promise ends when the answer stands in `out`. */
  readonly act: (link: Link, frame: ClientFrame) => void | Promise<void>
}

/** Puts a frame behind all others of the link; it leaves at the end of the tick. */
export function push(state: HubState, link: Link, frame: ServerFrame): void {
  if (link.state !== 'open') return
  if (link.out.length > 0) link.out.push(frame)
  else {
    // A list made with what it holds is a fifth as large as one that grows; most ticks have one frame for a link.
    link.out = [frame]
    state.unsent.push(link)
  }
  state.writes.wake()
}

/** To a follower: held back until its membership is known. */
export function pushToFollower(state: HubState, link: Link, conversation: string, frame: ServerFrame): void {
  const follow = link.follows.get(conversation)
  if (follow?.held) follow.held.push(frame)
  else if (!follow?.lapsed) push(state, link, follow ? asSeen(follow, frame) : frame)
}

/** To the other nodes, where there are any; it leaves at the end of the tick. */
export function say(state: HubState, topic: string, hint: Hint): void {
  if (!state.node) return
  gather(state.node, topic, hint)
  state.writes.wake()
}

/** Everything up to this stamp is settled. One of several nodes cannot know that by itself. */
export function settleStamp({ node, settled }: HubState, tenant: string, stamp: number): void {
  if (!node) settled.set(tenant, stamp)
}

/** The row of this conversation changed in the list of this link's user. */
export function touch(state: HubState, link: Link, conversation: string): void {
  if (!link.inbox) return
  link.inbox.news?.add(conversation)
  state.stale.add(link)
  state.writes.wake()
}

export function roomAt(state: HubState, { tenant, conversation }: Place): Room | undefined {
  return state.rooms.get(keyOf(tenant, conversation))
}

const none: readonly Link[] = []

export function linksOf(state: HubState, tenant: string, user: string): readonly Link[] {
  return state.users.get(tenant)?.get(user) ?? none
}
