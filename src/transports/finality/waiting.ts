/** Messages that the fast path has brought and the final log does not hold yet: each is said until it is settled, or withdrawn. */
import type { Clock } from '../../ports/clock.js'
import type { CombinatorFrame } from '../../ports/transport.js'

type Shown = Extract<CombinatorFrame, { type: 'provisional' }>

/** By author and local id: that is all by which the final log can name a message. */
export interface Name {
  readonly conversation: string
  readonly author: string
  readonly localId: string
}

interface Each {
  frame: Shown
  /** Ends its time, once that runs. */
  cancel?: () => void
}

export interface Memory {
  readonly withdrawMs: number
  readonly clock: Clock
  /** In the order of arrival. */
  readonly waiting: Map<string, Each>
  /** Settled or withdrawn of late: not shown again. */
  readonly over: Set<string>
}

export interface Waiting {
  show(frame: Shown): void
  has(name: Name): boolean
  /** The final log holds it, or never will and says so itself. */
  settle(name: Name): void
  withdraw(name: Name): void
  /** From now on the final log is known to lack what waits in this conversation. */
  caughtUp(conversation: string): void
  stop(): void
}

/** So many wait, and of so many it is known that they wait no more. */
const most = 1_000

function nameOf({ conversation, author, localId }: Name): string {
  return JSON.stringify([conversation, author, localId])
}

type Tell = (frame: CombinatorFrame) => void

export function waitingIn({ waiting, over, withdrawMs, clock }: Memory, tell: Tell): Waiting {
  const caughtUp = new Set<string>()

  function time(each: Each) {
    if (caughtUp.has(each.frame.conversation)) each.cancel ??= clock.timer(clock.now() + withdrawMs, () => withdraw(each.frame))
  }

  function settle(name: Name) {
    const key = nameOf(name)
    waiting.get(key)?.cancel?.()
    waiting.delete(key)
    if (!planted.overForgotten) over.add(key)
    const [oldest = ''] = over
    if (over.size > most) over.delete(oldest)
  }

  function withdraw(name: Name) {
    const { conversation, author, localId } = name
    settle(name)
    tell({ type: 'withdrawn', conversation, author, localId })
  }

  return {
    show(frame) {
      const key = nameOf(frame)
      if (over.has(key)) return
      const each: Each = waiting.get(key) ?? { frame }
      each.frame = frame
      waiting.set(key, each)
      tell(frame)
      time(each)
      const [oldest] = waiting.values()
      if (oldest && waiting.size > most) withdraw(oldest.frame)
    },
    has: (name) => waiting.has(nameOf(name)),
    settle,
    withdraw,
    caughtUp(conversation) {
      caughtUp.add(conversation)
      waiting.forEach(time)
    },
    stop() {
      for (const each of waiting.values()) {
        each.cancel?.()
        each.cancel = undefined
      }
    },
  }
}
