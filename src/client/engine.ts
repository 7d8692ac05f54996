/** What every handle of a chat stands on: shell, readables, waits, events and their common end. No I/O before it is used. */
import { monotonicFactory } from 'ulidx'
import { initialState } from '../core/initial.js'
import type { Signal } from '../core/event.js'
import type { ChatState } from '../core/state.js'
import { conversations } from '../core/bounds.js'
import type { Clock } from '../ports/clock.js'
import type { Storage, StorageFactory, StorageState } from '../ports/storage.js'
import type { MessageRow } from '../protocol/frames.js'
import type { ChatOptions, Message, Session } from './api.js'
import { type ChatError, chatError } from '../ports/errors.js'
import { createEvents, type Events } from './events.js'
import { type Lanes, lanes as newLanes } from './lanes.js'
import { type Levels, levelsOf, type Messages, messages as newMessages, noLevels } from './messages.js'
import { type Readables, readables } from './readables.js'
import { createShell, type Shell, type ShellParts } from './shell.js'
import { siblings } from './siblings.js'
import { listen, type Signals } from './signals.js'
import { soon } from './soon.js'
import { systemClock } from '../ports/system-clock.js'
import { type Waits, waits } from './waits.js'

export interface ComposedOptions<C> extends ChatOptions<C> {
  readonly storage: StorageFactory
  /** Who lives in which lane; default by Web Locks. */
  readonly lanes?: Lanes
  /** As many conversations are held in memory. */
  readonly conversations?: number
  /** Handed the way to look at the state; tests compare it with what they know to be true. */
  readonly inspect?: (state: () => ChatState) => void
}

export interface Engine<C> extends Shell, Pick<Readables, 'make' | 'changed'>, Pick<Waits, 'wait' | 'answer'>, Pick<Events<C>, 'on'> {
  readonly user: string
  readonly clock: Clock
  readonly messages: Messages<C>
  /** The state that may be shown: after a logout the empty one (L10). */
  state(): ChatState
  /** A row as the application sees it; an own one by the watermarks of the conversation that holds it. */
  toShown(row: MessageRow): Message<C>
  /** What the session shows whatever the core says: it was ended, or has failed. */
  ending(): Session | undefined
  /** Throws where the chat takes no more calls; the first call begins to listen to the page. */
  assertOpen(what: string): void
  newLocalId(): string
  storage(): Storage
  /** Where rows live, as the storage has said last. */
  place(): StorageState | undefined
  /** Ends what sends, for good; the disk keeps what it has. Of the calls only `logout` and `close` are taken from here on. */
  stopSending(): void
  /** Ends the other instances of this user. Until the next `stopSending` none ends this one: of two that log out, one has to read and wipe. */
  endOthers(): void
  /** Ends everything that runs; the disk keeps what it has. */
  end(why: End): Promise<void>
}

export type End = 'closed' | 'logged-out'

/** The time that an id begins with. A clock may stand before 1970, of which none can be made. */
const idMs = (clock: Clock) => Math.max(1, Math.floor(clock.wall()))

/** How far an own message has come, by the watermarks of the conversation that holds it. */
function levelsIn({ conversations, config: { user } }: ChatState, row: MessageRow): Levels {
  const of = row.author === user && conversations.find(({ log }) => log.tail.rows.includes(row))
  return of ? levelsOf({ ...of.log, ...of.receipts }, user) : noLevels
}

export function createEngine<C>(options: Omit<ComposedOptions<C>, 'transport'> & Pick<ShellParts, 'transport'>): Engine<C> {
  const { user, tenant, transport, delivered = 'received', clock = systemClock, lanes = newLanes() } = options
  const newId = monotonicFactory(() => clock.roll())
  const newLocalId = () => newId(idMs(clock))
  const lane = newLocalId()
  const initial = initialState({ user, lane, delivered, locks: !!lanes.locks, conversations: options.conversations ?? conversations })
  const messages = newMessages(user, options.content)
  const waiting = waits()
  let opened: Storage | undefined
  let place: StorageState | undefined
  let signals: Signals | undefined
  let others: BroadcastChannel | undefined
  let endsOthers = false
  let ended: End | undefined
  let broken: ChatError | undefined

  const state = () => (ended === 'logged-out' ? initial : shell.state())
  const toShown = (row: MessageRow) => messages.confirmed(row, levelsIn(state(), row))
  const fenced = () => soon(() => endsOthers || end('logged-out'))
  const events = createEvents<C>({ options, answer: waiting.answer, toShown, aheadShown: messages.ahead, fenced })
  const cells = readables(events.fault)
  const placed = (state: StorageState) => {
    place = state
    soon(() => shell.dispatch({ kind: 'disk-state', state }))
  }
  const claim = (lane: string) => lanes.claim(lane, () => shell.dispatch({ kind: 'lanes-claimed', lanes: [lane] }))
  const signalled = (signal: Signal) => shell.dispatch({ kind: 'signal', signal })
  const storage = (): Storage => {
    if (opened) return opened
    others = siblings({ user, tenant }, lane, lanes.claim(lane), fenced, signalled, (other) => lanes.locks && claim(other))
    opened = options.storage({ user, tenant }, { state: placed })
    return opened
  }
  const ports = { transport, clock, storage, claim, woke: () => signals?.look() }
  const fault = (error: unknown) => {
    broken = events.fault(error)
    waiting.end()
  }
  const shell = createShell({ ...cells, ...events, ...waiting, ...ports, initial, fault })
  options.inspect?.(shell.state)

  const assertOpen = (what: string) => {
    const code = ended ?? (broken ? 'fault' : shell.state().session.phase === 'closed' && what !== 'logout' && 'logged-out')
    if (code) throw chatError(code, what, broken)
    signals ??= listen(clock, signalled)
  }
  const stopSending = () => {
    waiting.end()
    shell.stop()
    endsOthers = false
  }
  const endOthers = () => {
    endsOthers = true
    others?.postMessage([user])
  }
  const end = async (why: End) => {
    if (ended) return
    stopSending()
    ended = why
    cells.changed()
    signals?.stop()
    others?.close()
    events.end()
    await opened?.close().catch(() => {})
    if (!planted.lanesKept) lanes.release()
  }
  const ending = (): Session | undefined => (broken ? { phase: 'faulted', error: broken } : ended && { phase: 'closed' })
  const calls = { state, toShown, ending, assertOpen, newLocalId, storage, place: () => place }
  return { ...cells, ...events, ...waiting, ...shell, user, clock, messages, ...calls, stopSending, endOthers, end }
}
