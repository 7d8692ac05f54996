/** Is the chat open, closed, logged out or broken, and what its handles may still do. */
import type { Session } from './api.js'
import { ChatError } from './errors.js'

export interface Lifetime {
  /** Throws `closed`, `logged-out` or `fault`; `what` begins the sentence. */
  assertOpen(what: string): void
  /** False where it has ended before. */
  end(why: 'closed' | 'logged-out'): boolean
  fail(error: ChatError): void
  isLoggedOut(): boolean
  /** What the session shows from now on; null while the core says. */
  session(): Session | null
}

const closedSession: Session = { phase: 'closed' }

export function lifetime(): Lifetime {
  let ended: 'closed' | 'logged-out' | null = null
  let faulted: (Session & { readonly phase: 'faulted' }) | null = null
  return {
    assertOpen(what) {
      if (ended === 'logged-out') throw new ChatError('logged-out', `${what}: this user has logged out.`, { retry: 'after-auth' })
      if (ended) throw new ChatError('closed', `${what}: the chat was closed. Make a new one.`)
      if (faulted) throw new ChatError('fault', `${what}: the chat has failed. Make a new one.`, { cause: faulted.error })
    },
    end(why) {
      if (ended) return false
      ended = why
      return true
    },
    fail(error) {
      faulted = { phase: 'faulted', error }
    },
    isLoggedOut: () => ended === 'logged-out',
    session: () => faulted ?? (ended ? closedSession : null),
  }
}
