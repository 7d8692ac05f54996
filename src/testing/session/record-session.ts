/** Writes down what a transport carries, for a report of a bug or for a test that plays it again. */
import { systemClock } from '../../ports/system-clock.js'
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkEvents, Transport } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import { above0, clock as aClock, transport as aTransport, checkOptions, checkValue } from '../checked.js'
import { head } from './lines.js'

export interface RecordSessionOptions {
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
  /** How many characters are kept; then nothing more is recorded, and a last line says so. Default 8 Mi. */
  readonly maxChars?: number
}

export interface RecordedSession extends Transport {
  /** So far, as JSON lines without their ends. They hold what users wrote, and no token. */
  readonly lines: readonly string[]
}

/** Carries what `transport` carries, as it is, and records it. Throws `TypeError` for a transport or an option that is none. */
export function recordSession(transport: Transport, options: RecordSessionOptions = {}): RecordedSession {
  checkValue('recordSession', 'what it records', transport, aTransport)
  checkOptions<RecordSessionOptions>('recordSession', options, { clock: aClock, maxChars: above0 })
  const { clock = systemClock, maxChars = 8 * 1024 * 1024 } = options
  const { name } = transport
  const lines = [JSON.stringify(head(name))]
  const startMs = clock.now()
  let room = maxChars
  let links = 0

  const note = (link: number, event: string, more?: object) => {
    if (room < 0) return
    const place = { ms: Math.round(clock.now() - startMs), link, event }
    const text = textOf({ ...place, ...more }) ?? textOf(place) ?? ''
    room -= text.length
    lines.push(room < 0 ? `${textOf({ ...place, event: 'full' })}` : text)
  }

  return {
    name,
    lines,
    open(to) {
      links += 1
      const link = links
      note(link, 'open')
      return recorded(transport, to, (event, more) => note(link, event, more))
    },
  }
}

function recorded(transport: Transport, to: LinkEvents, note: (event: string, more?: object) => void): Link {
  const link = transport.open({
    ...to,
    opened() {
      note('opened')
      to.opened()
    },
    frame(frame) {
      note('down', { frame })
      to.frame(frame)
    },
    closed(why) {
      note('closed', { why })
      to.closed(why)
    },
  })
  return {
    send(frame) {
      note('up', { frame: withoutToken(frame) })
      link.send(frame)
    },
    close() {
      note('close')
      link.close()
    },
  }
}

function withoutToken(frame: ClientFrame): ClientFrame {
  return frame.type === 'hello' ? { ...frame, token: undefined } : frame
}

/** Undefined: it is not JSON. */
function textOf(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
