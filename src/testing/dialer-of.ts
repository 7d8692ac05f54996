/** The door that an address leads to. */
import type { Dialer } from './dialer.js'
import { sseDialer } from './sse-dialer.js'
import { webSocketDialer } from './websocket-dialer.js'

/** Throws a `TypeError` where no door has such addresses. */
export function dialerOf(url: string): Dialer {
  if (/^wss?:\/\//.test(url)) return webSocketDialer(url)
  if (/^https?:\/\//.test(url)) return sseDialer(url)
  throw new TypeError(`The address must begin with ws://, wss://, http:// or https://, but is ${url}.`)
}
