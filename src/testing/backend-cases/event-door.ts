/** The door for server-sent events as §16 has it: single requests, and streams that a case breaks and takes up again. */
import type { EventSourceMessage } from 'eventsource-parser'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { Dialer } from '../dialer.js'
import { askForStream, isStream, linkIn, readEvents } from '../event-stream.js'
import type { Trace } from './guest.js'
import { brief, check, UnmetError } from './unmet.js'

type Head = Record<string, string>

export interface EventStream {
  readonly headers: Headers
  /** Of the `link` event. */
  readonly link: string
  readonly comments: readonly string[]
  readonly events: readonly EventSourceMessage[]
  /** The frames of the events without a name. */
  frames(): readonly ServerFrame[]
  /** The number of the last event. */
  last(): string
  /** Resolves when it holds; fails by the deadline and at the end of the stream. */
  until(expected: string, holds: () => boolean): Promise<void>
  /** Resolves when the server has ended it. */
  ended(expected: string): Promise<void>
  /** Breaks it from here. */
  break(): void
}

export interface EventDoor {
  /** The answer to one request that is no stream. */
  ask(method: string, headers: Head, body?: BodyInit): Promise<Response>
  /** A stream has to come. */
  stream(headers: Head): Promise<EventStream>
  /** The status of a POST for a link. */
  post(link: string, body: string | ClientFrame | object, headers?: Head): Promise<number>
}

interface DoorParts {
  readonly dialer: Dialer
  readonly deadlineMs: number
  readonly trace: Trace
}

/** What a case leaves open is broken off by `clear`. */
export function eventDoor({ dialer, deadlineMs, trace }: DoorParts): { events: EventDoor; clear(): void } {
  const url = dialer.events ?? ''
  const abort = new AbortController()
  const { signal } = abort

  /** What it resolves with, unless the deadline is first. */
  async function within<T>(expected: string, asked: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new UnmetError(expected, `nothing of the kind came in ${deadlineMs} ms`)), deadlineMs)
    })
    return Promise.race([asked, late]).finally(() => clearTimeout(timer))
  }

  async function ask(method: string, headers: Head, body?: BodyInit) {
    trace.said = `${method} ${brief(headers)} ${typeof body === 'string' ? body : ''}`
    // Demanded for a body that still comes, and not yet known to the types.
    const init = { method, headers, body: body ?? null, signal, duplex: 'half' }
    return within(`an answer to ${method}`, fetch(url, init))
  }

  async function stream(headers: Head): Promise<EventStream> {
    trace.said = `GET ${brief(headers)}`
    const own = new AbortController()
    const stop = () => own.abort()
    signal.addEventListener('abort', stop)
    const response = await within('a stream', askForStream(url, headers, own.signal))
    check(isStream(response), '200 and text/event-stream', `${response.status} ${response.headers.get('content-type')}`)
    const opened = watch(response, within, stop)
    await opened.until('an event named link', () => opened.events.length > 0)
    const [first] = opened.events
    const link = linkIn(first?.data ?? '')
    check(first?.event === 'link' && link !== undefined, 'the first event to be link with { "link": id }', first)
    return { ...opened, headers: response.headers, link }
  }

  return {
    events: {
      ask,
      stream,
      async post(link, body, headers = {}) {
        const text = typeof body === 'string' ? body : JSON.stringify(body)
        const response = await ask('POST', { 'chatloom-link': link, 'content-type': 'application/json', ...headers }, text)
        await response.body?.cancel()
        return response.status
      },
    },
    clear: () => abort.abort(),
  }
}

type Within = <T>(expected: string, asked: Promise<T>) => Promise<T>

function watch(response: Response, within: Within, stop: () => void): Omit<EventStream, 'headers' | 'link'> {
  const events: EventSourceMessage[] = []
  const comments: string[] = []
  const waits = new Set<() => void>()
  let isOver = false
  const wake = () => {
    for (const wait of [...waits]) wait()
  }
  const hear = (event: EventSourceMessage) => {
    events.push(event)
    wake()
  }
  const over = readEvents(response, hear, (comment) => comments.push(comment)).then(() => {
    isOver = true
    wake()
  })
  const until = (expected: string, holds: () => boolean) => {
    const came = new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!holds() && !isOver) return
        waits.delete(look)
        if (holds()) resolve()
        else reject(new UnmetError(expected, `the stream ended; its last event was ${brief(events.at(-1))}`))
      }
      waits.add(look)
      look()
    })
    return within(expected, came)
  }
  const texts = () => events.filter(({ event }) => event === undefined)
  return {
    comments,
    events,
    frames: () => texts().flatMap(({ data }) => JSON.parse(data) as ServerFrame | ServerFrame[]),
    last: () => texts().at(-1)?.id ?? '0',
    until,
    ended: (expected) => within(expected, over),
    break: stop,
  }
}
