/** What every write works with: the rows and new ids. */
import type { Tables } from '../tables.js'

export interface Ledger {
  readonly tables: Tables
  /** Makes a random id. */
  readonly mint: () => string
}
