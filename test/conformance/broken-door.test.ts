/** The door for server-sent events with one thing wrong: each is caught by the case that asks for it, and told so in its words. */
import { describe, expect, it } from 'vitest'
import type { ChatServer } from '../../src/server/index.js'
import { backendSuite } from '../../src/testing/index.js'
import { inMemory } from './keepings.js'
import { shipped } from './shipped.js'

type Answer = ChatServer['fetch']
type Spoil = (answer: Answer) => Answer

const isResumed = ({ method, headers }: Request) => method === 'GET' && headers.has('chatloom-link')

/** Another status for one. */
const status =
  (from: number, to: number, which = (_: Request) => true): Spoil =>
  (answer) =>
  async (request) => {
    const { status, headers, body } = await answer(request)
    return new Response(body, { status: status === from && which(request) ? to : status, headers })
  }

const without =
  (header: string): Spoil =>
  (answer) =>
  async (request) => {
    const response = await answer(request)
    response.headers.delete(header)
    return response
  }

/** Another text for each piece of a stream: its beginning, or an event. */
const stream =
  (change: (text: string, n: number) => string): Spoil =>
  (answer) =>
  async (request) => {
    const response = await answer(request)
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response
    let n = 0
    const changed = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, to) => to.enqueue(Buffer.from(change(Buffer.from(bytes).toString(), n++))),
    })
    return new Response(response.body?.pipeThrough(changed) ?? null, response)
  }

/** A stream that goes on is asked for as if nothing had come. */
const fromTheStart: Spoil = (answer) => (request) => {
  if (!isResumed(request)) return answer(request)
  const headers = new Headers(request.headers)
  headers.set('last-event-id', '0')
  return answer(new Request(request.url, { headers, signal: request.signal }))
}

/** A POST waits for the one before. */
const oneByOne: Spoil = (answer) => {
  let before: Promise<unknown> = Promise.resolve()
  return async (request) => {
    if (request.method !== 'POST') return answer(request)
    const waited = before
    const answered = waited.then(() => answer(request))
    before = answered.catch(() => {})
    return answered
  }
}

/** The links are known outside by their number. */
const guessable: Spoil = (answer) => {
  const ids: string[] = []
  const named = stream((text) => text.replace(/(?<="link":")[^"]*/, (id) => `link-${ids.push(id)}`))(answer)
  return (request) => {
    const link = request.headers.get('chatloom-link')
    if (request.method !== 'POST' || link === null) return named(request)
    request.headers.set('chatloom-link', ids[Number(link.replace('link-', '')) - 1] ?? link)
    return answer(request)
  }
}

const goesOn = '§16.5 goes on after the last event, once each and in order, though there was no stream for a while'

const broken: readonly (readonly [fault: string, spoil: Spoil, caughtBy: string, says: RegExp])[] = [
  [
    'a missing token is forbidden',
    status(401, 403),
    '§16.3 answers who shows no token by 401, before a stream',
    /expected {2}the status to be 401\n.*403/,
  ],
  [
    'proxies may hold the stream back',
    without('x-accel-buffering'),
    '§16.4 asks everything between not to keep, change or hold back the stream',
    /X-Accel-Buffering to be no\n/,
  ],
  [
    'proxies may keep the stream',
    without('cache-control'),
    '§16.4 asks everything between not to keep, change or hold back the stream',
    /no-store, no-transform\n/,
  ],
  [
    'nothing fills what proxies hold back',
    stream((text) => text.replace(/^:.*\n/, '')),
    '§16.4 begins with a comment of 2 KiB, and the name of the link',
    /a comment of 2 KiB\n.*0 characters/,
  ],
  [
    'ids can be guessed',
    guessable,
    '§16.4 gives every link an id of its own that nobody guesses',
    /ids of 16 characters and more\n.*\["link-\d","link-\d"\]/,
  ],
  [
    'events are numbered from 0',
    stream((text) => text.replace(/^id: (\d+)/, (_, n) => `id: ${n - 1}`)),
    '§16.4 numbers its texts 1, 2, 3, …',
    /event 1 had the id 0/,
  ],
  [
    'the stream just ends',
    stream((text) => (text.startsWith('event: close') ? '' : text)),
    '§16.4 ends a link by a close event with the code, and the end of the stream',
    /a close event\n.*the stream ended/,
  ],
  ['a stream that broke is over', status(200, 410, isResumed), goesOn, /expected {2}200 and text\/event-stream\n.*410/],
  ['a stream begins anew', fromTheStart, goesOn, /the ids of the events to be/],
  [
    'the first missed event is lost',
    stream((text, n) => (n === 1 && text.includes('"n":4') ? '' : text)),
    goesOn,
    /the ids of the events to be/,
  ],
  ['an event comes twice', stream((text) => (text.includes('"n":4') ? text + text : text)), goesOn, /the ids of the events to be/],
  [
    'a link that is not there is not found',
    status(410, 404),
    '§16.5 answers 410 to who asks for the stream of a link that is over, or never was',
    /the status to be 410\n.*404/,
  ],
  [
    'and neither is one of a POST',
    status(410, 404),
    '§16.6 answers 410 to a POST for a link that is not there',
    /the status to be 410\n.*404/,
  ],
  [
    'a POST that is taken has something to say',
    status(204, 200),
    '§16.2 goes by the token of the request, and asks for none in hello',
    /a POST with hello to be 204\n/,
  ],
  [
    'too long is just unreadable',
    status(413, 400),
    '§16.6 answers 413 to more than 64 KiB, and 410 from then on',
    /the status to be 413\n.*400/,
  ],
  [
    'POSTs wait for each other',
    oneByOne,
    '§16.6 answers 400 at once to a second POST at the same time, and the link is over',
    /an answer to POST\n.*nothing of the kind came/,
  ],
  [
    'pages cannot read when to come back',
    without('access-control-expose-headers'),
    '§16.8 tells pages of other origins what they may send, and lets them read every answer',
    /Expose-Headers: Retry-After/,
  ],
  [
    'pages may not name a link',
    without('access-control-allow-headers'),
    '§16.8 tells pages of other origins what they may send, and lets them read every answer',
    /authorization in Access-Control-Allow-Headers/,
  ],
]

describe.concurrent('a door is caught where', () => {
  it.each(broken)('%s', async (_fault, spoil, caughtBy, says) => {
    const server = await shipped(inMemory(), { door: 'http', spoil })
    try {
      const one = backendSuite({ ...server.options, deadlineMs: 1_000 }).find(({ name }) => name === caughtBy)
      await expect(one?.run()).rejects.toThrow(says)
    } finally {
      await server.close()
    }
  })
})
