/** What a log says besides its rows: the same in memory, in the answer of `open` and on disk. */
import type { Log } from '../state.js'

type Facts = Pick<Log, 'tag' | 'floor' | 'hidden' | 'profile' | 'members' | 'memberCount'>

export function factsOf({ tag, floor, hidden, profile, members, memberCount }: Facts): Facts {
  return { tag, floor, hidden, profile, members, memberCount }
}

/** As many whole tags from the end of the list as so many characters hold. */
export function newestTags(tags: string, chars: number): string {
  return tags.length > chars ? tags.slice(tags.indexOf('\n', tags.length - chars) + 1) : tags
}
