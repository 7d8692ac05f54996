/** What both proxies may be told to stand before. */
import { clock, picker, whole, words } from '../checked.js'

const port = whole(1, 65_535)

export const proxyChecks = {
  target: {
    holds: (value: unknown) => picker.holds(value) || port.holds(value),
    words: 'a port, from 1 to 65535, or a function',
    isNeeded: true,
  },
  host: words,
  port: whole(0, 65_535),
  seed: whole(0),
  clock,
}
