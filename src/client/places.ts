/** Calls that move what is shown of a log. What goes back in it waits until the log is known, following it meanwhile. */
import type { CoreEvent } from '../core/event.js'
import type { SessionState } from '../core/session-state.js'
import type { ConversationState } from '../core/state.js'
import type { Conversation, Readable } from './api.js'
import type { Engine } from './engine.js'
import { assertArgument } from '../ports/errors.js'

/** `coming`: known as it is stored here, and a link comes to ask. `offline`: nothing is stored here, and no link is there or coming. */
export type Stage = 'unknown' | 'known' | 'coming' | 'offline'

/** A call made right after `conversation(id)` means the log as it is, not the nothing that is held yet. */
export function stageOf(conversation: ConversationState | undefined, phase: SessionState['phase']): Stage {
  const { epoch, state } = conversation?.log ?? { epoch: '' }
  const isComing = phase === 'connecting'
  if (epoch || state === 'gone') return isComing ? 'coming' : 'known'
  return state === 'ready' && phase !== 'online' && !isComing ? 'offline' : 'unknown'
}

type Named<Event> = Event extends { readonly conversation: string } ? Omit<Event, 'conversation'> : never

/** Tells the core what happens in one conversation. */
export type Tell = (event: Named<CoreEvent>) => void

type Places = Pick<Conversation, 'loadOlder' | 'loadNewer' | 'jumpTo' | 'jumpToLatest'>

export function places<C>({ assertOpen, wait, answer }: Engine<C>, tell: Tell, stage: Readable<Stage>): Places {
  /** Begins what the core answers. `number`: what it goes by. `needsLog`: there is nothing to move in before. */
  const call = async (what: string, signal: AbortSignal | undefined, number: number, needsLog: boolean, begin: (call: number) => void) => {
    const past = (before: Stage) =>
      wait(what, signal, (call) =>
        stage.subscribe((now) => {
          if (now !== before) answer(call, now === 'offline' ? now : undefined)
        }),
      )
    // After a wait the chat may have ended.
    const ask = () => {
      assertOpen(what)
      return wait(what, signal, begin)
    }
    assertOpen(what)
    assertArgument(what, Number.isSafeInteger(number), 'it takes a whole number.')
    if (needsLog && stage.get() !== 'known') await past('unknown')
    return ask().catch(async (error) => {
      // What is not stored is asked for once the link is there.
      if (error.code !== 'offline' || stage.get() !== 'coming') throw error
      await past('coming')
      return ask()
    })
  }
  const load =
    (what: string, way: 'older' | 'newer'): Places['loadOlder'] =>
    async ({ limit = 50, signal } = {}) =>
      call(what, signal, limit, way === 'older', (call) => tell({ kind: 'load', call, way, limit }))
  return {
    loadOlder: load('loadOlder', 'older'),
    loadNewer: load('loadNewer', 'newer'),
    jumpTo: async (seq, { signal } = {}) => call('jumpTo', signal, seq, true, (call) => tell({ kind: 'jump', call, seq })),
    jumpToLatest: async ({ signal } = {}) =>
      call('jumpToLatest', signal, 0, false, (call) => {
        tell({ kind: 'jump-latest' })
        answer(call)
      }),
  }
}
