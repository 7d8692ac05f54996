/** What a run of the backend suite came to, for readers and for machines. */
import type { BackendResult } from '../testing/backend-run.js'

/** The sections of `docs/protocol.md` that have cases. */
export const sections: Readonly<Record<string, string>> = {
  1: 'The wire',
  2: 'The log',
  3: 'Starting a link',
  4: 'Ending a link',
  5: 'Opening a conversation',
  6: 'History',
  7: 'Operations',
  8: 'Receipts and unread',
  9: 'Inbox and people',
  10: 'Liveness and ephemera',
  12: 'Limits',
  14: 'Versions and open unions',
  16: 'Server-sent events',
}

const titleWidth = 30

export function asText(url: string, results: readonly BackendResult[]): string {
  const lines = Object.entries(sections).flatMap(([number, title]) => {
    const about = results.filter(({ paragraph }) => paragraph.split('.')[0] === number)
    return about.length ? [`${`§${number} ${title}`.padEnd(titleWidth)}${counted(about)}`, ...skips(about)] : []
  })
  const failures = results.flatMap(({ outcome, name, reason = '' }) =>
    outcome === 'failed' ? ['', `✗ ${reason.startsWith('§') ? reason : `${name}: ${reason}`}`] : [],
  )
  return [`docs/protocol.md asked of ${url}`, '', ...lines, ...failures, '', `${results.length} cases: ${counted(results)}`].join('\n')
}

export function asJson(url: string, results: readonly BackendResult[]): string {
  const { passed, failed, skipped } = count(results)
  return JSON.stringify({ url, cases: results.length, passed, failed, skipped, results }, null, 2)
}

function count(results: readonly BackendResult[]) {
  const of = (outcome: BackendResult['outcome']) => results.filter((result) => result.outcome === outcome).length
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') }
}

function counted(results: readonly BackendResult[]): string {
  const { passed, failed, skipped } = count(results)
  return [`${passed} passed`, ...(failed ? [`${failed} failed`] : []), ...(skipped ? [`${skipped} skipped`] : [])].join(', ')
}

/** One line for each reason. */
function skips(results: readonly BackendResult[]): string[] {
  const reasons = new Map<string, string[]>()
  for (const { outcome, reason = '', paragraph } of results)
    if (outcome === 'skipped') reasons.set(reason, [...(reasons.get(reason) ?? []), `§${paragraph}`])
  return [...reasons].map(([reason, at]) => `   ${at.length} skipped, of ${[...new Set(at)].join(' ')}: ${reason}`)
}
