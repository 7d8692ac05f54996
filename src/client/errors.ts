/** The one error class. Recognised by a symbol brand, so that two copies of the package agree. */

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

  constructor(code: ChatErrorCode, message: string, options: { retry?: Retry; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ChatError'
    this.code = code
    this.retry = options.retry ?? 'never'
  }
}

/** True for a `ChatError` of any copy of the package. */
export function isChatError(value: unknown): value is ChatError {
  return typeof value === 'object' && value !== null && brand in value
}
