/** The door for server-sent events (docs/protocol.md, §16), from Node: one stream down, one POST at a time up. */
import type { EventSourceMessage } from 'eventsource-parser'
import { closeCodes } from '../protocol/codes.js'
import type { Dialer, Wire, WireEnd, WireEvents } from './dialer.js'
import { askForStream, bearer, isStream, linkIn, readEvents } from './event-stream.js'

/** From the request to the `link` event (§16.7). */
const openingMs = 10_000
/** A POST that is refused says less than the stream: so long its `close` is waited for. */
const closingMs = 1_000

/** Of a refusal before the stream, by status (§16.3). */
const refusals: Readonly<Record<number, number>> = {
  403: closeCodes.forbidden,
  429: closeCodes['rate-limited'],
  503: closeCodes.overloaded,
}
/** Of a POST that ends the link, by status (§16.6). */
const postEnds: Readonly<Record<number, number>> = { 400: closeCodes['bad-frame'], 413: closeCodes['bad-frame'] }

/** Dials `http:` and `https:` addresses, from Node. A link ends with its stream: no other is asked for. */
export function sseDialer(url: string): Dialer {
  return { name: 'server-sent events', events: url, dial: (to, token) => dial(url, to, token) }
}

async function dial(url: string, to: WireEvents, token: string | undefined): Promise<Wire> {
  const abort = new AbortController()
  const late = setTimeout(() => abort.abort(new Error(`no link event came in ${openingMs} ms`)), openingMs)
  let isOver = false
  const end = (told: WireEnd) => {
    if (isOver) return
    isOver = true
    clearTimeout(late)
    abort.abort()
    to.closed(told)
  }
  const response = await askForStream(url, bearer(token), abort.signal).catch((error: unknown) => {
    throw new Error(`${url} cannot be reached: ${reasonOf(error)}`)
  })
  if (!isStream(response)) {
    end(await refusalOf(url, response))
    return { send() {}, close() {} }
  }
  const down = createDown(to, end)
  const ended = readEvents(response, down.hear).then(() => end({ code: undefined, words: 'the stream ended without a close event' }))
  const link = await Promise.race([down.link, ended])
  clearTimeout(late)
  if (link === undefined) throw new Error(`${url} cannot be reached: a stream came, but no link event`)
  return createUp({ url, link, last: down.last, isOver: () => isOver, signal: abort.signal, end, ended })
}

/** The texts of a stream, and how its server ends it. */
function createDown(to: WireEvents, end: (told: WireEnd) => void) {
  let last = 0
  let name = (_: string | undefined) => {}
  const link = new Promise<string | undefined>((resolve) => {
    name = resolve
  })
  function hear({ event, data, id }: EventSourceMessage) {
    if (event === 'link') return name(linkIn(data))
    if (event === 'close') return end({ code: Number(data), words: 'by a close event' })
    if (event !== undefined) return
    last += 1
    if (id === `${last}`) to.text(data)
    else end({ code: undefined, words: `by the client: event ${last} had the id ${id}` })
  }
  return { hear, link, last: () => last }
}

interface UpParts {
  readonly url: string
  readonly link: string
  readonly last: () => number
  readonly isOver: () => boolean
  readonly signal: AbortSignal
  readonly end: (told: WireEnd) => void
  readonly ended: Promise<void>
}

/** One text a POST, each after the answer to the one before. */
function createUp({ url, link, last, isOver, signal, end, ended }: UpParts): Wire {
  let posted: Promise<void> = Promise.resolve()

  async function post(body: string) {
    if (isOver()) return
    const headers = { 'chatloom-link': link, 'last-event-id': `${last()}`, 'content-type': 'application/json' }
    try {
      const { status } = await fetch(url, { method: 'POST', headers, body, signal })
      if (status !== 204) await refused(status)
    } catch (error) {
      end({ code: undefined, words: `a POST failed: ${reasonOf(error)}` })
    }
  }

  async function refused(status: number) {
    const waited = new Promise<void>((resolve) => setTimeout(resolve, closingMs).unref())
    await Promise.race([ended, waited])
    end({ code: postEnds[status], words: `a POST was answered ${status}` })
  }

  return {
    send(text) {
      posted = posted.then(() => post(text))
    },
    close: () => end({ code: undefined, words: 'from here' }),
  }
}

/** Rejects where the answer is none of this door. */
async function refusalOf(url: string, response: Response): Promise<WireEnd> {
  const { status } = response
  const text = await response.text()
  if (status === 401) {
    const refused = codeIn(text)
    const code = refused === 'token-expired' ? closeCodes['token-expired'] : closeCodes.unauthorized
    return { code, words: `by the status 401 ${text}`, refused }
  }
  if (refusals[status] !== undefined) return { code: refusals[status], words: `by the status ${status}` }
  throw new Error(`${url} cannot be reached: it answers ${status} ${response.headers.get('content-type') ?? ''}, not an event stream`)
}

function codeIn(text: string): string | undefined {
  try {
    return String(JSON.parse(text).code)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
