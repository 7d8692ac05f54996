/** The way down: one event stream; when it breaks, once more from where it broke (docs/protocol.md, §16.5). */
import type { LinkClosed } from '../../ports/transport.js'
import { bandOf, closeCodeName } from '../../protocol/codes.js'
import { sentenceOf } from '../asked.js'
import { refusalOf } from './answers.js'
import { readEvents, type StreamEvent } from './events.js'

export interface DownlinkEvents {
  /** The server has named the link: it stands. Once. */
  opened(link: string): void
  text(text: string): void
  ended(why: LinkClosed): void
}

export interface Downlink {
  /** Resolves when no stream will be asked for any more; `ended` was told. */
  run(): Promise<void>
  /** The number of the last event. */
  last(): number
  /** Nothing more is told, no timer is left. */
  close(): void
}

const heldBack: LinkClosed = {
  band: 'retry',
  code: 'buffered',
  reason:
    'Something between here and the server holds the stream back. Let the proxy pass text/event-stream unbuffered, or use another transport.',
}

/** The first stream must have begun within the timeout from now, each later one within it from when it is asked for. */
export function createDownlink(get: () => Promise<Response>, timeoutMs: number, to: DownlinkEvents): Downlink {
  let phase: 'opening' | 'open' | 'closed' = 'opening'
  let isAnswered = false
  /** Something came since the stream was asked for, so that it may be asked for again. */
  let isFresh = false
  let last = 0
  const isOver = () => phase === 'closed'
  const late = () => to.ended(isAnswered ? heldBack : { band: 'retry', code: 'timeout' })
  const unreadable = (reason: string) => to.ended({ band: 'retry', code: 'bad-frame', reason })
  let deadline = setTimeout(late, timeoutMs)

  async function run() {
    await stream()
    while (isFresh && !isOver()) {
      deadline = setTimeout(late, timeoutMs)
      await stream()
    }
    to.ended({ band: 'retry', code: 'network' })
  }

  async function stream() {
    isFresh = false
    isAnswered = false
    // What an application hands in as `fetch` may answer with anything.
    try {
      const response = await get()
      const refusal = await refusalOf(response)
      if (refusal) return to.ended(refusal)
      isAnswered = true
      const fault = await readEvents(response.body as ReadableStream<Uint8Array>, hear, isOver)
      if (fault !== undefined) unreadable(fault)
    } catch (error) {
      to.ended({ band: 'retry', code: 'network', reason: `No stream came: ${sentenceOf(error)}.` })
    }
  }

  function hear({ event, data, id }: StreamEvent) {
    if (isOver()) return
    if (event === 'link') return named(data)
    if (event === 'close') return to.ended({ band: bandOf(Number(data)), code: closeCodeName(Number(data)) })
    // Of a newer server.
    if (event !== undefined) return
    last += 1
    if (phase !== 'open' || Number(id) !== last) return unreadable(`event ${last} is missing`)
    isFresh = true
    to.text(data)
  }

  /** Every stream begins so; the first one makes the link. */
  function named(data: string) {
    clearTimeout(deadline)
    if (phase === 'open') return
    const link = linkIn(data)
    if (link === undefined) return unreadable('the link has no name')
    phase = 'open'
    isFresh = true
    to.opened(link)
  }

  return {
    run,
    last: () => last,
    close() {
      phase = 'closed'
      clearTimeout(deadline)
    },
  }
}

function linkIn(data: string): string | undefined {
  try {
    const { link } = JSON.parse(data)
    return typeof link === 'string' ? link : undefined
  } catch {
    return undefined
  }
}
