/** Who listens to a chat's events. One that throws is told as a fault and harms no other. */
import { EventEmitter } from 'eventemitter3'
import type { ChatEvents, Logger } from './api.js'
import { ChatError } from './errors.js'

export interface Listeners<C> {
  emit<E extends keyof ChatEvents<C>>(event: E, ...args: ChatEvents<C>[E]): void
  hears(event: keyof ChatEvents): boolean
  /** Runs it; what it throws becomes a fault. */
  guarded(run: () => void): void
  /** Something broke that must not: told once, to log and listeners. */
  fault(cause: unknown): ChatError
  on<E extends keyof ChatEvents>(event: E, run: (...args: ChatEvents<C>[E]) => void): () => void
  end(): void
}

export function listeners<C>(logger: Logger | undefined): Listeners<C> {
  const emitter = new EventEmitter()
  /** A logger that fails has nobody left to hear of it. */
  const tell = (message: string, cause: unknown) => {
    try {
      logger?.error(message, { cause })
    } catch {}
  }
  const fault = (cause: unknown): ChatError => {
    const error = new ChatError('fault', 'A listener or the chat itself failed; unsent messages stay on disk. See the cause.', { cause })
    tell(error.message, cause)
    for (const run of emitter.listeners('fault')) {
      try {
        run(error)
      } catch (again) {
        tell('A listener of `fault` failed.', again)
      }
    }
    return error
  }
  const guarded = (run: () => void) => {
    try {
      run()
    } catch (error) {
      fault(error)
    }
  }
  return {
    emit(event, ...args) {
      for (const run of emitter.listeners(event)) guarded(() => run(...args))
    },
    hears: (event) => emitter.listenerCount(event) > 0,
    guarded,
    fault,
    on(event, run) {
      const listener = run as (...args: unknown[]) => void
      emitter.on(event, listener)
      return () => void emitter.off(event, listener)
    },
    end: () => void emitter.removeAllListeners(),
  }
}
