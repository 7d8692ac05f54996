/** What both proxies may be told to stand before. */
import { type Checks, clock, picker, whole, words } from '../checked.js'
import type { TcpProxyOptions } from './tcp-proxy.js'

const port = whole(1, 65_535)

export const proxyChecks: Checks<TcpProxyOptions> = {
  target: { holds: (value) => picker.holds(value) || port.holds(value), words: 'a port, from 1 to 65535, or a function', isNeeded: true },
  host: words,
  port: whole(0, 65_535),
  seed: whole(0),
  clock,
}
