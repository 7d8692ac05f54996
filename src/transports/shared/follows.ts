/** What the seats of a link follow together, and what the server is asked to: no longer than a seat does, and no more than it allows. */
export interface Follows {
  join(seat: string): void
  leave(seat: string): void
  readonly seats: ReadonlyMap<string, unknown>
  /** Several tabs may follow more than one link can: what was asked for longest ago gives way. The list tells when it moves, and it is asked for again. */
  open(seat: string, conversation: string): void
  unfollow(seat: string, conversation: string): void
}

/** `end` tells the server. */
export function createFollows(limit: () => number | undefined, end: (conversation: string) => void): Follows {
  const seats = new Map<string, Set<string>>()
  /** At the server, the last asked for last. */
  const followed = new Set<string>()

  function drop(conversation: string) {
    if (followed.delete(conversation)) end(conversation)
  }

  /** The server goes on telling what some seat still follows. */
  function release(conversation: string) {
    if (![...seats.values()].some((own) => own.has(conversation))) drop(conversation)
  }

  return {
    seats,
    join(seat) {
      if (!seats.has(seat)) seats.set(seat, new Set())
    },
    leave(seat) {
      const own = seats.get(seat) ?? []
      seats.delete(seat)
      for (const conversation of own) release(conversation)
    },
    open(seat, conversation) {
      seats.get(seat)?.add(conversation)
      const [oldest = ''] = followed
      if (!followed.delete(conversation) && followed.size === limit()) drop(oldest)
      followed.add(conversation)
    },
    unfollow(seat, conversation) {
      seats.get(seat)?.delete(conversation)
      release(conversation)
    },
  }
}
