/**
 * Lanes of the outbox and who lives in them (R16): each instance holds a lock on its own lane while it lives, so that
 * another adopts only what nobody holds. Without locks every stored lane counts as free: the server's idempotency
 * keeps that harmless.
 */
export interface Lanes {
  /** Do locks say whose instance lives? */
  readonly locks?: boolean
  /**
   * Holds a lane until `release`, and calls `had` once it does: before this resolves, or when the living instance that has it is gone: a page
   * that reloads lives for a moment beside its successor. Asked again for the same, nothing more is called.
   */
  claim(lane: string, had?: () => void): Promise<void>
  release(): void
}

export function lanes(): Lanes {
  const { navigator }: Partial<typeof globalThis> = globalThis
  const locks = navigator?.locks
  const end = new AbortController()
  const { signal } = end
  const released = new Promise((resolve) => signal.addEventListener('abort', resolve))
  return {
    locks: !!locks,
    claim: (lane, had) =>
      new Promise((resolve) => {
        /** Also where locks are refused; what waits at the end is refused too. */
        const free = () => {
          if (!signal.aborted) had?.()
          resolve()
        }
        const request = (options: LockOptions): unknown =>
          locks
            ?.request(`chatloom:${lane}`, options, (lock) => {
              if (lock) free()
              else request({ signal })
              resolve()
              return lock && released
            })
            .catch(free)
        if (!request({ ifAvailable: true })) free()
      }),
    release: () => end.abort(),
  }
}
