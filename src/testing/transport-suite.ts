/**
 * The specification of the transport port, as cases any test runner can run: for each case one fresh server is set up.
 *
 *   for (const { name, run } of transportSuite(setUp)) it(name, run)
 */
import { closingCases } from './transport-cases/closing.js'
import { framesCases } from './transport-cases/frames.js'
import { casesWithout, checkGaps, type Gaps } from './gaps.js'
import { type TransportCase, type TransportGap, type TransportGround, transportGaps } from './transport-cases/ground.js'

export type { TransportGap, TransportGround }

export interface TransportSuiteOptions {
  /** What this transport cannot do, with the reason for a reader; the cases that need it are left out. Default none. */
  readonly gaps?: Gaps<TransportGap>
}

export interface TransportSuiteCase {
  readonly name: string
  /** Resolves when the transport passes; rejects with an `Error` that says what was expected. */
  run(): Promise<void>
}

/** The cases a transport must pass. `setUp` gives a transport and the server it talks to, fresh at every call. Throws `TypeError` for a gap that is none or has no reason. */
export function transportSuite(
  setUp: () => TransportGround | Promise<TransportGround>,
  { gaps = {} }: TransportSuiteOptions = {},
): readonly TransportSuiteCase[] {
  checkGaps('transportSuite', gaps, transportGaps)
  const run = async (test: TransportCase) => {
    const ground = await setUp()
    try {
      await test.run(ground)
    } finally {
      await ground.dispose?.()
    }
  }
  return casesWithout([...framesCases, ...closingCases], gaps).map((test) => ({ name: test.name, run: () => run(test) }))
}
