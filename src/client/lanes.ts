/**
 * Lanes of the outbox and who lives in them (R16): each instance holds a lock on its own lane while it lives, so that
 * another adopts only what nobody holds. Without locks every stored lane counts as free: the server's idempotency
 * keeps that harmless.
 */
export interface Lanes {
  /**
   * Holds a lane until `release`; false where a living instance has it, and then, once that one is gone, the lane is held and `freed`
   * called: a page that reloads lives for a moment beside its successor. Asked once for each.
   */
  claim(lane: string, freed?: () => void): Promise<boolean>
  release(): void
}

export function lanes(): Lanes {
  const { navigator }: Partial<typeof globalThis> = globalThis
  const end = new AbortController()
  const { signal } = end
  const released = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  return {
    claim: (lane, freed) =>
      new Promise((resolve) => {
        const locks = navigator?.locks
        if (!locks) return resolve(true)
        /** Holds the lock, if it is had, until the end. */
        const request = (options: LockOptions, then: (had: boolean) => void) =>
          locks.request(`chatloom:${lane}`, options, (lock) => {
            then(!!lock)
            return lock && released
          })
        const first = (had: boolean) => {
          resolve(had)
          if (!had && freed) request({ signal }, freed).catch(() => {})
        }
        request({ ifAvailable: true }, first).catch(() => resolve(true))
      }),
    release: () => end.abort(),
  }
}
