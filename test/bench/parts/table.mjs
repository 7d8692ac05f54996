/**
 * What a bench has found: one row per figure, against the limit, the peer and the target of the same run.
 * Rows are printed at the end of each bench and, where BENCH_ROWS names a file, kept for the table of the whole run.
 */
import { appendFileSync } from 'node:fs'

const columns = ['figure', 'chatloom', 'limit', 'ratio', 'peer', 'target', 'ok']

/** Numbers with three digits that count. */
export function shown(value, unit = '') {
  if (value === undefined) return '–'
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return `${value.toFixed(Math.min(digits, 3))}${unit ? ` ${unit}` : ''}`
}

export function table() {
  const rows = []
  return {
    /**
     * `limit`: what nobody can beat, `peer`: `[name, value]`. `most`: the highest ratio to `against` ('limit', 'peer') or, without
     * `against`, the highest value that is right. Without `most` the row only tells.
     */
    row({ figure, value, unit, limit, peer, most, against }) {
      const base = against === 'peer' ? peer?.[1] : limit
      const ratio = base === undefined ? undefined : value / base
      const judged = against === undefined ? value : ratio
      const target = most === undefined ? '–' : against === undefined ? `≤ ${shown(most, unit)}` : `≤ ${most}× ${against}`
      const ok = most === undefined || judged === undefined ? '' : judged <= most ? 'yes' : 'NO'
      rows.push({
        figure,
        chatloom: shown(value, unit),
        limit: shown(limit, limit === undefined ? '' : unit),
        ratio: ratio === undefined ? '–' : `${shown(ratio)}×${against === 'peer' ? ' peer' : ''}`,
        peer: peer === undefined ? '–' : `${peer[0]} ${shown(peer[1], unit)}`,
        target,
        ok,
      })
    },
    end() {
      print(rows)
      if (process.env.BENCH_ROWS) appendFileSync(process.env.BENCH_ROWS, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    },
  }
}

export function print(rows) {
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length)))
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  console.log(
    [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map((row) => line(columns.map((c) => row[c])))].join('\n'),
  )
}
