/** Messages that the fast path has brought and the final log does not hold yet: each is said until it is settled, or withdrawn. */
import type { Clock } from '../../ports/clock.js'
import type { CombinatorFrame } from '../../ports/transport.js'
import type { Position } from '../../protocol/frames.js'

type Shown = Extract<CombinatorFrame, { type: 'provisional' }>

/** By author and local id: that is all by which the final log can name a message. */
export interface Name {
  readonly conversation: string
  readonly author: string
  readonly localId?: string
}

/** What one user's links know together. */
export interface Memory {
  readonly user: string
  /** In the order of arrival. */
  readonly waiting: Map<string, { readonly frame: Shown; readonly sinceMs: number }>
  /** Settled or withdrawn of late: not shown again. */
  readonly over: Set<string>
  /** How far the fast log was heard, by conversation. */
  readonly heard: Map<string, Position>
}

export interface Waiting {
  show(frame: Shown): void
  has(name: Name): boolean
  /** The final log holds it, or never will and says so itself. */
  settle(name: Name): void
  withdraw(name: Name): void
  /** From now on the final log is known to lack what waits in this conversation. */
  caughtUp(conversation: string): void
  /** For a session that has just been welcomed. */
  sayAgain(): void
  stop(): void
}

/** So many wait, and of so many it is known that they wait no more. */
const most = 1_000

export function newMemory(user: string): Memory {
  return { user, waiting: new Map(), over: new Set(), heard: new Map() }
}

export function nameOf({ conversation, author, localId }: Name): string {
  return JSON.stringify([conversation, author, localId])
}

export function waitingIn({ waiting, over }: Memory, withdrawMs: number, clock: Clock, tell: (frame: CombinatorFrame) => void): Waiting {
  const since = new Map<string, number>()
  let cancel: (() => void) | undefined

  function dueMs({ frame, sinceMs }: { readonly frame: Shown; readonly sinceMs: number }) {
    return Math.max(sinceMs, since.get(frame.conversation) ?? Number.POSITIVE_INFINITY) + withdrawMs
  }

  /** Deadlines are made in order: a timer that is set is the earliest. */
  function arm() {
    if (cancel) return
    let earliest = Number.POSITIVE_INFINITY
    for (const each of waiting.values()) earliest = Math.min(earliest, dueMs(each))
    if (earliest < Number.POSITIVE_INFINITY) cancel = clock.timer(earliest, expire)
  }

  function expire() {
    cancel = undefined
    for (const each of [...waiting.values()]) if (dueMs(each) <= clock.now()) withdraw(each.frame)
    arm()
  }

  function settle(name: Name) {
    if (name.localId === undefined) return
    const key = nameOf(name)
    waiting.delete(key)
    over.delete(key)
    over.add(key)
    for (const oldest of over) if (over.size > most) over.delete(oldest)
  }

  function withdraw({ conversation, author, localId = '' }: Name) {
    settle({ conversation, author, localId })
    tell({ type: 'withdrawn', conversation, author, localId })
  }

  return {
    show(frame) {
      const key = nameOf(frame)
      if (over.has(key)) return
      waiting.set(key, { frame, sinceMs: waiting.get(key)?.sinceMs ?? clock.now() })
      tell(frame)
      const [oldest] = waiting.values()
      if (oldest && waiting.size > most) withdraw(oldest.frame)
      arm()
    },
    has: (name) => waiting.has(nameOf(name)),
    settle,
    withdraw,
    caughtUp(conversation) {
      if (!since.has(conversation)) since.set(conversation, clock.now())
      arm()
    },
    sayAgain() {
      for (const { frame } of waiting.values()) tell(frame)
    },
    stop: () => cancel?.(),
  }
}
