/**
 * A small server beside the real one, for the fast paths of a world: it tells those who follow a room what its members say, at once, and
 * when it dies it forgets everything. Its places, answers and heads mean nothing to anybody else.
 */
import type { ClientFrame, MessageRow, ServerFrame } from '../../protocol/frames.js'
import { protocolVersion } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import type { Caller, Visit } from './door.js'
import type { FastPlan } from './fast-plan.js'
import { isMember } from './oracle/model.js'
import { ownKey, type Truth } from './oracle/truth.js'
import type { Time } from './time.js'

export interface Relay {
  isUp(): boolean
  enter(caller: Caller): Visit
  /** Every link breaks, and nothing is known any more. */
  kill(): void
  start(): void
  links(): number
}

interface Parts extends Pick<FastPlan, 'skewMs' | 'window'> {
  readonly time: Time
  readonly truth: Truth
}

interface Guest {
  readonly caller: Caller
  readonly follows: Set<string>
}

interface Room {
  readonly epoch: string
  readonly rows: MessageRow[]
  /** Local ids that it has heard of. */
  readonly known: Set<string>
  head: number
}

interface State extends Parts {
  readonly guests: Set<Guest>
  readonly rooms: Map<string, Room>
  lives: number
}

type Of<Type extends ClientFrame['type']> = Extract<ClientFrame, { type: Type }>

/** Of a room it tells who asks so many of its newest messages. */
const pageRows = 50
const features = ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox']

export function relayOf(parts: Parts): Relay {
  const state: State = { ...parts, guests: new Set(), rooms: new Map(), lives: 1 }
  let isUp = true
  return {
    isUp: () => isUp,
    enter(caller) {
      const guest: Guest = { caller, follows: new Set() }
      state.guests.add(guest)
      return { receive: (frame) => state.guests.has(guest) && hear(state, guest, frame), gone: () => void state.guests.delete(guest) }
    },
    kill() {
      isUp = false
      state.lives += 1
      state.rooms.clear()
      for (const { caller } of state.guests) caller.cut()
      state.guests.clear()
    },
    start() {
      isUp = true
    },
    links: () => state.guests.size,
  }
}

function hear(state: State, guest: Guest, frame: ClientFrame): void {
  const { caller, follows } = guest
  if (frame.type === 'hello') caller.send([welcomeOf(state, caller.user)])
  else if (frame.type === 'unfollow') follows.delete(frame.conversation)
  else if (frame.type === 'open') open(state, guest, frame)
  else if (frame.type === 'operation') operate(state, guest, frame)
  else if (frame.type === 'typing') tell(state, frame.conversation, { ...frame, user: caller.user }, guest)
  else if (frame.type === 'ping') {
    const heads = [...follows].map((conversation) => ({ conversation, epoch: epochOf(state), seq: roomOf(state, conversation).head }))
    caller.send([{ type: 'pong', n: frame.n, heads }])
  }
}

function open(state: State, { caller, follows }: Guest, { conversation, request }: Of<'open'>): void {
  if (!mayHear(state, conversation, caller.user)) return caller.send([{ type: 'failed', request, code: 'not-found' }])
  follows.add(conversation)
  const { epoch, head, rows } = roomOf(state, conversation)
  const newest = rows.slice(-pageRows)
  const answer = { epoch, head, to: head, from: (newest[0]?.seq ?? head + 1) - 1, tag: `${epoch}${head}`, rows: newest }
  const rest = { more: false, floor: 0, hidden: [], own: [], profile: {}, memberCount: 0, members: [], people: [], marks: [] }
  caller.send([{ type: 'opened', request, conversation, reset: 'first', ...answer, ...rest, unread: { count: 0, more: false } }])
}

function operate(state: State, { caller }: Guest, frame: Of<'operation'>): void {
  const { conversation, localId, operation } = frame
  const { user: author } = caller
  if (!mayHear(state, conversation, author))
    return caller.send([{ type: 'reject', conversation, localId, try: frame.try, code: 'not-found', final: true }])
  const room = roomOf(state, conversation)
  const { known, rows, epoch } = room
  const isNew = !known.has(ownKey(author, localId))
  known.add(ownKey(author, localId))
  const place = rows.findIndex((row) => row.author === author && row.localId === localId)
  const row = rows[place]
  if (operation.kind === 'send' && isNew) {
    room.head += 1
    const seq = room.head
    const at = state.time.clock.wall() + state.skewMs
    const message = { id: `${epoch}m${seq}`, seq, index: rows.length, rev: seq, at, author, localId, content: operation.content }
    rows.push(message)
    say(state, conversation, room, message)
  } else if (operation.kind === 'void' && row && !row.deleted) {
    room.head += 1
    const { content: _, ...taken } = row
    const message: MessageRow = { ...taken, rev: room.head, deleted: true }
    rows[place] = message
    say(state, conversation, room, message)
  }
  caller.send([{ type: 'ack', conversation, localId, epoch, seq: row?.seq ?? room.head }])
}

function say(state: State, conversation: string, { epoch, head }: Room, message: MessageRow): void {
  tell(state, conversation, {
    type: 'change',
    conversation,
    epoch,
    seq: head,
    tag: `${epoch}${head}`,
    change: { kind: 'message', message },
  })
}

function tell(state: State, conversation: string, frame: ServerFrame, but?: Guest): void {
  for (const guest of state.guests) {
    const { caller, follows } = guest
    if (guest !== but && follows.has(conversation) && mayHear(state, conversation, caller.user)) caller.send([frame])
  }
}

function mayHear({ truth }: State, conversation: string, user: string): boolean {
  const line = truth.now(conversation)
  return line !== undefined && isMember(line, user)
}

const epochOf = ({ lives }: State) => `fast${lives}`

function roomOf(state: State, conversation: string): Room {
  const room = state.rooms.get(conversation) ?? { epoch: epochOf(state), rows: [], known: new Set(), head: 0 }
  state.rooms.set(conversation, room)
  return room
}

function welcomeOf({ time, skewMs, window }: State, user: string): ServerFrame {
  const { followed, contentBytes, pageRows: most } = limits
  const told = { followed, window, contentBytes, pageRows: most }
  const now = time.clock.wall() + skewMs
  return { type: 'welcome', version: protocolVersion, user, time: now, heartbeatMs: 25_000, limits: told, features }
}
