/**
 * Waits until a conversation's log is known, from disk or from the server, following it meanwhile: a call made right after
 * `conversation(id)` means the log as it is, not the nothing that is held yet.
 */
import type { SessionState } from '../core/session-state.js'
import type { ConversationState } from '../core/state.js'
import type { Readables } from './readables.js'

/** `offline`: nothing is stored here, and no link is there or coming to ask. */
export type Stage = 'unknown' | 'known' | 'offline'

export function stageOf(conversation: ConversationState | undefined, phase: SessionState['phase']): Stage {
  if (!conversation) return 'unknown'
  const { log } = conversation
  if (log.epoch !== '' || log.state === 'gone') return 'known'
  const isRestored = log.state === 'ready'
  return isRestored && phase !== 'online' && phase !== 'connecting' ? 'offline' : 'unknown'
}

export type WhenKnown = (signal: AbortSignal | undefined, run: (stage: Stage) => void) => void

/** `run` is called once, in the call itself where the log is known. */
export function knownMaker(readables: Readables, get: () => Stage, watching: { first: () => void; last: () => void }): WhenKnown {
  const stage = readables.make(get, watching)
  return (signal, run) => {
    if (get() === 'known') return run('known')
    let waiting = true
    const look = (now: Stage) => {
      if (!waiting || now === 'unknown') return
      end()
      run(now)
    }
    const end = () => {
      waiting = false
      signal?.removeEventListener('abort', end)
      // Never within `subscribe`, which has not given its end yet.
      queueMicrotask(() => stop())
    }
    signal?.addEventListener('abort', end, { once: true })
    const stop = stage.subscribe(look)
  }
}
