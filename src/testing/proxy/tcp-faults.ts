/** What a TCP proxy can do to connections and their bytes. */
import { above0, type Check, flag, oneOf } from '../checked.js'
import type { Direction } from './control.js'

/** Faults in force at the same time. Numbers are above 0. */
export interface TcpFaults {
  /**
   * What a new connection meets: nobody listens; it is accepted and never answered; it is accepted and ended; it is accepted
   * and reset. Its fate is decided when it is made. Default: it is passed on.
   */
  readonly connect?: 'refuse' | 'hang' | 'close' | 'reset'
  /** Which way the faults below work; `idleMs` looks at both. Default both. */
  readonly direction?: Direction
  /** Bytes vanish, and so does the end of a connection: one side believes in it when the other is gone. What has lost bytes once carries none that way any more. */
  readonly halfOpen?: boolean
  /** Everything is on its way this long, in milliseconds. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
  /** Bytes come in pieces of 1 to so many, drawn from the seed, each in a write of its own. */
  readonly sliceBytes?: number
  /** So many bytes after the fault began a connection is ended, in the middle of whatever they were. */
  readonly truncateBytes?: number
  /** A connection that has carried nothing for so long, in milliseconds, is ended. */
  readonly idleMs?: number
}

export const tcpFaultChecks: { readonly [Name in keyof TcpFaults]-?: Check } = {
  connect: oneOf('refuse', 'hang', 'close', 'reset'),
  direction: oneOf('up', 'down'),
  halfOpen: flag,
  latencyMs: above0,
  bytesPerSecond: above0,
  sliceBytes: above0,
  truncateBytes: above0,
  idleMs: above0,
}

export const tcpFaultNames = [
  'refuse',
  'hang',
  'close',
  'reset',
  'halfOpen',
  'latency',
  'bandwidth',
  'slice',
  'truncate',
  'idle',
  'cut',
] as const

/**
 * What is counted. Connections: `hang`, `close`, `reset`, `truncate`, `idle`, `cut`. Pieces of bytes: `halfOpen` (ends that vanish too),
 * `latency`, `bandwidth`, `slice`. `refuse`: how often the port was closed, because nobody hears who knocks there.
 */
export type TcpFaultName = (typeof tcpFaultNames)[number]
