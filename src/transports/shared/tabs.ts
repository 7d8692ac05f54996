/** What lets the tabs of one browser find each other: named locks, and channels that every tab hears. Tests hand in their own. */

export interface LockEvents {
  held(): void
  /** Another has taken it by force; or, where it was never held, the browser gives none. */
  lost?(): void
}

export interface Channel {
  /** Told to every other tab that listens, in order. */
  post(message: unknown): void
  close(): void
}

export interface Tabs {
  /** Asks for a lock, `byForce` from whoever holds it; returns what gives it back, or the place in the queue. */
  lock(name: string, to: LockEvents, byForce?: boolean): () => void
  channel(name: string, hear: (message: unknown) => void): Channel
  /** Calls when the browser is about to freeze this page, until the returned function is called. */
  freezing(run: () => void): () => void
}

/** Those of the browser; undefined where it has no locks or no channels. */
export function browserTabs(): Tabs | undefined {
  // There may be neither, and Firefox refuses a channel where it keeps nothing.
  try {
    const { locks } = navigator
    new BroadcastChannel('chatloom').close()
    return (
      locks && {
        lock(name, { held, lost }, byForce = false) {
          const ending = new AbortController()
          const { signal } = ending
          const given = new Promise((back) => signal.addEventListener('abort', back))
          const hold = () => {
            if (signal.aborted) return
            held()
            return given
          }
          locks.request(name, byForce ? { steal: true } : { signal }, hold).catch(() => signal.aborted || lost?.())
          return () => ending.abort()
        },
        channel(name, hear) {
          const channel = new BroadcastChannel(name)
          channel.onmessage = ({ data }) => hear(data)
          return { post: (message) => channel.postMessage(message), close: () => channel.close() }
        },
        freezing(run) {
          const { document }: Partial<typeof globalThis> = globalThis
          document?.addEventListener('freeze', run)
          return () => document?.removeEventListener('freeze', run)
        },
      }
    )
  } catch {
    return undefined
  }
}
