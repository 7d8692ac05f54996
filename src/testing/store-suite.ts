/**
 * The specification of the server's store port, as cases any test runner can run: each case gets one fresh, empty store.
 *
 *   for (const { name, run } of storeSuite(setUp)) it(name, run)
 */
import { arrangeCases } from './store-cases/arrange.js'
import { groundOf, type StoreCase, type StoreGround } from './store-cases/ground.js'
import { inboxCases } from './store-cases/inbox.js'
import { newsCases } from './store-cases/news.js'
import { readCases } from './store-cases/read.js'
import { sendCases } from './store-cases/send.js'

export type { StoreGround }

export interface StoreSuiteCase {
  readonly name: string
  /** Resolves when the store passes; rejects with an `Error` that says what was expected. */
  run(): Promise<void>
}

/** The cases a store must pass. `setUp` gives a fresh, empty store at every call. */
export function storeSuite(setUp: () => StoreGround | Promise<StoreGround>): readonly StoreSuiteCase[] {
  const run = async (test: StoreCase) => {
    const ground = await setUp()
    try {
      await test.run(groundOf(ground))
    } finally {
      await ground.store.close()
      await ground.dispose?.()
    }
  }
  return [...sendCases, ...arrangeCases, ...readCases, ...inboxCases, ...newsCases].map((test) => ({
    name: test.name,
    run: () => run(test),
  }))
}
