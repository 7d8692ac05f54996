/** Bugs that tests plant to see that they are caught. Nothing public can turn them on. */

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
}

export const noFaults: Faults = {}
