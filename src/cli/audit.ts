/** `chatloom audit`: what was sent against what was shown, by exported histories alone. */
import { readFileSync } from 'node:fs'
import { type AuditReport, checkHistories } from '../testing/audit/check-histories.js'

const usage = `Usage: chatloom audit <file> …
  <file>   the lines of deliveryAuditor() of chatloom/testing, one history a file
The exit code is 0 if nothing was found, 1 if something was, 2 if a file could not be read.`

/** Gives the exit code. */
export function audit(files: readonly string[]): number {
  if (files.length === 0 || files.some((file) => file.startsWith('-'))) {
    console.log(usage)
    return files.includes('--help') || files.includes('-h') ? 0 : 2
  }
  try {
    const report = checkHistories(...files.map((file) => readFileSync(file, 'utf8')))
    console.log(asText(report))
    return report.ok ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 2
  }
}

function asText({ ok, clients, sent, settled, ...found }: AuditReport): string {
  const lines = Object.entries(found).flatMap(([kind, findings]) =>
    findings.map(({ conversation, client, messages }) => `✗ ${kind} in ${conversation}, client ${client}: ${messages.join(', ')}`),
  )
  return [
    ...lines,
    `${clients} clients, ${sent} sent, ${settled} confirmed: ${ok ? 'nothing lost, doubled or disordered' : `${lines.length} findings`}`,
  ].join('\n')
}
