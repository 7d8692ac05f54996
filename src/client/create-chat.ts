/** `createChat`: the core, its shell and the handles over them. Construction does no I/O. */
import { isOutboxRead, settledRow } from '../core/select.js'
import type { MessageRow } from '../protocol/frames.js'
import { isId } from '../protocol/guards.js'
import * as limits from '../protocol/limits.js'
import type { Chat, Conversation, StorageState } from './api.js'
import { conversationHandle } from './conversation.js'
import { type ComposedOptions, createEngine } from './engine.js'
import { assertArgument, chatError, failure } from '../ports/errors.js'
import { flushed, leave } from './logout.js'
import { steady } from './remembered.js'
import { inboxMaker, outboxMaker, sessionOf } from './snapshots.js'

/** How many conversations the inbox shows at first, and more at a time. */
const inboxStep = 100
const unopened: StorageState = { kind: 'memory', cacheBytes: 0 }

/** Makes a chat over the given parts. Throws `bad-argument`. */
export function composeChat<C>(options: ComposedOptions<C>): Chat<C> {
  const { user, transport, storage, content: schema, metrics, logger } = options
  assertId('createChat', user)
  const { warn } = logger ?? console
  for (const part of [transport?.open, storage, schema ? schema['~standard']?.validate : storage, warn, metrics ?? storage])
    assertArgument('createChat', typeof part === 'function', 'check transport, storage, content, logger, metrics.')
  const engine = createEngine<C>({ ...options, transport: { open: (to) => transport.open({ ...to, owner: chat }) } })
  const { state, dispatch, make, assertOpen } = engine
  const conversations = new Map<string, Conversation<C>>()
  const inbox = inboxMaker<C>(user, engine.messages)
  const opened = <T>(compute: () => T) => make(compute, () => dispatch({ kind: 'open-disk' }))
  const outbox = opened(outboxMaker<C>(state))
  const outboxRead = opened(() => isOutboxRead(state()))
  const isFlushed = opened(() => isOutboxRead(state()) && outbox.get().every(({ status }) => status === 'sent' || status === 'failed'))
  let listed = inboxStep
  /** A logout that runs is joined by those called meanwhile. */
  let leaving: ReturnType<typeof leave<C>> | undefined

  const chat: Chat<C> = {
    user,
    session: make(steady(() => engine.ending() ?? sessionOf(state().session, transport.name))),
    inbox: {
      ...opened(() => inbox(state(), listed)),
      loadMore() {
        if (listed < state().inbox.book.size) listed += inboxStep
        engine.changed()
      },
    },
    outbox,
    storage: opened(() => state().storage ?? unopened),
    connect() {
      assertOpen('connect')
      dispatch({ kind: 'connect' })
    },
    conversation(id) {
      assertId('conversation', id)
      const made = conversations.get(id) ?? conversationHandle(id, engine, schema)
      conversations.set(id, made)
      return made
    },
    async settled(localId, { signal } = {}) {
      const what = 'settled'
      assertOpen(what)
      const find = () => settledRow(state(), localId)
      // An earlier page may have left it on the disk.
      if (!find()) await engine.wait(what, signal, (call) => outboxRead.subscribe((isRead) => isRead && engine.answer(call)))
      // Looked for after the wait, not in it: what ends in between is told to nobody.
      assertOpen(what)
      const known = find()
      if (!known) throw chatError('unknown-message', what)
      if (known.code) throw failure(known.code)
      return engine.toShown(known.row ?? (await engine.wait<MessageRow>(what, signal, undefined, localId)))
    },
    on: engine.on,
    close: () => engine.end('closed'),
    async logout({ flushMs = 0, signal } = {}) {
      assertOpen('logout')
      await flushed(engine, isFlushed, flushMs, signal).catch((error) => {
        if (!leaving && engine.ending()?.phase !== 'faulted') throw error
      })
      leaving ??= leave(engine).finally(() => (leaving = undefined))
      return { unsent: await leaving }
    },
  }
  return chat
}

function assertId(what: string, id: string): void {
  assertArgument(what, isId(id), `an id is well-formed text of 1 to ${limits.idChars} characters.`)
}
