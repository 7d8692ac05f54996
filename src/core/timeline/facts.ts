/** What a log says besides its rows: the same in memory, in the answer of `open` and on disk. */
import type { Log } from '../state.js'

type Facts = Pick<Log, 'tag' | 'floor' | 'hidden' | 'profile' | 'members' | 'memberCount'>

export function factsOf({ tag, floor, hidden, profile, members, memberCount }: Facts): Facts {
  return { tag, floor, hidden, profile, members, memberCount }
}
