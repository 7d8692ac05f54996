/** `createChat`: the core, its shell and the handles over them. Construction does no I/O. */
import { monotonicFactory } from 'ulidx'
import { initialState } from '../core/initial.js'
import { bounds } from '../core/timing.js'
import type { ChatState, Faults } from '../core/state.js'
import type { Storage, StorageFactory, StorageState } from '../ports/storage.js'
import type { MessageRow } from '../protocol/frames.js'
import { limits } from '../protocol/limits.js'
import type { Chat, ChatOptions, Conversation, Message, Session } from './api.js'
import { calls } from './calls.js'
import { drawnChance } from './chance.js'
import { type ConversationParts, conversationHandle } from './conversation.js'
import { ChatError } from './errors.js'
import { type Lanes, lanes } from './lanes.js'
import { logout } from './logout.js'
import { readables } from './readables.js'
import { reports } from './reports.js'
import { settledWaits } from './settled.js'
import { createShell } from './shell.js'
import { siblings } from './siblings.js'
import { listen, type Signals } from './signals.js'
import { inboxMaker, outboxMaker, sessionMaker } from './snapshots.js'
import { levelsOf, noLevels } from './status.js'
import { systemClock } from './system-clock.js'
import { toMessage } from './view.js'

/** How many conversations the inbox shows at first, and more at a time. */
const inboxStep = 100
const unopened: StorageState = { kind: 'memory', cacheBytes: 0 }

export interface ComposedOptions<C> extends ChatOptions<C> {
  readonly storage: StorageFactory
  /** Who lives in which lane; default by Web Locks. */
  readonly lanes?: Lanes
  /** Handed the way to look at the state; tests compare it with what they know to be true. */
  readonly inspect?: (state: () => ChatState) => void
}

/** Makes a chat over the given parts. Throws `bad-argument`. `faults` breaks rules on purpose; only tests pass it. */
export function composeChat<C>(options: ComposedOptions<C>, faults: Faults = {}): Chat<C> {
  const { user, transport, tenant, content: schema, clock = systemClock } = options
  assertId(user, 'A chat was not made: `user`')
  const newId = monotonicFactory(clock === systemClock ? drawnChance : () => clock.roll())
  const lane = newId(clock.wall())
  const initial = initialState({
    user,
    device: lane,
    lane,
    outboxEntries: bounds.outboxEntries,
    outboxBytes: bounds.outboxBytes,
    conversations: bounds.conversations,
    faults,
  })
  const conversations = new Map<string, Conversation<C>>()
  const held = options.lanes ?? lanes()
  const waiting = calls()
  let storage: Storage | null = null
  let signals: Signals | null = null
  let ended: 'closed' | 'logged-out' | null = null
  let faulted: Session | null = null
  let inboxShown = inboxStep

  const toShown = (row: MessageRow): Message<C> => {
    const found = shell.state().conversations.find(({ log }) => log.tail.rows.includes(row))
    return toMessage(row, found ? levelsOf({ ...found.log, marks: found.receipts.marks }, user) : noLevels, user, schema)
  }
  const events = reports<C>({ options, waits: () => waits, toShown, fenced: () => queueMicrotask(() => void end('logged-out')) })
  const cells = readables(events.fault)
  const shell = createShell({
    initial,
    transport,
    clock,
    storage: () => openStorage(),
    claimLane: held.claim,
    changed: cells.changed,
    report: events.report,
    answer: waiting.answer,
    woke: () => signals?.look(),
    fault(error) {
      faulted = { phase: 'faulted', error: events.fault(error) }
      cells.changed()
    },
  })
  const waits = settledWaits<C>(shell.state, toShown)
  options.inspect?.(shell.state)
  const others = siblings(tenant, user, () => void end('logged-out'))

  const openStorage = (): Storage => {
    if (storage) return storage
    void held.claim(lane)
    const state = (state: StorageState) => queueMicrotask(() => shell.dispatch({ kind: 'disk-state', state }))
    storage = options.storage({ user, ...(tenant === undefined ? {} : { tenant }) }, { state })
    return storage
  }
  const assertOpen = (what: string) => {
    if (ended === 'logged-out') throw new ChatError('logged-out', `${what}: this user has logged out.`, { retry: 'after-auth' })
    if (ended) throw new ChatError('closed', `${what}: the chat was closed. Make a new one.`)
    if (faulted?.phase === 'faulted')
      throw new ChatError('fault', `${what}: the chat has failed. Make a new one.`, { cause: faulted.error })
    signals ??= listen(clock, (signal) => shell.dispatch({ kind: 'signal', signal }))
  }
  /** Ends everything that runs; the disk keeps what it has. */
  const end = async (why: 'closed' | 'logged-out') => {
    if (ended) return
    ended = why
    shell.dispatch({ kind: 'close' })
    shell.stop()
    cells.changed()
    cells.stop()
    signals?.stop()
    others.stop()
    waiting.end()
    waits.end()
    await storage?.close().catch(() => {})
    held.release()
  }

  const parts: ConversationParts<C> = {
    user,
    shell,
    readables: cells,
    calls: waiting,
    schema,
    newLocalId: () => newId(clock.wall()),
    assertOpen,
    blank: () => ended === 'logged-out',
  }
  const session = sessionMaker(transport.name)
  const inbox = inboxMaker<C>(user, schema)
  const outbox = outboxMaker<C>()
  const present = () => (ended === 'logged-out' ? initial : shell.state())
  const opening = { first: () => shell.dispatch({ kind: 'open-disk' }) }

  return {
    user,
    session: cells.make(() => faulted ?? (ended ? closedSession : session(shell.state().session))),
    inbox: {
      ...cells.make(() => inbox(present(), inboxShown), opening),
      loadMore() {
        if (inboxShown < present().inbox.book.size) inboxShown += inboxStep
        cells.changed()
      },
    },
    outbox: cells.make(() => outbox(present()), opening),
    storage: cells.make(() => shell.state().storage ?? unopened, opening),
    connect() {
      assertOpen('The connection was not opened')
      shell.dispatch({ kind: 'connect' })
    },
    conversation(id) {
      assertId(id, 'The conversation was not made: its id')
      const known = conversations.get(id)
      if (known) return known
      const made = conversationHandle(id, parts)
      conversations.set(id, made)
      return made
    },
    async settled(localId, { signal } = {}) {
      assertOpen('Waiting for the message ended')
      return waits.wait(localId, signal)
    },
    on: events.on,
    close: () => end('closed'),
    async logout({ flushMs = 0, signal } = {}) {
      assertOpen('The user was not logged out')
      const unsent = await logout<C>({
        shell,
        clock,
        flushMs,
        signal,
        storage: openStorage,
        outbox: () => outbox(shell.state()),
        tell: others.tellLogout,
      })
      await end('logged-out')
      return { unsent }
    },
  }
}

const closedSession: Session = { phase: 'closed' }

function assertId(id: string, what: string): void {
  if (typeof id === 'string' && id.length > 0 && id.length <= limits.idChars) return
  throw new ChatError('bad-argument', `${what} is not a string of 1 to ${limits.idChars} characters. Pass one.`)
}
