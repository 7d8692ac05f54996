/** Calls of the application that wait for an answer of the core. */
import { ChatError, type ChatErrorCode } from './errors.js'

export interface Calls {
  /** `what` begins the sentence of its error. Rejects `aborted` when the signal ends the wait. */
  start(what: string, signal: AbortSignal | undefined, run: (call: number) => void): Promise<void>
  answer(call: number, code: string | undefined): void
  /** The chat ends: everything that still waits rejects `closed`. */
  end(): void
}

const sentences: { readonly [code: string]: readonly [ChatErrorCode, string, 'never' | 'later'] } = {
  offline: ['offline', 'there is no connection. Try again when online.', 'later'],
  'not-found': ['not-found', 'it is outside of what this user can see.', 'never'],
  'conversation-gone': ['conversation-gone', 'this user is not a member of the conversation.', 'never'],
  rejected: ['rejected', 'the server could not answer. Try again later.', 'later'],
  closed: ['closed', 'the chat was closed.', 'never'],
}

interface Waiting {
  readonly what: string
  readonly resolve: () => void
  readonly reject: (error: ChatError) => void
  readonly done: () => void
}

export function calls(): Calls {
  const waiting = new Map<number, Waiting>()
  let last = 0
  const answer = (call: number, code: string | undefined) => {
    const found = waiting.get(call)
    if (!found) return
    waiting.delete(call)
    found.done()
    if (code === undefined) return found.resolve()
    const [errorCode, why, retry] = sentences[code] ?? (sentences.rejected as NonNullable<(typeof sentences)[string]>)
    found.reject(new ChatError(errorCode, `${found.what}: ${why}`, { retry }))
  }
  return {
    start(what, signal, run) {
      return new Promise((resolve, reject) => {
        const call = ++last
        const abort = () => {
          waiting.delete(call)
          reject(aborted(what, signal))
        }
        if (signal?.aborted) return abort()
        signal?.addEventListener('abort', abort, { once: true })
        waiting.set(call, { what, resolve, reject, done: () => signal?.removeEventListener('abort', abort) })
        run(call)
      })
    },
    answer,
    end() {
      for (const call of [...waiting.keys()]) answer(call, 'closed')
    },
  }
}

export function aborted(what: string, signal: AbortSignal | undefined): ChatError {
  return new ChatError('aborted', `${what}: the call was aborted by its signal.`, { cause: signal?.reason })
}
