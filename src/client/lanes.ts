/**
 * Lanes of the outbox and who lives in them (R16): each instance holds a lock on its own lane while it lives, so that
 * another adopts only what nobody holds. Without locks every stored lane counts as free: the server's idempotency
 * keeps that harmless.
 */
export interface Lanes {
  /** Holds a lane until `release`; false where a living instance has it. */
  claim(lane: string): Promise<boolean>
  release(): void
}

export function lanes(): Lanes {
  const releases: (() => void)[] = []
  const held = new Set<string>()
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  return {
    claim(lane) {
      if (!locks || held.has(lane)) return Promise.resolve(true)
      return new Promise((resolve) => {
        const granted = (lock: unknown) => {
          if (lock !== null) held.add(lane)
          resolve(lock !== null)
          return lock === null ? undefined : new Promise<void>((release) => releases.push(release))
        }
        locks.request(`chatloom:${lane}`, { ifAvailable: true }, granted).catch(() => resolve(true))
      })
    },
    release() {
      for (const release of releases.splice(0)) release()
    },
  }
}
