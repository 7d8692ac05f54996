/** What both proxies share: how often each fault fired, and those who wait for one to fire. */

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down'

export type Counts<Name extends string> = Readonly<Record<Name, number>>

export interface Tally<Name extends string> {
  readonly counts: Counts<Name>
  count(name: Name): void
  /** Resolves once `name` has fired `times` times since the proxy began; rejects when the proxy is closed before. */
  fired(name: Name, times?: number): Promise<void>
  /** Rejects all who wait. */
  close(): void
}

export function createTally<Name extends string>(names: readonly Name[]): Tally<Name> {
  const counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
  const waits = new Set<{ isOver(): boolean; end(): void }>()
  return {
    counts,
    count(name) {
      counts[name] += 1
      for (const wait of waits) if (wait.isOver()) waits.delete(wait)
    },
    fired(name, times = 1) {
      if (!names.includes(name)) throw new TypeError(`No fault is called ${name}. Faults: ${names.join(', ')}.`)
      if (counts[name] >= times) return Promise.resolve()
      return new Promise((resolve, reject) => {
        waits.add({
          isOver() {
            if (counts[name] >= times) resolve()
            return counts[name] >= times
          },
          end: () => reject(new Error(`The proxy was closed before ${name} had fired ${times} times: it fired ${counts[name]} times.`)),
        })
      })
    },
    close() {
      for (const wait of waits) wait.end()
      waits.clear()
    },
  }
}
