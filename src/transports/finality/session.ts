/** The side of the session: what it has said of itself, and what it has been told. */
import type { LinkClosed, LinkEvents, LinkFrame } from '../../ports/transport.js'
import type { ClientFrame, Welcome } from '../../protocol/frames.js'
import type { Track } from './path.js'
import type { Memory } from './waiting.js'

type Hello = Extract<ClientFrame, { type: 'hello' }>

/** What all links of one transport know together: those of one user, one after the other. */
export interface Ground extends Memory {
  readonly fast: Track
  readonly final: Track
  /** None before the first greeting. */
  user?: string
  /** Rises with every greeting on either path (R26). */
  link: number
  /** What the final log said of itself last: a session that begins without it is told the same. */
  welcome?: Welcome | undefined
}

export interface Session {
  tell(frame: LinkFrame): void
  /** A path is open. */
  opened(): void
  /** The session greets. What was remembered for another user is forgotten. */
  begin(frame: Hello): void
  /** The greeting of one more link. */
  greeting(): Hello | undefined
  /** Once, and with it what waits. False where it was welcomed in other terms before. */
  welcome(welcome: Welcome): boolean
  /** The paths that are up, if any. */
  name(names: string): void
  end(why: LinkClosed): void
}

export function sessionOf(ground: Ground, to: LinkEvents): Session {
  let hello: Hello | undefined
  let terms: string | undefined
  let via = ''
  let isOpen = false
  let isOver = false
  const tell = (frame: LinkFrame) => isOver || to.frame(frame)

  return {
    tell,
    opened() {
      if (!isOpen) to.opened()
      isOpen = true
    },
    begin(frame) {
      hello = frame
      if (frame.user !== ground.user) {
        ground.waiting.clear()
        ground.over.clear()
        ground.welcome = undefined
      }
      ground.user = frame.user
    },
    greeting() {
      if (!hello) return undefined
      ground.link = Math.max(ground.link + 1, hello.link)
      return { ...hello, link: ground.link }
    },
    welcome(welcome) {
      // What a session goes by for as long as its link lives.
      const { user, limits, features } = welcome
      const theirs = JSON.stringify({ user, limits, features })
      if (terms) return terms === theirs
      // Told of another user the session ends; who asks again may be signed in again.
      if (user !== ground.user) ground.welcome = undefined
      terms = theirs
      tell(welcome)
      for (const { frame } of ground.waiting.values()) tell(frame)
      return true
    },
    name(names) {
      if (names !== via && names) tell({ type: 'via', via: names })
      via = names
    },
    end(why) {
      if (isOver) return
      isOver = true
      queueMicrotask(() => to.closed(why))
    },
  }
}
