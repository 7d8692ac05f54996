/** What the seats of a link follow together, and what the server is asked to: no longer than a seat does, and no more than it allows. */
export interface Follows {
  join(seat: string): void
  leave(seat: string): void
  seats(): readonly string[]
  has(seat: string): boolean
  /** Several tabs may follow more than one link can: what was asked for longest ago gives way. The list tells when it moves, and it is asked for again. */
  open(seat: string, conversation: string): void
  unfollow(seat: string, conversation: string): void
}

/** `end` tells the server. */
export function createFollows(limit: () => number, end: (conversation: string) => void): Follows {
  const bySeat = new Map<string, Set<string>>()
  /** At the server, the last asked for last. */
  const followed = new Set<string>()

  function drop(conversation: string) {
    if (followed.delete(conversation)) end(conversation)
  }

  /** The server goes on telling what some seat still follows. */
  function release(conversation: string) {
    if (![...bySeat.values()].some((own) => own.has(conversation))) drop(conversation)
  }

  return {
    join(seat) {
      if (!bySeat.has(seat)) bySeat.set(seat, new Set())
    },
    leave(seat) {
      const own = bySeat.get(seat) ?? []
      bySeat.delete(seat)
      for (const conversation of own) release(conversation)
    },
    seats: () => [...bySeat.keys()],
    has: (seat) => bySeat.has(seat),
    open(seat, conversation) {
      bySeat.get(seat)?.add(conversation)
      const [oldest = ''] = followed
      if (!followed.delete(conversation) && followed.size >= limit()) drop(oldest)
      followed.add(conversation)
    },
    unfollow(seat, conversation) {
      bySeat.get(seat)?.delete(conversation)
      release(conversation)
    },
  }
}
