/** The session's arms; `session.ts` has the machine. `dueMs`: when something is to be done by the clock. */
import type { ServerLimits } from '../protocol/frames.js'

export interface Tries {
  /** Links tried since the last good one. */
  readonly attempt: number
  /** Refusals of the token in a row. */
  readonly refreshes: number
}

export interface Linked extends Tries {
  readonly link: number
  /** The way that the transport has taken, where it has several. */
  readonly via: string
}

export type SessionState =
  | { readonly phase: 'idle'; readonly link: 0 }
  | ({ readonly phase: 'connecting'; readonly dueMs: number } & Linked)
  | ({
      readonly phase: 'online'
      readonly sinceMs: number
      readonly limits: ServerLimits
      readonly features: readonly string[]
      readonly heartbeatMs: number
      /** When the next ping goes; while one is out, some frame must come before this. */
      readonly dueMs: number
      readonly isPingOut: boolean
      /** Server clock minus device clock, for what is shown. */
      readonly skewMs: number
    } & Linked)
  | ({
      readonly phase: 'waiting'
      readonly link: number
      readonly dueMs: number
      readonly sinceMs: number
      readonly why: string
      /** The server's hint: nothing hurries past it. */
      readonly hintMs: number
    } & Tries)
  | { readonly phase: 'refused'; readonly link: number; readonly code: string }
  | { readonly phase: 'closed'; readonly link?: undefined }

export const idle: SessionState = { phase: 'idle', link: 0 }
