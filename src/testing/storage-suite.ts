/**
 * The specification of the storage port (R29), as cases any test runner can run: for each case one fresh disk is set up.
 *
 *   for (const { name, run } of storageSuite(setUp)) it(name, run)
 */
import { commitCases } from './storage-cases/commits.js'
import { casesWithout, checkGaps, type Gaps } from './gaps.js'
import { type StorageCase, type StorageGap, type StorageGround, storageGaps } from './storage-cases/ground.js'
import { handleCases } from './storage-cases/handles.js'
import { rangeCases } from './storage-cases/ranges.js'

export type { StorageGap, StorageGround }

export interface StorageSuiteOptions {
  /** What this storage cannot do, with the reason for a reader; the cases that need it are left out. Default none. */
  readonly gaps?: Gaps<StorageGap>
}

export interface StorageSuiteCase {
  readonly name: string
  /** Resolves when the storage passes; rejects with an `Error` that says what was expected. */
  run(): Promise<void>
}

/** The cases a storage must pass. `setUp` gives a fresh, empty disk at every call. Throws `TypeError` for a gap that is none or has no reason. */
export function storageSuite(
  setUp: () => StorageGround | Promise<StorageGround>,
  { gaps = {} }: StorageSuiteOptions = {},
): readonly StorageSuiteCase[] {
  checkGaps('storageSuite', gaps, storageGaps)
  const run = async (test: StorageCase) => {
    const ground = await setUp()
    try {
      await test.run(ground)
    } finally {
      await ground.dispose?.()
    }
  }
  return casesWithout([...commitCases, ...rangeCases, ...handleCases], gaps).map((test) => ({ name: test.name, run: () => run(test) }))
}
