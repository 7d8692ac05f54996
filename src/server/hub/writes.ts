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
  const commit = createCommit({ store, mint, logger, settleAll })

  function wake(): void {
    if (woken || settling) return
    woken = true
    turn(begin)
  }

  function begin(): void {
    woken = false
    flush()
    if (!writing) drain()
  }

  /** One batch; the next begins when it is settled. */
  function drain(): void {
    writing = waiting.length > 0
    if (!writing) return rest()
    const taken = waiting
    waiting = taken.length > batchWrites ? taken.splice(batchWrites) : []
    const batch = taken.some(isFenced) ? taken.filter((one) => !isFenced(one)) : taken
    if (batch.length) commit(batch, settled)
    else settled()
  }

  function settled(): void {
    flush()
    drain()
  }

  function rest(): void {
    for (const idler of idlers.splice(0)) idler()
  }

  /** One that throws is a defect of the hub; it must not stop the writes of all others. */
  function settleAll(batch: readonly Waiting[], outcomes: readonly (Outcome | undefined)[]): void {
    settling = true
    for (let i = 0; i < batch.length; i++) {
      try {
        batch[i]?.settle(outcomes[i])
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

interface CommitOptions extends Pick<WritesOptions, 'store' | 'mint' | 'logger'> {
  readonly settleAll: (batch: readonly Waiting[], outcomes: readonly (Outcome | undefined)[]) => void
}

type Commit = (batch: readonly Waiting[], done: () => void) => void

/** No promise but the store's own stands between a commit and its answers. */
function createCommit({ store, mint, logger, settleAll }: CommitOptions): Commit {
  function commit(batch: readonly Waiting[], done: () => void): void {
    const written = (outcomes: readonly Outcome[]) => {
      settleAll(batch, outcomes)
      done()
    }
    const failed = (error: unknown) => {
      logger.error('store-failed', { writes: batch.length, ...errorFields(error) })
      if (batch.length > 1) return oneByOne(batch, 0, done)
      settleAll(batch, [undefined])
      done()
    }
    const asked = batch.map(({ write }) => write)
    try {
      store.write(asked, mint).then(written, failed)
    } catch (error) {
      failed(error)
    }
  }

  function oneByOne(batch: readonly Waiting[], at: number, done: () => void): void {
    const one = batch[at]
    if (one) commit([one], () => oneByOne(batch, at + 1, done))
    else done()
  }

  return commit
}

const isFenced = ({ link }: Waiting) => link?.state === 'fenced'
