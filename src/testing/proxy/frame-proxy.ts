/**
 * A proxy that ends WebSocket and HTTP itself, and so can lose, double, disorder, damage and invent single texts:
 *
 *   const proxy = await frameProxy({ target: 8080 })
 *   await proxy.set({ direction: 'down', drop: 0.3 })
 *   await proxy.fired('drop')
 *
 * A text is one WebSocket message, the body of one POST, or the data of one event of an event stream. All else passes as it is. For Node
 * alone; nothing of Node is loaded before it is called. For faults of connections and bytes put a `tcpProxy` before or behind it.
 */
import { systemClock } from '../../ports/system-clock.js'
import type { Clock } from '../../ports/clock.js'
import { seeded } from '../seeded.js'
import { checkFaults, checkOptions } from '../checked.js'
import { proxyChecks } from './proxy-checks.js'
import { type Counts, createTally, type Direction } from './control.js'
import { type FrameFaultName, type FrameFaults, frameFaultChecks, frameFaultNames } from './frame-faults.js'
import { httpDoor } from './http-door.js'
import type { Ends, Inject } from './link-ends.js'
import { socketDoor } from './socket-door.js'

export interface FrameProxyOptions {
  /** The port to pass on to. A function is asked at every connection. */
  readonly target: number | (() => number)
  /** Where the target listens. Default `127.0.0.1`. */
  readonly host?: string
  /** The proxy's own port, on 127.0.0.1. Default any free one. */
  readonly port?: number
  /** Of shares and of what is damaged. Default 1. */
  readonly seed?: number
  /** Of the 100 ms of `reorder`. Default the machine's own; tests may hand in a virtual one. */
  readonly clock?: Clock
}

export interface FrameProxy {
  readonly port: number
  /** Puts exactly these faults in force, over standing links too; none heal all. Throws `TypeError` for a fault that is none. */
  set(faults?: FrameFaults): void
  /** Says a text of its own on every standing WebSocket, and as an event on every standing event stream; `up` reaches WebSockets alone. Default `down`. */
  inject(text: string, direction?: Direction): void
  /** Breaks every standing WebSocket and HTTP exchange without a word. */
  cut(): void
  /** How often each fault has fired, live. */
  readonly counts: Counts<FrameFaultName>
  /** Resolves once a fault has fired `times` times (default 1) since the proxy began. Rejects when the proxy is closed before. Throws `TypeError` for another name. */
  fired(name: FrameFaultName, times?: number): Promise<void>
  /** Ends every link and timer, and closes the port. Safe to call twice. */
  close(): Promise<void>
}

const loopback = '127.0.0.1'

/** Listens, and passes texts on. Rejects where the port cannot be had, and with a `TypeError` for options that are none. */
export async function frameProxy(options: FrameProxyOptions): Promise<FrameProxy> {
  checkOptions<FrameProxyOptions>('frameProxy', options, proxyChecks)
  const { target, host = loopback, port = 0, seed = 1, clock = systemClock } = options
  const [http, ws] = await Promise.all([import('node:http'), import('ws')])
  const tally = createTally(frameFaultNames)
  const ends: Ends = new Set()
  const injects = new Set<Inject>()
  let faults: FrameFaults = {}
  const control = { clock, roll: seeded(seed), faults: () => faults, count: tally.count }
  const far = () => ({ host, port: typeof target === 'function' ? target() : target })
  const server = http.createServer(httpDoor(http, { control, ends, injects, far }))
  server.on('upgrade', socketDoor(ws, { control, ends, injects, far }))
  const address = await new Promise<ReturnType<typeof server.address>>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, loopback, () => resolve(server.address()))
  })

  const endAll = (each = () => {}) => {
    for (const end of [...ends]) {
      each()
      end()
    }
  }
  return {
    port: (address as { port: number }).port,
    set(next = {}) {
      checkFaults(next, frameFaultChecks)
      faults = next
    },
    inject(text, direction = 'down') {
      for (const inject of injects) if (inject(text, direction)) tally.count('inject')
    },
    cut: () => endAll(() => tally.count('cut')),
    counts: tally.counts,
    fired: tally.fired,
    async close() {
      tally.close()
      endAll()
      if (!server.listening) return
      const closed = new Promise((resolve) => server.once('close', resolve))
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
