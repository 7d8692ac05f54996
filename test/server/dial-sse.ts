/** A bare client over server-sent events for server tests, on node:http so that it can stop reading. Waits by events and never by time. */
import { type IncomingMessage, request } from 'node:http'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { hello } from './dial.js'

type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>

export interface SseStream {
  readonly response: IncomingMessage
  readonly events: readonly EventSourceMessage[]
  /** Of all events without a name. */
  readonly frames: readonly ServerFrame[]
  /** Resolves with the code of the closing event, or undefined where there was none. */
  readonly ended: Promise<number | undefined>
  /** The number of the last event. */
  last(): number
  until(holds: () => boolean): Promise<void>
  /** Breaks the connection. */
  destroy(): void
}

export interface SseDialled extends SseStream {
  readonly link: string
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<number>
  send(...frames: ClientFrame[]): Promise<number>
  next<T extends ServerFrame['type']>(type: T, fits?: (frame: FrameOf<T>) => boolean): Promise<FrameOf<T>>
  /** Another stream of the same link. */
  again(lastEventId: number): Promise<SseStream>
}

export const get = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = request(url.replace(/^ws/, 'http'), { headers: { accept: 'text/event-stream', ...headers }, agent: false }, resolve)
    asked.on('error', reject)
    asked.end()
  })

async function sseStream(url: string, headers: Record<string, string>): Promise<SseStream> {
  const response = await get(url, headers)
  if (response.statusCode !== 200) {
    response.destroy()
    throw new Error(`answered ${response.statusCode}`)
  }
  const events: EventSourceMessage[] = []
  const frames: ServerFrame[] = []
  const waits = new Set<() => void>()
  let isOver = false
  const happened = () => {
    for (const check of [...waits]) check()
  }
  const parser = createParser({
    onEvent(event) {
      events.push(event)
      if (event.event !== undefined) return
      const value: unknown = JSON.parse(event.data)
      frames.push(...((Array.isArray(value) ? value : [value]) as ServerFrame[]))
    },
  })
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!holds() && !isOver) return
        waits.delete(check)
        if (holds()) resolve()
        else reject(new Error(`the stream ended; its last event is ${JSON.stringify(events.at(-1))}`))
      }
      waits.add(check)
      check()
    })
  response.setEncoding('utf8')
  response.on('data', (text) => {
    parser.feed(String(text))
    happened()
  })
  response.on('error', () => {})
  const ended = new Promise<number | undefined>((resolve) =>
    response.on('close', () => {
      isOver = true
      happened()
      const closing = events.find(({ event }) => event === 'close')
      resolve(closing && Number(closing.data))
    }),
  )
  const last = () => Number(events.findLast(({ id }) => id !== undefined)?.id ?? 0)
  return { response, events, frames, ended, last, until, destroy: () => response.destroy() }
}

export async function dialSse(url: string, token?: string, headers: Record<string, string> = {}): Promise<SseDialled> {
  const stream = await sseStream(url, { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers })
  await stream.until(() => stream.events.length > 0)
  const { link } = JSON.parse(stream.events[0]!.data) as { link: string }
  let seen = 0
  const post: SseDialled['post'] = async (body, more = {}) => {
    const response = await fetch(url.replace(/^ws/, 'http'), { method: 'POST', headers: { 'chatloom-link': link, ...more }, body })
    await response.text()
    return response.status
  }
  return {
    ...stream,
    link,
    post,
    send: (...sent) => post(JSON.stringify(sent.length === 1 ? sent[0] : sent)),
    async next(type, fits = () => true) {
      let found: FrameOf<typeof type> | undefined
      await stream.until(() => {
        while (!found && seen < stream.frames.length) {
          const frame = stream.frames[seen++]!
          if (frame.type === type && fits(frame as FrameOf<typeof type>)) found = frame as FrameOf<typeof type>
        }
        return found !== undefined
      })
      return found!
    },
    again: (n) => sseStream(url, { 'chatloom-link': link, 'last-event-id': `${n}` }),
  }
}

/** Opens a link and is welcomed. */
export async function enterSse(url: string, user: string, more: Parameters<typeof hello>[1] = {}): Promise<SseDialled> {
  const dialled = await dialSse(url, user)
  await dialled.send(hello(user, { token: undefined, ...more }))
  await dialled.next('welcome')
  return dialled
}
