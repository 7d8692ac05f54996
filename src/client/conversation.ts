/** The handle of one conversation: a closure over the shell. */
import type { ConversationState } from '../core/state.js'
import type { CallOptions, Conversation, View } from './api.js'
import { type StandardSchema, writtenContent } from './content.js'
import type { Engine } from './engine.js'
import { ChatError } from './errors.js'
import type { Shell } from './shell.js'
import { knownMaker, stageOf, type WhenKnown } from './known.js'
import { detailsMaker } from './snapshots.js'
import { loadingView, viewMaker } from './view.js'

export interface ConversationParts<C> {
  readonly user: string
  readonly schema: StandardSchema<C> | undefined
  readonly engine: Engine<C>
}

export function conversationHandle<C>(id: string, parts: ConversationParts<C>): Conversation<C> {
  const { user, engine } = parts
  const { shell, readables } = engine
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
      assertMember(present(), 'The message was not sent again')
      shell.dispatch({ kind: 'retry', conversation: id, localId })
    },
    discard(localId) {
      find(localId, 'The message was not taken back', (kind) => kind !== 'acked')
      shell.dispatch({ kind: 'discard', conversation: id, localId })
    },
    markRead: () => shell.dispatch({ kind: 'mark-read', conversation: id }),
    setTyping: (on) => shell.dispatch({ kind: 'set-typing', conversation: id, on }),
    ...placeCalls(
      id,
      engine,
      knownMaker(readables, () => stageOf(present(), engine.state().session.phase), watching),
    ),
  }
}

type PlaceCalls = Pick<Conversation, 'loadOlder' | 'loadNewer' | 'jumpTo' | 'jumpToLatest'>

/** What is shown of the log. What goes back in it waits until it is known. */
function placeCalls<C>(id: string, { shell, calls, assertOpen }: Engine<C>, whenKnown: WhenKnown): PlaceCalls {
  const call = async (what: string, options: CallOptions | undefined, start: (call: number) => void) => {
    assertOpen(what)
    return calls.start(what, options?.signal, start)
  }
  const knownCall = (what: string, options: CallOptions | undefined, start: (call: number) => void) =>
    call(what, options, (number) =>
      whenKnown(options?.signal, (stage) => (stage === 'offline' ? calls.answer(number, 'offline') : start(number))),
    )
  return {
    async loadOlder(options) {
      const limit = assertWhole('The older messages were not loaded: `limit`', options?.limit ?? 50)
      return knownCall('The older messages were not loaded', options, (number) =>
        shell.dispatch({ kind: 'load', conversation: id, call: number, way: 'older', limit }),
      )
    },
    async loadNewer(options) {
      const limit = assertWhole('The newer messages were not loaded: `limit`', options?.limit ?? 50)
      return call('The newer messages were not loaded', options, (number) =>
        shell.dispatch({ kind: 'load', conversation: id, call: number, way: 'newer', limit }),
      )
    },
    async jumpTo(place, options) {
      const seq = assertWhole('The place was not shown: `seq`', place)
      return knownCall('The place was not shown', options, (number) =>
        shell.dispatch({ kind: 'jump', conversation: id, call: number, seq }),
      )
    },
    jumpToLatest: (options) =>
      call('The latest messages were not shown', options, (number) => {
        shell.dispatch({ kind: 'jump-latest', conversation: id })
        calls.answer(number, undefined)
      }),
  }
}

/** What no frame can carry would end the link that tries. */
function assertWhole(what: string, value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw new ChatError('bad-argument', `${what} is not a whole number. Pass one.`)
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
  assertMember(conversation, 'The message was not sent')
  if (outbox.entries >= config.outboxEntries || outbox.bytes + bytes > config.outboxBytes) {
    throw new ChatError('outbox-full', 'The message was not sent: the outbox is full. Wait until it has drained.', { retry: 'later' })
  }
}

function assertMember(conversation: ConversationState | undefined, what: string): void {
  if (conversation?.log.state !== 'gone') return
  throw new ChatError('conversation-gone', `${what}: this user is not a member of the conversation.`)
}
