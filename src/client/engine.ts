/** What every handle of a chat stands on: shell, readables, waits and their common end. No I/O before it is used. */
import { monotonicFactory } from 'ulidx'
import { initialState } from '../core/initial.js'
import type { ChatState } from '../core/state.js'
import { bounds } from '../core/timing.js'
import type { Clock } from '../ports/clock.js'
import type { Storage, StorageFactory, StorageState } from '../ports/storage.js'
import type { MessageRow } from '../protocol/frames.js'
import type { ChatOptions, Message } from './api.js'
import { type Calls, calls as newCalls } from './calls.js'
import { drawnChance } from './chance.js'
import type { StandardSchema } from './content.js'
import { type Lanes, lanes as newLanes } from './lanes.js'
import { type Lifetime, lifetime } from './lifetime.js'
import { type Readables, readables as newReadables } from './readables.js'
import { type Reports, reports } from './reports.js'
import { type SettledWaits, settledWaits } from './settled.js'
import { createShell, type Shell } from './shell.js'
import { type Siblings, siblings } from './siblings.js'
import { listen, type Signals } from './signals.js'
import { levelsOf, noLevels } from './status.js'
import { systemClock } from './system-clock.js'
import { toMessage } from './view.js'

export interface ComposedOptions<C> extends ChatOptions<C> {
  readonly storage: StorageFactory
  /** Who lives in which lane; default by Web Locks. */
  readonly lanes?: Lanes
  /** Handed the way to look at the state; tests compare it with what they know to be true. */
  readonly inspect?: (state: () => ChatState) => void
}

export interface Engine<C> {
  readonly shell: Shell
  readonly readables: Readables
  readonly calls: Calls
  readonly waits: SettledWaits<C>
  readonly events: Reports<C>
  readonly life: Lifetime
  /** The state that may be shown: after a logout the empty one (L10). */
  state(): ChatState
  /** Throws where the chat takes no more calls; the first call begins to listen to the page. */
  assertOpen(what: string): void
  newLocalId(): string
  storage(): Storage
  tellLogout(): void
  /** Ends everything that runs; the disk keeps what it has. */
  end(why: 'closed' | 'logged-out'): Promise<void>
}

export function createEngine<C>(options: ComposedOptions<C>, clock: Clock): Engine<C> {
  const { user, transport, tenant, content: schema } = options
  const newId = monotonicFactory(clock === systemClock ? drawnChance : () => clock.roll())
  const lane = newId(Math.floor(clock.wall()))
  const initial = initialState({ user, device: lane, lane, ...sizes, delivered: options.delivered ?? 'received' })
  const lanes = options.lanes ?? newLanes()
  const calls = newCalls()
  const life = lifetime()
  let storage: Storage | null = null
  let signals: Signals | null = null
  let others: Siblings | null = null

  const toShown = (row: MessageRow) => shown(shell.state(), row, user, schema)
  const fenced = () => queueMicrotask(() => void end('logged-out'))
  const events = reports<C>({ options, waits: () => waits, toShown, fenced })
  const readables = newReadables(events.fault)
  const openStorage = (): Storage => {
    if (storage) return storage
    void lanes.claim(lane)
    others = siblings(tenant, user, fenced)
    const state = (state: StorageState) => queueMicrotask(() => shell.dispatch({ kind: 'disk-state', state }))
    storage = options.storage({ user, tenant }, { state })
    return storage
  }
  const shell: Shell = createShell({
    initial,
    transport,
    clock,
    storage: openStorage,
    claimLane: lanes.claim,
    changed: readables.changed,
    report: events.report,
    answer: calls.answer,
    woke: () => signals?.look(),
    fault: (error) => life.fail(events.fault(error)),
  })
  options.inspect?.(shell.state)
  const waits = settledWaits<C>(shell.state, toShown)

  const end = async (why: 'closed' | 'logged-out') => {
    if (!life.end(why)) return
    calls.end()
    shell.dispatch({ kind: 'close' })
    readables.changed()
    for (const part of [shell, readables, others, signals]) part?.stop()
    for (const part of [waits, events]) part.end()
    await storage?.close().catch(() => {})
    lanes.release()
  }
  const assertOpen = (what: string) => {
    life.assertOpen(what)
    signals ??= listen(clock, (signal) => shell.dispatch({ kind: 'signal', signal }))
  }
  const state = () => (life.isLoggedOut() ? initial : shell.state())
  return {
    shell,
    readables,
    calls,
    waits,
    events,
    life,
    state,
    assertOpen,
    newLocalId: () => newId(Math.floor(clock.wall())),
    storage: openStorage,
    tellLogout: () => others?.tellLogout(),
    end,
  }
}

/** A row as the application sees it, with the watermarks of the conversation that holds it. */
function shown<C>({ conversations }: ChatState, row: MessageRow, user: string, schema: StandardSchema<C> | undefined): Message<C> {
  const found = conversations.find(({ log }) => log.tail.rows.includes(row))
  return toMessage(row, found ? levelsOf({ ...found.log, marks: found.receipts.marks }, user) : noLevels, user, schema)
}

const sizes = { outboxEntries: bounds.outboxEntries, outboxBytes: bounds.outboxBytes, conversations: bounds.conversations }
