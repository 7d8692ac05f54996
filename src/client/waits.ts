/** Promises of the application that wait for the core: one place for their signals and for the end of the chat. */
import { type ChatError, type ChatErrorCode, chatError } from './errors.js'

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
  const waiting = new Map<number | string, Set<(error?: ChatError | ChatErrorCode, value?: unknown) => void>>()
  let last = 0
  return {
    wait: <T>(what: string, signal: AbortSignal | undefined, begin: Begin | undefined, key: number | string = ++last) =>
      new Promise<T>((resolve, reject) => {
        const alike = waiting.get(key) ?? new Set()
        let stop: (() => void) | undefined
        let over = false
        const done = (error?: ChatError | ChatErrorCode, value?: unknown) => {
          over = true
          alike.delete(done)
          if (alike.size === 0) waiting.delete(key)
          signal?.removeEventListener('abort', abort)
          stop?.()
          if (!error) resolve(value as T)
          else reject(typeof error === 'string' ? chatError(error, what, signal?.reason) : error)
        }
        const abort = () => done('aborted')
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort)
        waiting.set(key, alike.add(done))
        stop = begin?.(last) as typeof stop
        if (over) stop?.()
      }),
    answer(of, error, value) {
      for (const done of waiting.get(of) ?? []) done(error, value)
    },
    end() {
      for (const alike of waiting.values()) for (const done of alike) done('closed')
    },
  }
}
