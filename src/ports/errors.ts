/** The one error class, and why a call can fail. Recognised by a symbol brand, so that two copies of the package agree. */
import * as limits from '../protocol/limits.js'

export type ChatErrorCode =
  | 'bad-argument'
  | 'content-invalid'
  | 'content-too-large'
  | 'outbox-full'
  | 'conversation-gone'
  | 'unknown-message'
  | 'discarded'
  | 'not-found'
  | 'rejected'
  | 'gave-up'
  | 'uncertain'
  | 'aborted'
  | 'offline'
  | 'closed'
  | 'logged-out'
  | 'storage-failed'
  | 'fault'

/** When the same call may succeed: never, later by itself, or after a new sign-in. */
export type Retry = 'never' | 'later' | 'after-auth'

const brand: unique symbol = Symbol.for('chatloom.error') as never

/** What could not be done (`message`), why (`code`, `cause`) and whether to try again (`retry`). */
export class ChatError extends Error {
  readonly code: ChatErrorCode
  readonly retry: Retry
  readonly [brand] = true

  constructor(code: ChatErrorCode, message: string, { retry = 'never', cause }: { retry?: Retry; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ChatError'
    this.code = code
    this.retry = retry
  }
}

/** True for a `ChatError` of any copy of the package. */
export function isChatError(value: unknown): value is ChatError {
  return (value as Partial<ChatError> | null | undefined)?.[brand] === true
}

/** Why, and what to do, where the same call may succeed later. */
const passing = {
  'outbox-full': 'the outbox is full. Wait until it drains.',
  rejected: 'the server could not answer. Try again later.',
  'gave-up': 'ten tries failed. Retry or discard it.',
  offline: 'there is no connection. Try again online.',
  'storage-failed': 'the disk was not wiped. Try again, or delete the site data.',
}

/** The same, where it will not. What is wrong with an argument, the caller says. */
const final = {
  'content-invalid': 'its content is not plain JSON, too deep or long. See the cause.',
  'content-too-large': `its content is over ${limits.contentBytes} bytes. Send less, or a reference.`,
  'conversation-gone': 'this user is no member. Ask to join.',
  'unknown-message': 'no message has this localId. See the outbox.',
  discarded: 'the message was taken back.',
  uncertain: 'the server may have it. Look, then retry or discard it.',
  'not-found': 'this user cannot see that place.',
  aborted: 'its signal ended it.',
  closed: 'the chat was closed. Make a new one.',
  'logged-out': 'this user has logged out. Make a new chat.',
  fault: 'the chat or a listener threw. See the cause.',
}

/** The error of what could not be done, such as `send`. */
export function chatError(code: ChatErrorCode, what: string, cause?: unknown, why?: string): ChatError {
  const retry = !why && code in passing ? 'later' : code === 'logged-out' ? 'after-auth' : 'never'
  return new ChatError(code, `${what} failed: ${why ?? { ...passing, ...final }[code as keyof typeof final]}`, { retry, cause })
}

/** Throws `bad-argument` where it does not hold. */
export function assertArgument(what: string, holds: unknown, why: string): asserts holds {
  if (!holds) throw chatError('bad-argument', what, undefined, why)
}

/** The error of an own message that failed, by the protocol's code or the core's. */
export function failure(code: string): ChatError {
  if (code === 'gave-up' || code === 'uncertain' || code === 'conversation-gone') return chatError(code, 'send')
  return chatError('rejected', 'send', code, `the server refused it (${code}). Change it, or discard it.`)
}
