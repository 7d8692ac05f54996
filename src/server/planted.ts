/**
 * Bugs planted in the server: switched by the same global as those of the client, and replaced by the build alike.
 * @internal
 */

export interface Faults {
  /** Hub: acknowledges an operation when it arrives, before the store has it. */
  readonly ackBeforeCommit?: boolean
  /** Hub: forgets `after`. */
  readonly ignoreAfter?: boolean
  /** Hub: tells a change that another node wrote although one before it is missing. */
  readonly hintTrusted?: boolean
  /** Hub: never looks in the store for what the bus has lost. */
  readonly headsUnchecked?: boolean
  /** Ledger: stores a known local id again. */
  readonly noDedupe?: boolean
  /** Ledger: takes watermarks of another epoch. */
  readonly staleReceipts?: boolean
  /** Ledger: the last watermark wins instead of the highest. */
  readonly lowerMarks?: boolean
  /** Ledger: leaves out a `seq` now and then. */
  readonly skipSeq?: boolean
  /** Ledger: counts each message twice. */
  readonly skipIndex?: boolean
  /** Ledger: a revised message keeps its `rev`. */
  readonly oldRev?: boolean
  /** Ledger: goes on from a position of another epoch. */
  readonly epochIgnored?: boolean
  /** Ledger: a catch-up lacks its first row. */
  readonly rowLost?: boolean
  /** Hub: a removed member still follows. */
  readonly toldAfterRemoval?: boolean
  /** Hub: what was left out of the list for a follower stays out when it follows no more. */
  readonly rowForgotten?: boolean
}

/** @internal */
declare global {
  interface Planted extends Faults {}
}
