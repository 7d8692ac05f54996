/**
 * A recorded session as text: one JSON object a line, first what it is, then what happened (docs/testing.md). Whoever reads one has it
 * from somebody else, so every line is checked before anything is played.
 */
import type { LinkClosed, LinkFrame } from '../../ports/transport.js'
import { decodeServerFrames } from '../../protocol/codec.js'
import { closeCodes, bandOf, type CloseBand } from '../../protocol/codes.js'
import { type Fields, type Is, isCount, isFields, isId, isTag, isTime, maybe, recordOf } from '../../protocol/guards.js'
import * as limits from '../../protocol/limits.js'
import { isBounded, parseText } from '../../protocol/walk.js'

/** What the player has to know of a frame that a client sent. */
export interface SentFrame {
  readonly type: string
  readonly conversation?: string
  readonly request?: number
  readonly localId?: string
  readonly user?: string
}

interface Place {
  /** Milliseconds since the recording began. */
  readonly ms: number
  /** Which link, counted from 1. */
  readonly link: number
}

export type SessionEvent =
  | { readonly event: 'opened' }
  | { readonly event: 'up'; readonly frame: SentFrame }
  | { readonly event: 'down'; readonly frame: LinkFrame }
  | { readonly event: 'closed'; readonly why: LinkClosed }
  /** The client began or gave up this link; or the recorder had no more room. */
  | { readonly event: 'open' | 'close' | 'full' }

export type Happened = Place & SessionEvent
/** `text`: the line it was read from. */
export type Step = Happened & { readonly text: string }

export const head = (transport: string) => ({ chatloom: 'session', version: 1, transport })

/** Room for what stands around a frame. */
const lineChars = limits.serverFrameBytes + 1_024
/** Levels above a frame. */
const lineDepth = limits.jsonDepth + 1

/** Throws a `TypeError` that names the first line that cannot be played. */
export function readLines(lines: readonly string[]): readonly Step[] {
  const steps: Step[] = []
  let begun = false
  for (const [i, text] of lines.entries()) {
    if (text.trim() === '') continue
    const fields = fieldsIn(text)
    if (!fields) throw unplayable(i, 'is no JSON object within the limits of a frame')
    if (!begun && !(fields.chatloom === 'session' && fields.version === 1))
      throw unplayable(i, 'does not say that a session of version 1 follows')
    const step = begun ? readStep(fields, text) : undefined
    if (begun && !step)
      throw unplayable(i, `is no ${typeof fields.event === 'string' ? `"${fields.event.slice(0, 32)}"` : 'event'} of a session`)
    begun = true
    if (step) steps.push(step)
  }
  if (!begun) throw unplayable(0, 'is missing')
  return steps
}

const unplayable = (i: number, why: string) =>
  new TypeError(`playSession: line ${i + 1} ${why}. Pass the lines of recordSession() as they are.`)

function fieldsIn(text: string): Fields | undefined {
  const parsed = parseText(text, lineChars)
  return parsed.ok && isFields(parsed.value) && isBounded(parsed.value, lineDepth) ? parsed.value : undefined
}

function readStep({ ms, link, event, frame, why }: Fields, text: string): Step | undefined {
  if (!isTime(ms) || !isCount(link)) return undefined
  const place = { ms, link, text }
  switch (event) {
    case 'opened':
    case 'open':
    case 'close':
    case 'full':
      return { ...place, event }
    case 'up':
      return isSent(frame) ? { ...place, event, frame } : undefined
    case 'down': {
      const read = readFrame(frame)
      return read && { ...place, event, frame: read }
    }
    case 'closed':
      return isEnd(why) ? { ...place, event, why } : undefined
    default:
      return undefined
  }
}

const isText: Is<string> = (value): value is string => typeof value === 'string'
const isSent = recordOf<SentFrame>({
  type: isText,
  conversation: maybe(isId),
  request: maybe(isCount),
  localId: maybe(isId),
  user: maybe(isId),
})

const bands = new Set<unknown>(Object.values(closeCodes).map(bandOf))
const isBand: Is<CloseBand> = (value): value is CloseBand => bands.has(value)
const isEnd = recordOf<LinkClosed>({ band: isBand, code: isTag, retryAfterMs: maybe(isTime), reason: maybe(isText) })

/** Frames of combinators, which are never on a wire. */
const own: Readonly<Record<string, Is<unknown>>> = {
  via: recordOf({ via: isTag }),
  provisional: recordOf({ conversation: isId, author: isId, localId: isId, at: isTime }),
  withdrawn: recordOf({ conversation: isId, author: isId, localId: isId }),
}

function readFrame(frame: unknown): LinkFrame | undefined {
  const isOwn = isFields(frame) && isText(frame.type) && Object.hasOwn(own, frame.type) ? own[frame.type] : undefined
  if (isOwn) return isOwn(frame) ? (frame as LinkFrame) : undefined
  if (!isFields(frame)) return undefined
  const decoded = decodeServerFrames(JSON.stringify(frame))
  return decoded.ok ? decoded.frames[0] : undefined
}
