/** Who waits for a message to be sent. */
import { settledRow } from '../core/select.js'
import type { ChatState } from '../core/state.js'
import type { MessageRow } from '../protocol/frames.js'
import type { Message } from './api.js'
import { aborted } from './calls.js'
import { ChatError } from './errors.js'
import { failure } from './failure.js'

export interface SettledWaits<C> {
  wait(localId: string, signal: AbortSignal | undefined): Promise<Message<C>>
  sent(localId: string, message: Message<C>): void
  failed(localId: string, error: ChatError): void
  end(): void
}

interface Wait<C> {
  readonly resolve: (message: Message<C>) => void
  readonly reject: (error: ChatError) => void
}

const what = 'Waiting for the message ended'

export function settledWaits<C>(state: () => ChatState, toShown: (row: MessageRow) => Message<C>): SettledWaits<C> {
  const waits = new Map<string, Set<Wait<C>>>()
  const take = (localId: string) => {
    const found = waits.get(localId) ?? new Set<Wait<C>>()
    waits.delete(localId)
    return found
  }
  return {
    wait(localId, signal) {
      const known = settledRow(state(), localId)
      if (known.kind === 'row') return Promise.resolve(toShown(known.row))
      if (known.kind === 'failed') return Promise.reject(failure(known.code))
      if (known.kind === 'unknown') {
        return Promise.reject(new ChatError('unknown-message', `${what}: no message has this localId here. Use the one that send() gave.`))
      }
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(aborted(what, signal))
        const abort = () => {
          waits.get(localId)?.delete(wait)
          reject(aborted(what, signal))
        }
        const done = () => signal?.removeEventListener('abort', abort)
        const wait: Wait<C> = {
          resolve: (message) => {
            done()
            resolve(message)
          },
          reject: (error) => {
            done()
            reject(error)
          },
        }
        signal?.addEventListener('abort', abort, { once: true })
        waits.set(localId, (waits.get(localId) ?? new Set()).add(wait))
      })
    },
    sent(localId, message) {
      for (const wait of take(localId)) wait.resolve(message)
    },
    failed(localId, error) {
      for (const wait of take(localId)) wait.reject(error)
    },
    end() {
      const error = new ChatError('closed', `${what}: the chat was closed.`)
      for (const localId of [...waits.keys()]) for (const wait of take(localId)) wait.reject(error)
    },
  }
}
