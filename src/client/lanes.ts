/**
 * Lanes of the outbox and who lives in them (R16): each instance holds a lock on its own lane while it lives, so that
 * another adopts only what nobody holds. Without locks every stored lane counts as free: the server's idempotency
 * keeps that harmless.
 */
export interface Lanes {
  /** Holds a lane until `release`; false where a living instance has it. Asked once for each. */
  claim(lane: string): Promise<boolean>
  release(): void
}

export function lanes(): Lanes {
  const { navigator }: Partial<typeof globalThis> = globalThis
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return {
    async claim(lane) {
      if (!navigator?.locks) return true
      return new Promise((resolve) => {
        const granted = (lock: unknown) => {
          resolve(!!lock)
          return lock ? released : undefined
        }
        navigator.locks.request(`chatloom:${lane}`, { ifAvailable: true }, granted).catch(() => resolve(true))
      })
    },
    release: () => release(),
  }
}
