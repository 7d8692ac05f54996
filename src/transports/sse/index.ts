/**
 * The transport over server-sent events (docs/protocol.md, §16): one event stream down, POSTs up, the token in a header. Whatever goes
 * wrong ends in `closed`, once, with a band. Beyond the one stream that goes on from where another broke, the session's retry is the only one.
 */
import type { Link, LinkClosed, LinkEvents, Transport } from '../../ports/transport.js'
import { decodeServerFrames } from '../../protocol/codec.js'
import { ask, sentenceOf } from '../asked.js'
import { createDownlink } from './downlink.js'
import { createUplink } from './uplink.js'

export interface SseTransportOptions {
  /** `http:` or `https:`; in a page it may be relative. A function is asked at every open. */
  readonly url: string | URL | (() => string | URL | Promise<string | URL>)
  /** Sent as `Authorization: Bearer …`. A function is asked at every open, so that it can refresh. Default none. */
  readonly token?: string | (() => string | Promise<string>)
  /** Default the global one. It must give a body piece by piece, while it comes. */
  readonly fetch?: typeof fetch
  /** From asking for URL and token to the first event, in milliseconds; a stream that goes on where one broke has as long again. Default 10,000. */
  readonly connectTimeoutMs?: number
}

/** Carries frames over server-sent events and POST. Does no I/O until opened; never throws; each end of a link carries its band. */
export function sseTransport(options: SseTransportOptions): Transport {
  return { name: 'sse', open: (to) => openLink(options, to) }
}

function openLink(options: SseTransportOptions, to: LinkEvents): Link {
  const { connectTimeoutMs = 10_000, fetch = globalThis.fetch } = options
  let phase: 'opening' | 'open' | 'closed' = 'opening'
  let url: string | URL = ''
  const headers: Record<string, string> = {}
  const abort = new AbortController()
  const isOpen = () => phase === 'open'
  const get = () => request({ cache: 'no-store' }, { accept: 'text/event-stream' })
  const downlink = createDownlink(get, connectTimeoutMs, { opened, text: receive, ended: end })
  // No `cache` here: with it Chromium asks the server of another origin for leave before every POST.
  const uplink = createUplink((body) => request({ method: 'POST', body }, { 'content-type': 'application/json' }), end)

  function end(why: LinkClosed) {
    if (phase === 'closed') return
    phase = 'closed'
    downlink.close()
    uplink.close()
    abort.abort()
    // Never inside the caller's call: an owner hears of the end after `open` or `close` has returned.
    queueMicrotask(() => to.closed(why))
  }

  /** Each tells how far the events have come: a stream goes on from there, and the server lets go of what is before. */
  async function request(init: RequestInit, own: Record<string, string>): Promise<Response> {
    if (isOpen()) headers['last-event-id'] = `${downlink.last()}`
    return fetch(url, { ...init, headers: { ...headers, ...own }, signal: abort.signal })
  }

  function opened(link: string) {
    headers['chatloom-link'] = link
    phase = 'open'
    to.opened()
  }

  function receive(text: string) {
    const decoded = decodeServerFrames(text)
    if (!decoded.ok) return end({ band: 'retry', code: 'bad-frame', reason: decoded.reason })
    for (const frame of decoded.frames) {
      // The owner may have closed the link in answer to the frame before.
      if (isOpen()) to.frame(frame)
    }
  }

  async function start() {
    try {
      const [address, token] = await Promise.all([ask(options.url), ask(options.token)])
      if (token !== undefined) headers.authorization = `Bearer ${token}`
      url = address
    } catch (error) {
      return end({
        band: 'retry',
        code: 'no-credentials',
        reason: `No link was opened: no url or token. ${sentenceOf(error)}`,
      })
    }
    if (phase === 'closed') return
    if (isHttp(url)) return downlink.run()
    end({ band: 'terminal', code: 'bad-url', reason: `No link was opened: "${url}" is no http or https address. Check the url.` })
  }

  void start()
  return {
    send(frame) {
      if (isOpen()) uplink.send(frame)
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}

/** Asked before, because `fetch` fails alike on an address that is none and on a network that is gone. */
function isHttp(url: string | URL): boolean {
  try {
    return /^https?:$/.test(new URL(url, globalThis.location?.href).protocol)
  } catch {
    return false
  }
}
