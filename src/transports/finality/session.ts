/** The side of the session: what it has said of itself, and what it has been told. */
import type { Clock } from '../../ports/clock.js'
import type { LinkClosed, LinkEvents, LinkFrame } from '../../ports/transport.js'
import type { ClientFrame, Welcome } from '../../protocol/frames.js'
import type { Track } from './path.js'
import type { Memory } from './waiting.js'

type Hello = Extract<ClientFrame, { type: 'hello' }>

/** What all links of one transport know together: those of one user, one after the other. */
export interface Ground extends Memory {
  readonly fast: Track
  readonly final: Track
  readonly withdrawMs: number
  readonly clock: Clock
  user: string
  /** Rises with every greeting on either path (R26). */
  greetings: number
  /** What the final log said of itself last: a session that begins without it is told the same. */
  terms?: Welcome
}

export interface Session {
  tell(frame: LinkFrame): void
  /** A path is open. */
  opened(): void
  /** The session greets. What was remembered for another user is forgotten. */
  begin(frame: Hello): void
  /** The greeting of one more link. */
  greeting(): Hello | undefined
  /** False where it was welcomed before. */
  welcome(welcome: Welcome): boolean
  /** Was it welcomed in other terms? */
  wasToldOther(welcome: Welcome): boolean
  /** The paths that are up, if any. */
  name(names: string): void
  end(why: LinkClosed): void
}

export function sessionOf(ground: Ground, to: LinkEvents): Session {
  let hello: Hello | undefined
  let told: Welcome | undefined
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
      if (ground.user !== frame.user) for (const each of [ground.waiting, ground.over]) each.clear()
      ground.user = frame.user
    },
    greeting() {
      if (!hello) return undefined
      ground.greetings = Math.max(ground.greetings + 1, hello.link)
      return { ...hello, link: ground.greetings }
    },
    welcome(welcome) {
      if (told) return false
      told = welcome
      tell(welcome)
      return true
    },
    wasToldOther: (welcome) => told !== undefined && termsOf(told) !== termsOf(welcome),
    name(names) {
      if (!names || names === via) return
      via = names
      tell({ type: 'via', via })
    },
    end(why) {
      if (isOver) return
      isOver = true
      queueMicrotask(() => to.closed(why))
    },
  }
}

/** What a session goes by for as long as its link lives. */
function termsOf({ user, limits, features }: Welcome): string {
  return JSON.stringify([user, limits, features])
}
