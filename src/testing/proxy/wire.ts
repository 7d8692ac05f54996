/** One direction of a proxied TCP connection: bytes in, and what the faults of this direction leave of them out. */
import type { Socket } from 'node:net'
import type { Clock } from '../../ports/clock.js'
import type { Direction } from './control.js'
import { createLine } from './line.js'
import type { TcpFaultName, TcpFaults } from './tcp-faults.js'

export interface Control {
  readonly clock: Clock
  readonly roll: () => number
  readonly faults: () => TcpFaults
  readonly count: (name: TcpFaultName) => void
}

export interface WireParts extends Control {
  readonly from: Socket
  readonly to: Socket
  readonly direction: Direction
  readonly heard: () => void
  readonly end: (how: 'close' | 'reset') => void
}

/** Unsent bytes above which nothing more is read. */
const mostWaiting = 1024 * 1024

/** Carries bytes one way; returns its end. */
export function wire({ direction, ...all }: WireParts): () => void {
  const { from, to, heard, end, clock, count } = all
  const parts = { ...all, faults: () => meant(all.faults(), direction) }
  const line = createLine(clock)
  const dueAt = createPace(parts)
  const allowance = createAllowance(parts)
  let isDead = false
  let isTruncated = false
  let waiting = 0

  /** True where what comes now vanishes. */
  function vanishes() {
    isDead ||= parts.faults().halfOpen === true
    if (isDead) count('halfOpen')
    return isDead
  }

  function put(piece: Buffer, isSlice: boolean) {
    waiting += piece.length
    if (waiting > mostWaiting) from.pause()
    line.put(dueAt(piece.length), async () => {
      if (to.destroyed) from.resetAndDestroy()
      else await new Promise<void>((done) => to.write(piece, () => (isSlice ? setImmediate(done) : done())))
      waiting -= piece.length
      if (waiting <= mostWaiting) from.resume()
    })
  }

  from.on('data', (chunk: Buffer) => {
    heard()
    if (isTruncated || vanishes()) return
    const room = allowance(chunk.length)
    const pieces = sliced(chunk.subarray(0, room), parts)
    for (const piece of pieces ?? [chunk.subarray(0, room)]) put(piece, pieces !== undefined)
    if (room === undefined) return
    isTruncated = true
    line.put(0, () => {
      count('truncate')
      end('close')
    })
  })
  from.on('end', () => {
    if (!isTruncated && !vanishes()) line.put(dueAt(0), () => void to.end())
  })
  from.on('close', (isError) => {
    if (isError && !vanishes()) to.resetAndDestroy()
  })
  return line.stop
}

const meant = (faults: TcpFaults, direction: Direction): TcpFaults => ((faults.direction ?? direction) === direction ? faults : {})

/** Tells when so many bytes have arrived, if they leave now. */
function createPace({ clock, count, faults }: Control): (bytes: number) => number {
  let freeAtMs = 0
  return (bytes) => {
    const { latencyMs = 0, bytesPerSecond } = faults()
    const nowMs = clock.now()
    if (latencyMs > 0) count('latency')
    if (bytesPerSecond !== undefined) {
      freeAtMs = Math.max(freeAtMs, nowMs) + (bytes / bytesPerSecond) * 1_000
      count('bandwidth')
    }
    return Math.max(freeAtMs, nowMs) + latencyMs
  }
}

/** Tells how many of the next bytes may pass where these are the last; undefined where they are not. */
function createAllowance({ faults }: Control): (bytes: number) => number | undefined {
  let since: number | undefined
  let left = 0
  return (bytes) => {
    const { truncateBytes } = faults()
    if (truncateBytes !== since) left = truncateBytes ?? 0
    since = truncateBytes
    if (truncateBytes === undefined) return undefined
    const room = left
    left -= bytes
    return left <= 0 ? room : undefined
  }
}

/** Pieces of drawn sizes; undefined where nothing is sliced. */
function sliced(chunk: Buffer, { faults, roll, count }: Control): readonly Buffer[] | undefined {
  const { sliceBytes } = faults()
  if (sliceBytes === undefined) return undefined
  const pieces: Buffer[] = []
  for (let at = 0; at < chunk.length; ) {
    const to = at + 1 + Math.floor(roll() * sliceBytes)
    pieces.push(chunk.subarray(at, to))
    at = to
    count('slice')
  }
  return pieces
}
