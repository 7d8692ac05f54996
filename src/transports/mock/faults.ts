/** What the network between a client and the mock server does to frames: one lane per direction of a link, first in first out. */
import type { Clock } from '../../ports/clock.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'

export type AnyFrame = ClientFrame | ServerFrame

/** Picks frames, of both directions. */
export type Which = (frame: AnyFrame) => boolean

/** Faults in force; `accept` sets them all back. */
export interface Faults {
  delayMs: number
  drop?: Which
  duplicate?: Which
  reorder?: Which
}

export interface Lane<Frame extends AnyFrame> {
  pass(frame: Frame): void
  /** Runs in turn, untouched by faults but the delay. */
  then(run: () => void): void
  /** Loses what is under way and ends the timer. */
  stop(): void
}

export function createLane<Frame extends AnyFrame>(faults: Faults, clock: Clock, deliver: (frame: Frame) => void): Lane<Frame> {
  let stopped = false
  let late: Frame | undefined
  let cancel = () => {}
  const queue: { readonly atMs: number; readonly run: () => void }[] = []

  function schedule() {
    const next = queue[0]
    if (!next) return
    if (next.atMs <= clock.now()) queueMicrotask(runNext)
    else cancel = clock.timer(next.atMs, runNext)
  }

  function runNext() {
    if (stopped) return
    queue.shift()?.run()
    schedule()
  }

  function then(run: () => void) {
    queue.push({ atMs: clock.now() + faults.delayMs, run })
    if (queue.length === 1) schedule()
  }

  function pass(frame: Frame) {
    if (stopped || faults.drop?.(frame)) return
    if (!late && faults.reorder?.(frame)) {
      late = frame
      return
    }
    then(() => deliver(frame))
    if (faults.duplicate?.(frame)) then(() => deliver(frame))
    const held = late
    late = undefined
    if (held) then(() => deliver(held))
  }

  function stop() {
    stopped = true
    cancel()
  }

  return { pass, then, stop }
}
