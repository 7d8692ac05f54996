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
  /** The next wait for a probe; 0 after a change of the network. */
  waitMs: number
  /** Begins the wait of the present link anew. */
  rest?: (() => void) | undefined
}

export function waysOf(transports: readonly Transport[], silentMs: number, probeMs: number, clock: Clock): Ways {
  const worked = remembered()
  const ways: Ways = {
    transports,
    silentMs,
    probeMs,
    after: (ms, run) => clock.timer(clock.now() + ms, run),
    first: Math.max(
      0,
      transports.findIndex(({ name }) => name === worked),
    ),
    waitMs: probeMs,
  }
  // Another network may let a better way pass. Kept: it comes between two links as well.
  globalThis.addEventListener?.('online', () => {
    ways.waitMs = 0
    ways.rest?.()
  })
  return ways
}

/** This way carries frames: the next link tries it first, in this page and in the next. */
export function carries(ways: Ways, way: number): void {
  if (ways.first !== way) ways.waitMs = ways.probeMs
  ways.first = way
  remembered(ways.transports[way]?.name)
}

const memory = 'chatloom.way'

/** The name of the way that carried last in this browser. Where it keeps nothing, the next page begins with the best way again. */
function remembered(name?: string): string | undefined {
  try {
    if (name) localStorage[memory] = name
    return localStorage[memory]
  } catch {
    return undefined
  }
}
