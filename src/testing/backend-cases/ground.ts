/** What a case of the backend suite stands on: users, conversations, links, and what its server can be brought to do. */
import type { Dialer } from '../dialer.js'
import { type EventDoor, eventDoor } from './event-door.js'
import { dialGuest, type Guest, type Hello, operation, type Trace } from './guest.js'
import { like, SkipError } from './unmet.js'

/**
 * What some cases need beside two members and their tokens. `fresh`: conversations of a case's own. `closed`: a user who is kept
 * out. `put`, `post`, `restart`, `backup`: the functions of `BackendArrange`. `expired`, `wrong`: such a token.
 */
export type BackendNeed = (typeof backendNeeds)[number]

export const backendNeeds = ['fresh', 'closed', 'put', 'post', 'restart', 'backup', 'expired', 'wrong'] as const

export interface BackendConversation {
  readonly id: string
  /** All members from now on: who is missing is removed. */
  readonly members: readonly (string | { readonly user: string; readonly profile?: Readonly<Record<string, unknown>> })[]
  readonly profile?: Readonly<Record<string, unknown>>
  /** What later joiners see of the past. Default `full`. */
  readonly history?: 'full' | 'from-join'
}

/** What only the server's own code can do; every function that is given lets more cases run. */
export interface BackendArrange {
  /** Makes a conversation, or makes it equal to this. */
  put?(conversation: BackendConversation): Promise<unknown>
  /** A message of the backend's own; the same id with other content revises it in place. */
  post?(message: { id: string; conversation: string; author: string; content: unknown }): Promise<unknown>
  /** Ends the server as for a new version, and starts it again at the same address over the same data. */
  restart?(): Promise<void>
  /** Keeps a copy of all data; the function it gives ends the server, brings that copy back as an operator would, and starts it again. */
  backup?(): Promise<() => Promise<void>>
}

export interface Ground {
  /** Two members and one who is none. */
  readonly ann: string
  readonly bob: string
  readonly eve: string
  readonly arrange: Required<BackendArrange>
  readonly deadlineMs: number
  /** For cases of that door alone. */
  readonly events: EventDoor
  /** Tokens of `expired` and `wrong`. */
  readonly badTokens: { readonly expired?: string; readonly wrong?: string }
  /** A new id, unlike all others. */
  id(): string
  /** A conversation of Ann and Bob, this case's own where there can be one. */
  conversation(): Promise<string>
  /** Connects without a word: where the door asks for a token first, with this one. Default Ann, and the user's own token. */
  dial(user?: string, token?: string): Promise<Guest>
  hello(user: string, more?: Partial<Hello>): Hello
  /** Connects and is welcomed. */
  enter(user: string, more?: Partial<Hello>): Promise<Guest>
  skip(reason: string): never
}

export interface BackendCase {
  /** Of `docs/protocol.md`, such as `7.2`. */
  readonly paragraph: string
  /** What the server does. */
  readonly name: string
  /** A server that does nothing else yet can be used. */
  readonly core?: true
  /** What `welcome.features` must declare. */
  readonly features?: readonly string[]
  readonly needs?: readonly BackendNeed[]
  /** It waits for time to pass: it runs first. */
  readonly slow?: true
  /** It ends the links of others: it runs after them. */
  readonly alone?: true
  /** Asked over that door alone. */
  readonly door?: 'sse'
  run(ground: Ground): Promise<void>
}

export interface GroundParts {
  readonly dialer: Dialer
  readonly deadlineMs: number
  readonly trace: Trace
  readonly token: (user: string) => string | undefined
  readonly users: readonly [string, string, string]
  readonly badTokens: Ground['badTokens']
  /** A conversation that is there; else each case begins its own. */
  readonly shared: string | undefined
  readonly arrange: BackendArrange
  readonly id: () => string
}

/** Links that a case leaves open are closed by `clear`. */
export function groundOf(parts: GroundParts): { ground: Ground; clear(): void } {
  const { users, arrange, id, token } = parts
  const [ann, bob, eve] = users
  const guests: Guest[] = []
  const { events, clear: clearEvents } = eventDoor(parts)
  const dial = async (user = ann, ...given: [token?: string | undefined]) => {
    const guest = await dialGuest(parts, user, given.length > 0 ? given[0] : token(user))
    guests.push(guest)
    return guest
  }
  const hello = (user: string, more: Partial<Hello> = {}): Hello => {
    return { type: 'hello', version: 1, user, device: id(), lane: id(), link: 1, token: token(user), ...more }
  }
  const enter = async (user: string, more: Partial<Hello> = {}) => {
    const guest = await dial(user)
    guest.say(hello(user, more))
    guest.welcome = await guest.next('welcome', 'a welcome for a good hello')
    return guest
  }
  /** Where anyone may come in, opening makes a member. */
  const begin = async (conversation: string) => {
    for (const user of [ann, bob]) {
      const guest = await enter(user)
      await guest.open(conversation)
      await guest.close()
    }
    return conversation
  }
  const ground: Ground = {
    ann,
    bob,
    eve,
    arrange: arrange as Required<BackendArrange>,
    deadlineMs: parts.deadlineMs,
    events,
    badTokens: parts.badTokens,
    id,
    dial,
    hello,
    enter,
    async conversation() {
      const name = parts.shared ?? id()
      if (parts.shared !== undefined) return name
      if (!arrange.put) return begin(name)
      await arrange.put({ id: name, members: [ann, bob] })
      return name
    },
    skip(reason) {
      throw new SkipError(reason)
    },
  }
  return {
    ground,
    clear() {
      clearEvents()
      for (const guest of guests) void guest.close().catch(() => {})
    },
  }
}

/** Ann and Bob connected to one conversation that both have opened. */
export async function both(ground: Ground) {
  const conversation = await ground.conversation()
  const [ann, bob] = [await ground.enter(ground.ann), await ground.enter(ground.bob)]
  const opened = await ann.open(conversation)
  return { conversation, ann, bob, opened, openedByBob: await bob.open(conversation) }
}

/** Ann alone, connected, and a conversation that she has opened. */
export async function one(ground: Ground) {
  const conversation = await ground.conversation()
  const ann = await ground.enter(ground.ann)
  return { conversation, ann, opened: await ann.open(conversation) }
}

/** So many messages, a window at a time; gives the `seq` of the last. */
export async function fill(guest: Guest, conversation: string, count: number, content: (n: number) => unknown, id: () => string) {
  const { window } = guest.welcome.limits
  let last = 0
  for (let sent = 0; sent < count; ) {
    const batch = Array.from({ length: Math.min(window, count - sent) }, (_, n) =>
      operation(conversation, id(), { kind: 'send', content: content(sent + n) }),
    )
    for (const frame of batch) guest.say(frame)
    for (const { localId } of batch) last = (await guest.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)).seq ?? 0
    sent += batch.length
  }
  return last
}

/** Says a first frame that has to be refused, and sees the refusal and the close that repeats it. */
export async function refused(ground: Ground, first: Hello, code: string, number: number): Promise<void> {
  const guest = await ground.dial(first.user, first.token)
  guest.say(first)
  const told = await guest.refusal(`refused ${code}`)
  like({ told }, { told: code }, `refused (${code})`)
  await closes(guest, number, code)
}

/** The server closes with this code. */
export async function closes(guest: Guest, code: number, name: string): Promise<void> {
  const end = await guest.ended(`the server to close ${code} ${name}`)
  like(end, { code }, `a close ${name}`)
}
