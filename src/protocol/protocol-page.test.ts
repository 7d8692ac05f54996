/** The published page may not lag behind the code: every frame, limit, close code and error code stands in its tables. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bandOf, closeCodes, type ErrorCode } from './codes.js'
import * as limits from './limits.js'
import { serverLimits } from './server-limits.js'
import { clientFrame, serverFrame } from './schemas.js'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const section = (from: string, to: string) => page.slice(page.indexOf(`\n${from}`), page.indexOf(`\n${to}`))
/** The cells of each row of the tables between two headings, without their ticks. */
const rows = (from: string, to: string) =>
  section(from, to)
    .split('\n')
    .filter((line) => /^\| (`|\d)/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    )
/** Field names at the top level of a row's description: those followed by no closing brace before the next opening one. */
const fieldsOf = (cell: string) => [...cell.replace(/\{[^}]*\}/g, '').matchAll(/`(\w+)`/g)].map((match) => match[1])

const errorCodes: { readonly [Code in ErrorCode]: boolean } = {
  'out-of-order': false,
  'rate-limited': false,
  unavailable: false,
  'not-found': true,
  'too-large': true,
  'bad-request': true,
  unsupported: true,
  forbidden: true,
}

describe('docs/protocol.md', () => {
  it.each([
    ['### Client to server', '### Server to client', clientFrame],
    ['### Server to client', '### Parts', serverFrame],
  ] as const)('lists every frame of "%s" with its fields', (from, to, union) => {
    const listed = Object.fromEntries(rows(from, to).map(([type = '', cell = '']) => [type, fieldsOf(cell).sort()]))
    const defined = Object.fromEntries(
      union.options
        .map((option) => [option.shape.type.value as string, Object.keys(option.shape).filter((key) => key !== 'type')] as const)
        .filter(([type]) => type !== 'unknown')
        .map(([type, fields]) => [type, fields.sort()]),
    )
    expect(listed).toEqual(defined)
  })

  it('lists every limit', () => {
    expect(Object.fromEntries(rows('## 12. Limits', '## 13. Codes').map(([name = '', value]) => [name, Number(value)]))).toEqual({
      ...limits,
      ...serverLimits,
    })
  })

  it('lists every close code, in a band', () => {
    const listed = rows('## 4. Ending', '## 5. Opening').filter(([code]) => /^\d+$/.test(code ?? ''))
    expect(Object.fromEntries(listed.map(([code, name = '']) => [name, Number(code)]))).toEqual(closeCodes)
    const bands = section('## 4. Ending', '## 5. Opening').matchAll(/^\| ([a-z-]+) \| (\d+)–(\d+) \|/gm)
    expect(Array.from(bands, ([, band, from, to]) => [band, bandOf(Number(from)), bandOf(Number(to))])).toEqual(
      ['retry', 'retry-after', 'refresh', 'terminal'].map((band) => [band, band, band]),
    )
  })

  it('lists every error code, and whether it is final', () => {
    const listed = rows('## 13. Codes', '## 14. Versions')
    expect(Object.fromEntries(listed.map(([code = '', , final]) => [code, final === 'yes']))).toEqual(errorCodes)
  })

  it('names no paragraph twice and points at none that is not there', () => {
    const named = Array.from(page.matchAll(/<a id="p(\d+)-(\d+)"><\/a>§(\d+)\.(\d+)/g), ([, a, b, c, d]) => {
      expect([a, b]).toEqual([c, d])
      return `${a}.${b}`
    })
    expect(new Set(named).size).toBe(named.length)
    expect(named.length).toBeGreaterThan(40)
    for (const [, pointed = ''] of page.matchAll(/§(\d+\.\d+)/g)) expect(named).toContain(pointed)
  })
})
