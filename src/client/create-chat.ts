/** `createChat`: the core, its shell and the handles over them. Construction does no I/O. */
import type { StorageState } from '../ports/storage.js'
import { limits } from '../protocol/limits.js'
import type { Chat, Conversation } from './api.js'
import { type ConversationParts, conversationHandle } from './conversation.js'
import { type ComposedOptions, createEngine } from './engine.js'
import { ChatError } from './errors.js'
import { logout } from './logout.js'
import { inboxMaker, outboxMaker, sessionMaker } from './snapshots.js'
import { systemClock } from './system-clock.js'

/** How many conversations the inbox shows at first, and more at a time. */
const inboxStep = 100
const unopened: StorageState = { kind: 'memory', cacheBytes: 0 }

/** Makes a chat over the given parts. Throws `bad-argument`. */
export function composeChat<C>(options: ComposedOptions<C>): Chat<C> {
  const { user, transport, content: schema, clock = systemClock } = options
  assertId(user, 'A chat was not made: `user`')
  if (typeof transport?.open !== 'function') {
    throw new ChatError('bad-argument', 'A chat was not made: `transport` is none. Pass one, such as webSocketTransport({ url, token }).')
  }
  const engine = createEngine(options, clock)
  const { shell, readables, waits, life } = engine
  const conversations = new Map<string, Conversation<C>>()
  const parts: ConversationParts<C> = { user, schema, engine }
  const session = sessionMaker(transport.name)
  const outbox = outboxMaker<C>()
  const opening = { first: () => shell.dispatch({ kind: 'open-disk' }) }

  return {
    user,
    session: readables.make(() => life.session() ?? session(shell.state().session)),
    inbox: inboxHandle(parts, opening),
    outbox: readables.make(() => outbox(engine.state()), opening),
    storage: readables.make(() => shell.state().storage ?? unopened, opening),
    connect() {
      engine.assertOpen('The connection was not opened')
      shell.dispatch({ kind: 'connect' })
    },
    conversation(id) {
      assertId(id, 'The conversation was not made: its id')
      const made = conversations.get(id) ?? conversationHandle(id, parts)
      conversations.set(id, made)
      return made
    },
    async settled(localId, { signal } = {}) {
      engine.assertOpen('Waiting for the message ended')
      return waits.wait(localId, signal)
    },
    on: engine.events.on,
    close: () => engine.end('closed'),
    async logout({ flushMs = 0, signal } = {}) {
      engine.assertOpen('The user was not logged out')
      const { storage, tellLogout: tell } = engine
      const unsent = await logout<C>({ shell, clock, flushMs, signal, storage, tell, outbox: () => outbox(shell.state()) })
      await engine.end('logged-out')
      return { unsent }
    },
  }
}

function inboxHandle<C>({ user, schema, engine }: ConversationParts<C>, opening: { first: () => void }): Chat<C>['inbox'] {
  const make = inboxMaker<C>(user, schema)
  let shown = inboxStep
  return {
    ...engine.readables.make(() => make(engine.state(), shown), opening),
    loadMore() {
      if (shown < engine.state().inbox.book.size) shown += inboxStep
      engine.readables.changed()
    },
  }
}

function assertId(id: string, what: string): void {
  if (typeof id === 'string' && id.length > 0 && id.length <= limits.idChars) return
  throw new ChatError('bad-argument', `${what} is not a string of 1 to ${limits.idChars} characters. Pass one.`)
}
