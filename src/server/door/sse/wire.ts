/** The way down of a link over server-sent events: one stream at a time, numbered events, and for a while none at all (docs/protocol.md, §16). */
import { type CloseCode, closeCodes } from '../../../protocol/codes.js'
import * as limits from '../../../protocol/limits.js'
import type { Encoder } from '../encode.js'
import { type Kept, after, keep, nothingKept } from './kept.js'
import type { Pipe } from '../visitor.js'

export interface SseWire {
  readonly id: string
  readonly kept: Kept
  /** Of the stream that stands; undefined while there is none. */
  controller: ReadableStreamDefaultController<Uint8Array> | undefined
  /** Runs while there is no stream. */
  grace: ReturnType<typeof setTimeout> | undefined
  /** A POST is being read. */
  isReading: boolean
  /** Called once the link is over. */
  readonly over: () => void
}

/** For so long a link waits for its next stream. */
const graceMs = 10_000
/** How long the last event of a stream may take to leave before the stream is cut. */
const closingMs = 5_000
/** Some proxies hold back the first kilobytes. */
const padding = `:${' '.repeat(2_046)}\n`

export function newWire(id: string, over: () => void): SseWire {
  return { id, kept: nothingKept(), controller: undefined, grace: undefined, isReading: false, over }
}

/** The stream that goes on after event `n`; it ends the one before it. Undefined: not all that comes after `n` is kept. */
export function nextStream(wire: SseWire, n: number, expired: () => void, drained: () => void): ReadableStream<Uint8Array> | undefined {
  const missed = after(wire.kept, n)
  if (missed === undefined) return undefined
  clearTimeout(wire.grace)
  wire.controller?.close()
  let own: ReadableStreamDefaultController<Uint8Array>
  return new ReadableStream(
    {
      start(controller) {
        own = controller
        wire.controller = controller
        controller.enqueue(bytes(`${padding}event: link\ndata: ${JSON.stringify({ link: wire.id })}\n\n`))
        for (const [i, text] of missed.entries()) controller.enqueue(eventOf(n + 1 + i, text))
      },
      pull: drained,
      cancel() {
        if (wire.controller !== own) return
        wire.controller = undefined
        wire.grace = setTimeout(expired, graceMs)
        wire.grace.unref()
      },
    },
    { highWaterMark: 0, size: (chunk) => chunk.byteLength },
  )
}

/** Keeps proxies from taking a quiet stream for dead. */
export function beat({ controller }: SseWire): void {
  controller?.enqueue(bytes(':\n\n'))
}

export function ssePipe(encoder: Encoder): Pipe<SseWire> {
  return {
    window: limits.window,
    waiting,
    write(wire, frames, shared, most) {
      for (const text of encoder.texts(frames, shared)) {
        const n = keep(wire.kept, text)
        const event = eventOf(n, text)
        const waits = waiting(wire)
        if (waits > 0 && waits + event.length > most) return false
        wire.controller?.enqueue(event)
      }
      return true
    },
    close: (wire, code) => finish(release(wire), code),
    cut: (wire) => release(wire)?.error(new Error('The stream was cut: too much of it waited unread.')),
  }
}

/** The link is over; returns what its stream was written with. */
function release(wire: SseWire): SseWire['controller'] {
  const { controller } = wire
  wire.controller = undefined
  clearTimeout(wire.grace)
  wire.over()
  return controller
}

function finish(controller: SseWire['controller'], code: CloseCode): void {
  if (!controller) return
  controller.enqueue(bytes(`event: close\ndata: ${closeCodes[code]}\n\n`))
  controller.close()
  setTimeout(() => controller.error(new Error('The stream was cut: its end was not read.')), closingMs).unref()
}

const waiting = ({ controller }: SseWire) => -(controller?.desiredSize ?? 0)
const eventOf = (n: number, text: string) => bytes(`id: ${n}\ndata: ${text}\n\n`)
const bytes = (text: string): Uint8Array => Buffer.from(text)
