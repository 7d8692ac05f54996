/** Promises of the application that wait for the core: one place for their signals and for the end of the chat. */
import { EventEmitter } from 'eventemitter3'
import { type ChatError, type ChatErrorCode, chatError } from '../ports/errors.js'

/** Begins what `answer` ends by this number. The function it returns, if any, runs when the wait is over, whatever ends it. */
export type Begin = ((call: number) => void) | ((call: number) => () => void)

export interface Waits {
  /**
   * Waits for the answer to a call that is begun here, or for what becomes of a localId. Rejects `aborted` by its signal.
   * `what` begins the sentence of its error.
   */
  wait<T = void>(what: string, signal: AbortSignal | undefined, begin: Begin | undefined, localId?: string): Promise<T>
  /** Ends every wait of this call or localId. Without an error it went well. */
  answer(of: number | string, error?: ChatError | ChatErrorCode, value?: unknown): void
  /** The chat ends: everything that still waits rejects `closed`. */
  end(): void
}

export function waits(): Waits {
  const waiting = new EventEmitter()
  let last = 0
  let open = 0
  // Called for every message sent, and seldom does somebody wait.
  const answer: Waits['answer'] = (of, error, value) => void (open && waiting.emit(`${of}`, error, value))
  return {
    wait: <T>(what: string, signal: AbortSignal | undefined, begin: Begin | undefined, localId?: string) =>
      new Promise<T>((resolve, reject) => {
        const call = ++last
        const of = localId ?? `${call}`
        let stop: (() => void) | undefined
        let over = false
        const done = (error?: ChatError | ChatErrorCode, value?: unknown) => {
          over = true
          open -= 1
          waiting.off(of, done)
          signal?.removeEventListener('abort', abort)
          stop?.()
          if (!error) resolve(value as T)
          else reject(typeof error === 'string' ? chatError(error, what, signal?.reason) : error)
        }
        const abort = () => done('aborted')
        open += 1
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort)
        waiting.on(of, done)
        stop = begin?.(call) as typeof stop
        if (over) stop?.()
      }),
    answer,
    end() {
      for (const of of waiting.eventNames()) answer(of as string, 'closed')
    },
  }
}
