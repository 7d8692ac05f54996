/** One proxied TCP connection: a wire each way, and an end that is heard at both. */
import type { Socket } from 'node:net'
import { type Control, wire } from './wire.js'

export interface Connection {
  /** Looks at the faults again that need a timer. */
  watch(): void
  end(how: 'close' | 'reset'): void
  /** Ends it without another word; resolves when both sockets are gone. */
  destroy(): Promise<void>
  /** Resolves when both sockets are gone. */
  readonly gone: Promise<void>
}

/** A connection that nobody answers: what it says is read and forgotten. */
export function hang(near: Socket): Connection {
  near.on('end', () => near.end())
  near.resume()
  return connectionOf([near], () => {})
}

/** A connection to `far`, under the faults in force at each moment. */
export function carry(control: Control, near: Socket, far: Socket): Connection {
  const { clock, count, faults } = control
  let heardAtMs = clock.now()
  let cancelIdle = () => {}
  const heard = () => {
    heardAtMs = clock.now()
  }
  const end = (how: 'close' | 'reset') => connection.end(how)
  const stops = [
    wire({ ...control, from: near, to: far, direction: 'up', heard, end }),
    wire({ ...control, from: far, to: near, direction: 'down', heard, end }),
  ]

  function watch() {
    cancelIdle()
    const { idleMs } = faults()
    if (idleMs === undefined || (near.destroyed && far.destroyed)) return
    cancelIdle = clock.timer(heardAtMs + idleMs, () => {
      if (clock.now() < heardAtMs + idleMs) return watch()
      count('idle')
      connection.end('close')
    })
  }

  const connection = connectionOf(
    [near, far],
    () => {
      cancelIdle()
      for (const stop of stops) stop()
    },
    watch,
  )
  watch()
  return connection
}

function connectionOf(sockets: readonly Socket[], stop: () => void, watch = () => {}): Connection {
  const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))
  // A socket that fails says so again as it closes.
  for (const socket of sockets) socket.on('error', () => {})
  const gone = Promise.all(sockets.map(closed)).then(stop)
  return {
    gone,
    watch,
    end(how) {
      stop()
      for (const socket of sockets) how === 'reset' ? socket.resetAndDestroy() : socket.destroySoon()
    },
    destroy() {
      stop()
      for (const socket of sockets) socket.destroy()
      return gone
    },
  }
}
