/**
 * Lanes of the outbox and who lives in them (R16): each instance holds a lock on its own lane while it lives, so that
 * another adopts only what nobody holds. Without locks every stored lane counts as free: the server's idempotency
 * keeps that harmless.
 */
export interface Lanes {
  /** Holds a lane until `release`; false where a living instance has it, and after `release`. */
  claim(lane: string): Promise<boolean>
  release(): void
}

export function lanes(): Lanes {
  const releases: (() => void)[] = []
  const held = new Set<string>()
  let ended = false
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  return {
    claim(lane) {
      if (!locks || held.has(lane)) return Promise.resolve(true)
      return new Promise((resolve) => {
        const granted = (lock: unknown) => {
          const mine = lock !== null && !ended
          if (mine) held.add(lane)
          resolve(mine)
          return mine ? new Promise<void>((release) => releases.push(release)) : undefined
        }
        locks.request(`chatloom:${lane}`, { ifAvailable: true }, granted).catch(() => resolve(true))
      })
    },
    release() {
      ended = true
      for (const release of releases.splice(0)) release()
    },
  }
}
