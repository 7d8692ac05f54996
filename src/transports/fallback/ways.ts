/** What all links of one fallback know together: its ways, the best first, and which of them carried last. */
import type { Clock } from '../../ports/clock.js'
import type { Transport } from '../../ports/transport.js'

export interface Ways {
  readonly transports: readonly Transport[]
  readonly silentMs: number
  /** The first wait for a probe. */
  readonly probeMs: number
  readonly after: (ms: number, run: () => void) => () => void
  /** The way that the next link tries first. */
  first: number
  /** As many have opened since one carried. */
  tries: number
  /** The next wait for a probe; 0 after what may have been a change of the network. */
  waitMs: number
  /** This way carries frames: the next link tries it first, in this page and in the next. */
  carries(way: number): void
}

export function waysOf(transports: readonly Transport[], silentMs: number, probeMs: number, clock: Clock, name: string): Ways {
  const memory = `chatloom.way:${name}`

  /** The name of the way that carried last in this browser. Where it keeps nothing, the next page begins with the best way again. */
  function remembered(way?: string): string | undefined {
    try {
      if (way) localStorage[memory] = way
      return localStorage[memory]
    } catch {
      return undefined
    }
  }

  const names: readonly (string | undefined)[] = transports.map(({ name }) => name)
  const ways: Ways = {
    transports,
    silentMs,
    probeMs,
    after: (ms, run) => clock.timer(clock.now() + ms, run),
    // None is remembered, or no longer one of them: the best.
    first: Math.max(0, names.indexOf(remembered())),
    tries: 0,
    waitMs: probeMs,
    carries(way) {
      ways.tries = 0
      if (ways.first !== way) ways.waitMs = probeMs
      ways.first = way
      remembered(names[way])
    },
  }
  return ways
}
