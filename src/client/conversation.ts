/** The handle of one conversation: a closure over the engine. */
import * as bounds from '../core/bounds.js'
import type { CoreEvent } from '../core/event.js'
import type { Conversation } from './api.js'
import { type StandardSchema, writtenContent } from './content.js'
import type { Engine } from './engine.js'
import { assertArgument, chatError } from '../ports/errors.js'
import { places, stageOf, type Tell } from './places.js'
import { steady } from './remembered.js'
import { detailsMaker } from './snapshots.js'
import { soon } from './soon.js'
import { loadingView, viewMaker } from './view.js'

export function conversationHandle<C>(id: string, engine: Engine<C>, schema: StandardSchema<C> | undefined): Conversation<C> {
  const { user, messages, state, make, assertOpen } = engine
  const tell: Tell = (event) => engine.dispatch({ ...event, conversation: id } as CoreEvent)
  const present = () => {
    const { conversations, slots } = state()
    return conversations[slots.get(id) ?? -1]
  }
  const fresh = () => ({ view: viewMaker<C>(user, messages), details: detailsMaker(id) })
  let makers = fresh()
  /** The handle stays for ever; what it has shown would with it. In a microtask: who looks away may look again at once. */
  const forget = () => {
    if (!present()?.watchers) makers = fresh()
  }
  const followed = <T>(compute: () => T) =>
    make(
      compute,
      () => tell({ kind: 'watch' }),
      () => {
        tell({ kind: 'unwatch' })
        soon(forget)
      },
    )
  const assertMember = (what: string) => {
    if (present()?.log.state === 'gone') throw chatError('conversation-gone', what)
  }
  const redo = (kind: 'retry' | 'discard', localId: string) => {
    assertOpen(kind)
    const arm = present()?.entries.find((entry) => entry.localId === localId && !entry.voiding)?.arm.kind
    if (!arm || (kind === 'retry' ? arm !== 'failed' : arm === 'acked')) throw chatError('unknown-message', kind)
    if (kind === 'retry') assertMember(kind)
    tell({ kind, localId })
  }
  return {
    id,
    timeline: followed(() => {
      const conversation = present()
      const { session } = state()
      return conversation ? makers.view(conversation, session.phase === 'online' && session.link === conversation.log.liveOn) : loadingView
    }),
    typing: followed(steady(() => [...(present()?.ephemeral.typing.keys() ?? [])])),
    details: followed(() => makers.details(present(), state())),
    send(content) {
      const what = 'send'
      assertOpen(what)
      const written = writtenContent(schema, content)
      assertMember(what)
      const { outbox } = state()
      if (outbox.entries >= bounds.outboxEntries || outbox.bytes + written.bytes > bounds.outboxBytes) throw chatError('outbox-full', what)
      const localId = engine.newLocalId()
      tell({ kind: 'send', localId, ...written })
      return localId
    },
    retry: (localId) => redo('retry', localId),
    discard: (localId) => redo('discard', localId),
    markRead: () => tell({ kind: 'mark-read' }),
    markUnread(seq = 0) {
      assertArgument('markUnread', Number.isSafeInteger(seq), 'it takes a whole number.')
      tell({ kind: 'mark-unread', seq })
    },
    setTyping: (on) => tell({ kind: 'set-typing', on }),
    ...places(
      engine,
      tell,
      followed(() => stageOf(present(), state().session.phase)),
    ),
  }
}
