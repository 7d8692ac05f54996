/** The handle of one conversation: a closure over the shell. */
import type { ConversationState } from '../core/state.js'
import type { CallOptions, Conversation, View } from './api.js'
import { type StandardSchema, writtenContent } from './content.js'
import type { Engine } from './engine.js'
import { ChatError } from './errors.js'
import type { Shell } from './shell.js'
import { detailsMaker } from './snapshots.js'
import { loadingView, viewMaker } from './view.js'

export interface ConversationParts<C> {
  readonly user: string
  readonly schema: StandardSchema<C> | undefined
  readonly engine: Engine<C>
}

export function conversationHandle<C>(id: string, parts: ConversationParts<C>): Conversation<C> {
  const { user, engine } = parts
  const { shell, readables, calls } = engine
  const present = (): ConversationState | undefined => {
    const state = engine.state()
    const slot = state.slots.get(id)
    return slot === undefined ? undefined : state.conversations[slot]
  }
  const watching = {
    first: () => shell.dispatch({ kind: 'watch', conversation: id }),
    last: () => shell.dispatch({ kind: 'unwatch', conversation: id }),
  }
  const view = viewMaker<C>(user, parts.schema)
  const details = detailsMaker()
  const find = (localId: string, what: string, fits: (kind: string) => boolean) => {
    engine.assertOpen(what)
    const entry = present()?.entries.find((each) => each.localId === localId && !each.voiding)
    if (entry && fits(entry.arm.kind)) return
    throw new ChatError('unknown-message', `${what}: no such unsent message is in this conversation. Use the localId that send() gave.`)
  }
  const call = (what: string, options: CallOptions | undefined, start: (call: number) => void) => {
    engine.assertOpen(what)
    return calls.start(what, options?.signal, start)
  }
  const load = (way: 'older' | 'newer', options: (CallOptions & { readonly limit?: number }) | undefined) =>
    call(`The ${way} messages were not loaded`, options, (number) =>
      shell.dispatch({ kind: 'load', conversation: id, call: number, way, limit: options?.limit ?? 50 }),
    )

  return {
    id,
    timeline: readables.make((): View<C> => {
      const conversation = present()
      const { session } = engine.state()
      return conversation ? view(conversation, session.phase === 'online' ? session.link : 0) : loadingView
    }, watching),
    typing: readables.make(typingUsers(present), watching),
    details: readables.make(() => details(present(), engine.state(), id), watching),
    send(content) {
      engine.assertOpen('The message was not sent')
      const written = writtenContent(parts.schema, content)
      assertRoom(shell, present(), written.bytes)
      const localId = engine.newLocalId()
      shell.dispatch({ kind: 'send', conversation: id, localId, ...written })
      return localId
    },
    retry(localId) {
      find(localId, 'The message was not sent again', (kind) => kind === 'failed')
      shell.dispatch({ kind: 'retry', conversation: id, localId })
    },
    discard(localId) {
      find(localId, 'The message was not taken back', (kind) => kind !== 'acked')
      shell.dispatch({ kind: 'discard', conversation: id, localId })
    },
    markRead: () => shell.dispatch({ kind: 'mark-read', conversation: id }),
    setTyping: (on) => shell.dispatch({ kind: 'set-typing', conversation: id, on }),
    loadOlder: (options) => load('older', options),
    loadNewer: (options) => load('newer', options),
    jumpTo: (seq, options) =>
      call('The place was not shown', options, (number) => shell.dispatch({ kind: 'jump', conversation: id, call: number, seq })),
    jumpToLatest(options) {
      engine.assertOpen('The latest messages were not shown')
      return calls.start('The latest messages were not shown', options?.signal, (number) => {
        shell.dispatch({ kind: 'jump-latest', conversation: id })
        calls.answer(number, undefined)
      })
    },
  }
}

function typingUsers(present: () => ConversationState | undefined): () => readonly string[] {
  let last: readonly string[] = []
  return () => {
    const typing = present()?.ephemeral.typing
    const users = typing ? [...typing.keys()] : []
    if (users.length !== last.length || users.some((user, i) => user !== last[i])) last = users
    return last
  }
}

function assertRoom(shell: Shell, conversation: ConversationState | undefined, bytes: number): void {
  const { outbox, config } = shell.state()
  if (conversation?.log.state === 'gone') {
    throw new ChatError('conversation-gone', 'The message was not sent: this user is not a member of the conversation.')
  }
  if (outbox.entries >= config.outboxEntries || outbox.bytes + bytes > config.outboxBytes) {
    throw new ChatError('outbox-full', 'The message was not sent: the outbox is full. Wait until it has drained.', { retry: 'later' })
  }
}
