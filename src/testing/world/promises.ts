/** What the disk of one browser has promised to keep, and what troubles wait for it. */
import type { StorageTroubles } from './mortal.js'

export interface Promises {
  /** Reported `durable`, by local id: the room. */
  readonly promised: Map<string, string>
  /** No longer promised: settled for good. */
  readonly released: Set<string>
  readonly troubles: StorageTroubles
  /** Users who have logged out and not come back since. */
  readonly wiped: ReadonlySet<string>
  /** A logout is under way: rows may leave the disk now. */
  isLeaving(): boolean
  /** Begins a logout; its end says whether the disk was wiped, and whom it has nothing of any more. */
  leaving(): (done: boolean, wiped: string | undefined) => void
  /** Somebody uses the disk again. */
  returned(user: string): void
  /** The browser has given everything up: nothing is promised any more. */
  forgo(): void
}

export function promises(): Promises {
  const promised = new Map<string, string>()
  const released = new Set<string>()
  const wiped = new Set<string>()
  let leaving = 0
  const forgo = () => {
    for (const localId of promised.keys()) released.add(localId)
    promised.clear()
  }
  return {
    promised,
    released,
    troubles: { failLanded: false, blockNext: false },
    wiped,
    isLeaving: () => leaving > 0,
    leaving() {
      leaving += 1
      return (done, user) => {
        leaving -= 1
        if (user !== undefined) wiped.add(user)
        if (done) forgo()
      }
    },
    returned: (user) => void wiped.delete(user),
    forgo,
  }
}
