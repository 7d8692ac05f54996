/** What the disk of one browser has promised to keep, and what troubles wait for it. */
import type { MortalStorage, StorageTroubles } from './mortal.js'

/** A tab, as far as it wipes the disk. */
interface Leaver {
  readonly storage: Pick<MortalStorage, 'isWiping'>
}

export interface Promises {
  /** Reported `durable`, by local id: the room. */
  readonly promised: Map<string, string>
  /** No longer promised: settled for good. */
  readonly released: Set<string>
  /** Which generation of the disk the tab knew that stored an entry first, by local id. */
  readonly madeIn: Map<string, string>
  readonly troubles: StorageTroubles
  /** Users who have logged out and not come back since. */
  readonly wiped: ReadonlySet<string>
  /** A logout is under way, with `tab` one of its own: rows may leave the disk now. */
  isLeaving(tab?: Leaver): boolean
  leaving(tab: Leaver): void
  /** The logout of a tab has ended. `given`: what it has given back. Returns what is lost. */
  left(tab: Leaver, given: Iterable<string>): readonly (readonly [localId: string, room: string])[]
  /** True: nobody is left to whom the logout of this tab could give back what its wiping takes. */
  died(tab: Leaver): boolean
  /** The disk has nothing of this user any more. */
  wipedOf(user: string): void
  /** Somebody uses the disk again. */
  returned(user: string): void
  /** The browser has given everything up: nothing is promised any more. */
  forgo(): void
}

export function promises(): Promises {
  const promised = new Map<string, string>()
  const released = new Set<string>()
  const wiped = new Set<string>()
  const leaving = new Set<Leaver>()
  const back = new Set<string>()
  const forgo = () => {
    for (const localId of promised.keys()) released.add(localId)
    promised.clear()
    back.clear()
  }
  return {
    promised,
    released,
    madeIn: new Map(),
    troubles: { failLanded: false, blockNext: false },
    wiped,
    isLeaving: (tab) => (tab ? leaving.has(tab) : leaving.size > 0),
    leaving: (tab) => void leaving.add(tab),
    left(tab, given) {
      leaving.delete(tab)
      for (const localId of given) back.add(localId)
      // What another has wiped and was not told of yet, that one gives back.
      if ([...leaving].some(({ storage }) => storage.isWiping())) return []
      const lost = [...promised].filter(([localId]) => !back.has(localId))
      forgo()
      return lost
    },
    died(tab) {
      const isLost = leaving.delete(tab) && tab.storage.isWiping()
      if (isLost) forgo()
      return isLost
    },
    wipedOf: (user) => void wiped.add(user),
    returned: (user) => void wiped.delete(user),
    forgo,
  }
}
