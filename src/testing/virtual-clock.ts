/**
 * Owns time in tests: it stands still until told to move, and chance comes from a seed (L12).
 * Timers run in the order of (due time, creation); a timer made by a running timer waits its turn among the rest.
 */
import type { Clock } from '../ports/clock.js'
import { seeded } from './seeded.js'

export interface VirtualClockOptions {
  /** Of `roll()`. Default 1. */
  readonly seed?: number
  /** What `now()` says at first, in milliseconds. Default 0. */
  readonly startMs?: number
}

export interface VirtualClock extends Clock {
  /** Moves time forward, running what falls due on the way, each at its own time; `advance(0)` runs what is due already. */
  advance(ms: number): void
  /** Jumps to the earliest timer and runs it; false when there is none. */
  runNext(): boolean
  /** How many timers wait. */
  pending(): number
}

/** `wall()` at `now() === 0`: any fixed instant serves, as long as it never depends on the day of the run. */
const wallStartMs = Date.UTC(2025, 0, 1)

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

/** A clock that only tests move. Throws `RangeError` for a step that is negative or not a number. */
export function virtualClock({ seed = 1, startMs = 0 }: VirtualClockOptions = {}): VirtualClock {
  const timers: Timer[] = []
  let nowMs = startMs

  const insert = (timer: Timer) => {
    let at = timers.length
    while (at > 0 && (timers[at - 1] as Timer).atMs > timer.atMs) at--
    timers.splice(at, 0, timer)
  }

  const runNext = () => {
    const timer = timers.shift()
    if (!timer) return false
    nowMs = Math.max(nowMs, timer.atMs)
    timer.run()
    return true
  }

  return {
    now: () => nowMs,
    wall: () => wallStartMs + nowMs,
    roll: seeded(seed),
    timer(atMs, run) {
      if (Number.isNaN(atMs)) throw new RangeError('A timer cannot be set: its time is not a number. Pass milliseconds of now().')
      const timer: Timer = { atMs, run }
      insert(timer)
      return () => {
        const at = timers.indexOf(timer)
        if (at >= 0) timers.splice(at, 1)
      }
    },
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`The clock cannot advance by ${ms} ms: time only rises. Pass zero or more.`)
      const untilMs = nowMs + ms
      while (timers[0] && timers[0].atMs <= untilMs) runNext()
      nowMs = Math.max(nowMs, untilMs)
    },
    runNext,
    pending: () => timers.length,
  }
}
