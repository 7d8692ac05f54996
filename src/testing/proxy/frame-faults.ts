/** What a frame proxy can do to texts and answers. */
import { above0, type Check, flag, oneOf, picker, share } from '../checked.js'
import type { Direction } from './control.js'

/** Faults in force at the same time. A share is a number from 0 (none) to 1 (every text), drawn from the seed. */
export interface FrameFaults {
  /** Which way texts are spoiled. Default both. */
  readonly direction?: Direction
  /** Which carrier suffers, the other is left alone. Default both. */
  readonly over?: 'websocket' | 'http'
  /** Picks the texts that may be spoiled. Default all. */
  readonly which?: (text: string, direction: Direction) => boolean
  /** The share of texts that vanish. A POST that vanishes is never answered: its connection is ended. */
  readonly drop?: number
  /** The share of texts that come twice, one right behind the other. A POST is answered as its first copy was. */
  readonly duplicate?: number
  /** The share of texts that come behind the one that follows, or 100 ms later where none does. */
  readonly reorder?: number
  /** The share of texts in which one character becomes U+0000: no JSON any more. */
  readonly corrupt?: number
  /** The body of an HTTP answer is held back until so many bytes have come, or it ends; `Infinity` holds it to its end. Whether an answer is buffered is decided when it begins. */
  readonly bufferBytes?: number
  /** Every new request and WebSocket handshake is answered with status 200 and a page of HTML, as by the login page of a hotel. */
  readonly portal?: boolean
}

export const frameFaultChecks: { readonly [Name in keyof FrameFaults]-?: Check } = {
  direction: oneOf('up', 'down'),
  over: oneOf('websocket', 'http'),
  which: picker,
  drop: share,
  duplicate: share,
  reorder: share,
  corrupt: share,
  bufferBytes: above0,
  portal: flag,
}

export const frameFaultNames = ['drop', 'duplicate', 'reorder', 'corrupt', 'inject', 'buffer', 'portal', 'cut'] as const

/** What is counted. Texts: `drop`, `duplicate`, `reorder`, `corrupt`, `inject`. Answers: `buffer`, `portal`. Links: `cut`. */
export type FrameFaultName = (typeof frameFaultNames)[number]
