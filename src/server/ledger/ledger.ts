/** What every write works with: the rows, new ids, and the bugs a test has planted. */
import type { Faults } from '../faults.js'
import type { Tables } from '../tables.js'

export interface Ledger {
  readonly tables: Tables
  /** Makes a random id. */
  readonly mint: () => string
  readonly faults: Faults
}
