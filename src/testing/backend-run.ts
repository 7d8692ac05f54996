/** Runs the cases of a backend suite side by side, the slow ones first; those that may not run beside others come last, one by one. */
import { BackendError, type BackendSuiteCase } from './backend-suite.js'

export interface BackendResult {
  readonly name: string
  readonly paragraph: string
  readonly tags: readonly string[]
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, or what the server did not do. */
  readonly reason?: string
  /** Of a failure, one by one. */
  readonly failure?: { readonly sent: string; readonly expected: string; readonly came: string }
}

export interface BackendRunOptions {
  /** Cases at the same time. Default 12. */
  readonly parallel?: number
}

/** The results in the order of the cases. Never rejects. */
export async function runBackendCases(
  cases: readonly BackendSuiteCase[],
  { parallel = 12 }: BackendRunOptions = {},
): Promise<readonly BackendResult[]> {
  const results = new Map<BackendSuiteCase, BackendResult>()
  const work = async (queue: BackendSuiteCase[]) => {
    for (let one = queue.shift(); one; one = queue.shift()) results.set(one, await judge(one))
  }
  const isSlow = ({ tags }: BackendSuiteCase) => tags.includes('slow')
  const together = cases.filter((one) => !one.alone).sort((a, b) => Number(isSlow(b)) - Number(isSlow(a)))
  await Promise.all(Array.from({ length: parallel }, () => work(together)))
  await work(cases.filter((one) => one.alone))
  return cases.map((one) => results.get(one) as BackendResult)
}

async function judge({ name, paragraph, tags, run }: BackendSuiteCase): Promise<BackendResult> {
  const about = { name, paragraph, tags }
  try {
    const { skipped } = await run()
    return skipped === undefined ? { ...about, outcome: 'passed' } : { ...about, outcome: 'skipped', reason: skipped }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (!(error instanceof BackendError)) return { ...about, outcome: 'failed', reason }
    const { sent, expected, came } = error
    return { ...about, outcome: 'failed', reason, failure: { sent, expected, came } }
  }
}
