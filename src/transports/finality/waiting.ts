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
  cancel?: (() => void) | undefined
  dueMs?: number | undefined
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
  /** The final log holds it, or never will and says so itself. */
  settle(name: Name): void
  withdraw(name: Name): void
  /** Of each conversation in which the final log has answered what it was asked: has it told all that it has said to be there? */
  readonly heads: Map<string, () => boolean>
  /**
   * The final log has spoken, and has told of what it holds: in those conversations time runs. Where it answers what was asked with `n`, what
   * was due then will not come.
   */
  judge(n?: number): void
  close(): void
}

/** So many wait, and of so many it is known that they wait no more. */
const most = 1_000

/** Of one thing among those of its kind. */
export function keyOf(named: object): string {
  const { conversation, author, localId } = named as Partial<Name>
  return JSON.stringify([conversation, author, localId])
}

type Tell = (frame: CombinatorFrame) => void

/**
 * `ask` makes the final log answer with `n`, the time that is over: that alone says nothing of it, as it may have fallen silent, or what it
 * has said since may wait for a device that sleeps.
 */
export function waitingIn({ waiting, over, withdrawMs, clock }: Memory, tell: Tell, ask: (n: number) => void): Waiting {
  const heads: Waiting['heads'] = new Map()

  function judge(n?: number) {
    for (const each of waiting.values()) {
      if (!heads.get(each.frame.conversation)?.()) each.dueMs = each.cancel = void each.cancel?.()
      // What another tab has asked is answered here too, over a shared path.
      else if (each.dueMs === (n ?? null)) withdraw(each.frame)
      else {
        each.dueMs ??= Math.ceil(clock.now() + withdrawMs)
        each.cancel ??= clock.timer(each.dueMs, () => ask(each.dueMs as number))
      }
    }
  }

  function settle(name: Name) {
    const key = keyOf(name)
    waiting.get(key)?.cancel?.()
    waiting.delete(key)
    if (!planted.overForgotten) over.add(key)
    const [oldest] = over
    if (over.size > most) over.delete(oldest as string)
  }

  function withdraw(name: Name) {
    settle(name)
    tell({ ...name, type: 'withdrawn' })
  }

  return {
    show(frame) {
      const key = keyOf(frame)
      if (over.has(key)) return
      waiting.set(key, { ...waiting.get(key), frame })
      tell(frame)
      judge()
      const [oldest] = waiting.values()
      if (waiting.size > most) withdraw((oldest as Each).frame)
    },
    settle,
    withdraw,
    heads,
    judge,
    close() {
      heads.clear()
      judge()
    },
  }
}
