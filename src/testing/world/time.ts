/** The world's time: a virtual clock that is moved timer by timer, with every microtask done before the next. */
import { type VirtualClock, virtualClock } from '../virtual-clock.js'

export interface Time {
  readonly clock: VirtualClock
  /** Something happened that others will answer in a later microtask. */
  beat(): void
  /** Runs microtasks until nothing happens any more. */
  quiet(): Promise<void>
  /** Lets so much time pass, quiet after every timer. */
  pass(ms: number): Promise<void>
  /** Runs `run` after so many milliseconds; 0: in a microtask. */
  later(ms: number, run: () => void): void
}

/** More microtask turns than any chain of promises of the product takes without a beat. */
const productTurns = 14
/** Each turn is a `then` of this one: costs less in Node than `queueMicrotask`, and makes less than `await`. */
const done = Promise.resolve()
/** Timers in one pass beyond which a world is said to run in a circle. */
const mostTimers = 20_000

/** `turns`: more microtask turns than any chain of promises takes without a beat. */
export function timeOf(seed: number, turns = productTurns): Time {
  const clock = virtualClock({ seed })
  let beats = 0

  const quiet = () =>
    new Promise<void>((resolve) => {
      let before = beats
      let left = turns
      const turn = () => {
        left -= 1
        if (left === 0) {
          if (before === beats) return resolve()
          before = beats
          left = turns
        }
        void done.then(turn)
      }
      void done.then(turn)
    })

  const runUntil = async (untilMs: number): Promise<number> => {
    let reached = false
    let ran = 0
    clock.timer(untilMs, () => {
      reached = true
    })
    while (true) {
      clock.runNext()
      if (reached) return ran
      ran += 1
      if (ran > mostTimers) throw new Error(`More than ${mostTimers} timers ran before ${untilMs} ms: something goes in a circle.`)
      await quiet()
    }
  }

  return {
    clock,
    beat() {
      beats += 1
    },
    quiet,
    async pass(ms) {
      const untilMs = clock.now() + ms
      await quiet()
      // Quiet after the last timer.
      while ((await runUntil(untilMs)) > 0);
    },
    later(ms, run) {
      beats += 1
      if (ms === 0) void done.then(run)
      else clock.timer(clock.now() + ms, run)
    },
  }
}

/** One of its own for each who waits: a promise that all share would keep every one of them in memory. */
export const never = (): Promise<never> => new Promise(() => {})
