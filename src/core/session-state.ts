/** The session's arms; `session.ts` has the machine. */
import type { ServerLimits } from '../protocol/frames.js'

export interface Tries {
  /** Links tried since the last good one. */
  readonly attempt: number
  /** Refusals of the token in a row. */
  readonly refreshes: number
}

export type SessionState =
  | { readonly phase: 'idle' }
  | ({ readonly phase: 'connecting'; readonly link: number; readonly deadlineMs: number } & Tries)
  | ({
      readonly phase: 'online'
      readonly link: number
      readonly sinceMs: number
      readonly limits: ServerLimits
      readonly features: readonly string[]
      readonly heartbeatMs: number
      readonly pingAtMs: number
      /** Some frame must come before this; never while no ping is out. */
      readonly pongByMs: number
      /** Server clock minus device clock, for what is shown. */
      readonly skewMs: number
    } & Tries)
  | ({
      readonly phase: 'waiting'
      readonly link: number
      readonly untilMs: number
      readonly sinceMs: number
      readonly why: string
      readonly hintMs: number
    } & Tries)
  | { readonly phase: 'refused'; readonly link: number; readonly code: string }
  | { readonly phase: 'closed' }

export const idle: SessionState = { phase: 'idle' }
