/**
 * The specification of the server's store port, as cases any test runner can run: each case gets one fresh, empty store.
 *
 *   for (const { name, run } of storeSuite(setUp)) it(name, run)
 */
import { arrangeCases } from './store-cases/arrange.js'
import { casesWithout, checkGaps, type Gaps } from './gaps.js'
import { groundOf, type StoreCase, type StoreGap, type StoreGround, storeGaps } from './store-cases/ground.js'
import { inboxCases } from './store-cases/inbox.js'
import { newsCases } from './store-cases/news.js'
import { readCases } from './store-cases/read.js'
import { sendCases } from './store-cases/send.js'

export type { StoreGap, StoreGround }

export interface StoreSuiteOptions {
  /** What this store cannot do, with the reason for a reader; the cases that need it are left out. Default none. */
  readonly gaps?: Gaps<StoreGap>
}

export interface StoreSuiteCase {
  readonly name: string
  /** Resolves when the store passes; rejects with an `Error` that says what was expected. */
  run(): Promise<void>
}

/** The cases a store must pass. `setUp` gives a fresh, empty store at every call. Throws `TypeError` for a gap that is none or has no reason. */
export function storeSuite(
  setUp: () => StoreGround | Promise<StoreGround>,
  { gaps = {} }: StoreSuiteOptions = {},
): readonly StoreSuiteCase[] {
  checkGaps('storeSuite', gaps, storeGaps)
  const run = async (test: StoreCase) => {
    const ground = await setUp()
    try {
      await test.run(groundOf(ground))
    } finally {
      await ground.store.close()
      await ground.dispose?.()
    }
  }
  const cases = [...sendCases, ...arrangeCases, ...readCases, ...inboxCases, ...newsCases]
  return casesWithout(cases, gaps).map((test) => ({ name: test.name, run: () => run(test) }))
}
