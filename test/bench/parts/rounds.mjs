/** Interleaved rounds: every contender once per round, in turn, so that a busy machine disturbs all of them alike. */

/** The middle of the values; of an even number the lower of both. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1]
}

/** Runs the contenders `rounds` times after `warmUp` rounds that do not count; gives the median of what each returned. */
export async function interleaved(contenders, { rounds, warmUp = 2 }) {
  const names = Object.keys(contenders)
  const results = new Map(names.map((name) => [name, []]))
  for (let round = -warmUp; round < rounds; round++) {
    // Every other round runs backwards: nobody is always the one after the garbage of the same neighbour. A forced collection in
    // between would throw away hidden classes, and with them compiled code, that no living page ever loses.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const value = await contenders[name]()
      if (round >= 0) results.get(name).push(value)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(results.get(name))]))
}

/** A turn of the event loop: timers and commits get their chance. */
export const turn = () => new Promise((resolve) => setImmediate(resolve))

/**
 * Starts a watch; calling it gives the ms of CPU time that this process has used since, collector and compiler included. On a machine
 * with other work a long run loses the processor more often than a short one, and time on the wall would say so.
 */
export function cpuWatch() {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1_000
  }
}
