/**
 * A TCP proxy that fails as networks do, for faults of connections and bytes:
 *
 *   const proxy = await tcpProxy({ target: 8080 })
 *   await proxy.set({ latencyMs: 200, sliceBytes: 16 })
 *   await proxy.fired('slice')
 *   await proxy.set()
 *
 * For Node alone; nothing of Node is loaded before it is called. For faults of single texts stand a `frameProxy` behind it.
 */
import type { Server, Socket } from 'node:net'
import { systemClock } from '../../ports/system-clock.js'
import type { Clock } from '../../ports/clock.js'
import { seeded } from '../seeded.js'
import { type Connection, carry, hang } from './connection.js'
import { checkFaults, checkOptions } from '../checked.js'
import { type Counts, createTally } from './control.js'
import { proxyChecks } from './proxy-checks.js'
import { type TcpFaultName, type TcpFaults, tcpFaultChecks, tcpFaultNames } from './tcp-faults.js'

export interface TcpProxyOptions {
  /** The port to pass connections on to. A function is asked at every connection. */
  readonly target: number | (() => number)
  /** Where the target listens. Default `127.0.0.1`. */
  readonly host?: string
  /** The proxy's own port, on 127.0.0.1. Default any free one. */
  readonly port?: number
  /** Of sizes of slices. Default 1. */
  readonly seed?: number
  /** Of latency, bandwidth and idle time. Default the machine's own; tests may hand in a virtual one. */
  readonly clock?: Clock
}

export interface TcpProxy {
  readonly port: number
  /** Puts exactly these faults in force, over standing connections too; none heal all. Resolves when the port is as it should be, rejects when it was taken meanwhile, and with a `TypeError` for a fault that is none. */
  set(faults?: TcpFaults): Promise<void>
  /** Ends every standing connection now, or resets it. Default `close`. */
  cut(how?: 'close' | 'reset'): void
  /** How often each fault has fired, live. */
  readonly counts: Counts<TcpFaultName>
  /** Resolves once a fault has fired `times` times (default 1) since the proxy began. Rejects when the proxy is closed before. Throws `TypeError` for another name. */
  fired(name: TcpFaultName, times?: number): Promise<void>
  /** Ends every connection and timer, and closes the port. Safe to call twice. */
  close(): Promise<void>
}

const loopback = '127.0.0.1'

/** Listens, and passes connections on. Rejects where the port cannot be had, and with a `TypeError` for options that are none. */
export async function tcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  checkOptions<TcpProxyOptions>('tcpProxy', options, proxyChecks)
  const { target, host = loopback, port = 0, seed = 1, clock = systemClock } = options
  const { connect, createServer } = await import('node:net')
  const tally = createTally(tcpFaultNames)
  const connections = new Set<Connection>()
  const roll = seeded(seed)
  let faults: TcpFaults = {}
  let isClosed = false
  const control = { clock, roll, count: tally.count, faults: () => faults }

  function accept(near: Socket) {
    // Who knocked as the port was being closed is reset.
    const fate = faults.connect === 'refuse' ? 'reset' : faults.connect
    if (fate) tally.count(fate)
    const connection =
      fate === undefined
        ? carry(
            control,
            near,
            connect({ host, port: typeof target === 'function' ? target() : target, allowHalfOpen: true, noDelay: true }),
          )
        : hang(near)
    connections.add(connection)
    void connection.gone.then(() => connections.delete(connection))
    if (fate === 'close' || fate === 'reset') connection.end(fate)
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  const door = doorOf(server, port)
  await door.set(true)

  return {
    port: door.port(),
    async set(next = {}) {
      checkFaults(next, tcpFaultChecks)
      if (next.connect === 'refuse' && faults.connect !== 'refuse') tally.count('refuse')
      faults = next
      for (const connection of connections) connection.watch()
      await door.set(!isClosed && next.connect !== 'refuse')
    },
    cut(how = 'close') {
      for (const connection of connections) {
        tally.count('cut')
        connection.end(how)
      }
    },
    counts: tally.counts,
    fired: tally.fired,
    async close() {
      isClosed = true
      tally.close()
      await door.set(false)
      await Promise.all(Array.from(connections, (connection) => connection.destroy()))
    },
  }
}

/** The listening port, opened and closed one after the other; it keeps the number it got first. */
function doorOf(server: Server, wanted: number) {
  let port = wanted
  let turn = Promise.resolve()
  const open = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, loopback, () => {
        server.off('error', reject)
        const address = server.address()
        if (address && typeof address === 'object') port = address.port
        resolve()
      })
    })
  return {
    port: () => port,
    set(isOpen: boolean): Promise<void> {
      const done = turn.then(async () => {
        if (isOpen === server.listening) return
        if (isOpen) await open()
        else server.close()
      })
      turn = done.catch(() => {})
      return done
    },
  }
}
