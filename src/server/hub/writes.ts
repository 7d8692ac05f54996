/**
 * The writes of one turn go to the store as one transaction, one transaction at a time, so that settling keeps the order of
 * asking. A failed batch is tried again one by one: a write that cannot be stored harms no other.
 */
import { type Logger, errorFields } from '../logger.js'
import type { Outcome, Store, StoreWrite } from '../store.js'
import type { Link } from './link.js'

/** `undefined`: the store failed; nothing of this write is stored. */
type Settle = (outcome: Outcome | undefined) => void

interface Waiting {
  readonly write: StoreWrite
  readonly settle: Settle
  readonly link: Link | undefined
}

export interface Writes {
  /** Writes of a link that was fenced meanwhile are dropped. */
  add(write: StoreWrite, settle: Settle, link?: Link): void
  /** Sees to it that a turn comes. */
  wake(): void
  /** Resolves when nothing waits. */
  idle(): Promise<void>
}

export interface WritesOptions {
  readonly store: Store
  readonly mint: () => string
  readonly turn: (run: () => void) => void
  readonly logger: Logger
  /** Called at the end of a turn and after every settled batch. */
  readonly flush: () => void
}

/** Bounds the time of one transaction. */
const batchWrites = 1_000

export function createWrites({ store, mint, turn, logger, flush }: WritesOptions): Writes {
  let waiting: Waiting[] = []
  let woken = false
  let writing = false
  /** A flush follows at once: no turn has to come for what is pushed now. */
  let settling = false
  const idlers: (() => void)[] = []

  function wake(): void {
    if (woken || settling) return
    woken = true
    turn(() => {
      woken = false
      flush()
      if (!writing) void drain()
    })
  }

  async function drain(): Promise<void> {
    writing = true
    while (waiting.length) {
      const batch = waiting.slice(0, batchWrites).filter(({ link }) => link?.state !== 'fenced')
      waiting = waiting.slice(batchWrites)
      if (batch.length) await commit(batch)
      flush()
    }
    writing = false
    for (const idler of idlers.splice(0)) idler()
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    let outcomes: readonly Outcome[]
    try {
      outcomes = await store.write(
        batch.map(({ write }) => write),
        mint,
      )
    } catch (error) {
      logger.error('store-failed', { writes: batch.length, ...errorFields(error) })
      if (batch.length === 1) return settleAll(batch, [undefined])
      for (const one of batch) await commit([one])
      return
    }
    settleAll(batch, outcomes)
  }

  /** One that throws is a defect of the hub; it must not stop the writes of all others. */
  function settleAll(batch: readonly Waiting[], outcomes: readonly (Outcome | undefined)[]): void {
    settling = true
    for (const [i, { settle }] of batch.entries()) {
      try {
        settle(outcomes[i])
      } catch (error) {
        logger.error('settle-failed', errorFields(error))
      }
    }
    settling = false
  }

  return {
    add(write, settle, link) {
      waiting.push({ write, settle, link })
      wake()
    },
    wake,
    idle: () => (writing || waiting.length ? new Promise((resolve) => idlers.push(resolve)) : Promise.resolve()),
  }
}
