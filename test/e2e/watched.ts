/** What a page asks of its browser, counted; and when its link was welcomed. */
import type { Transport } from '../../src/ports/transport.js'

export const watched = {
  /** Commits of the cache, and those of them that another tab was ahead of. */
  cacheCommits: 0,
  conflicts: 0,
  /** When a link was welcomed, by the wall clock. */
  welcomes: [] as number[],
  /** Rises while the page is awake. */
  beats: 0,
}
const waiting = new Set<() => void>()

/** Resolves with the moment of the first welcome since `sinceMs`. */
export async function welcomedSince(sinceMs: number): Promise<number> {
  for (;;) {
    const found = watched.welcomes.find((atMs) => atMs >= sinceMs)
    if (found !== undefined) return found
    await new Promise<void>((heard) => waiting.add(heard))
  }
}

export function watchLinks(transport: Transport): Transport {
  return {
    ...transport,
    open: (to) =>
      transport.open({
        ...to,
        frame(frame) {
          if (frame.type === 'welcome') {
            watched.welcomes.push(Date.now())
            for (const heard of waiting) heard()
            waiting.clear()
          }
          to.frame(frame)
        },
      }),
  }
}

/** The console outlives the page. */
function watchSteals() {
  const { locks } = navigator
  const request = locks.request.bind(locks) as (name: string, options: LockOptions, run: LockGrantedCallback<unknown>) => Promise<unknown>
  locks.request = ((name: string, options: LockOptions, run: LockGrantedCallback<unknown>) => {
    if (options.steal) console.log(`steal ${Date.now()}`)
    return request(name, options, run)
  }) as LockManager['request']
}

function watchDisk() {
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    const made = transaction.call(this, stores, mode, options)
    if (mode === 'readwrite' && options?.durability === 'relaxed') {
      watched.cacheCommits += 1
      made.addEventListener('abort', () => {
        watched.conflicts += 1
      })
    }
    return made
  }
}

export function watchBrowser() {
  watchSteals()
  watchDisk()
  setInterval(() => {
    watched.beats += 1
  }, 100)
}
