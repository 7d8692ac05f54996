/** The page of what no test of the core notices: how a run writes it, and that each change on it has a reason that is told. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Changed, survivorsPage, tablesOf, unread } from '../mutation/survivors.mjs'
import { repository } from './source.js'

const read = (path: string) => readFileSync(join(repository, path), 'utf8')

/** One line of source, with a change of everything from a column on. */
const changed = (source: string, column: number, replacement: string, status = 'Survived'): Changed => {
  const line = source.split('\n').length
  const end = { line, column: (source.split('\n').at(-1) ?? '').length + 1 }
  return { source, mutants: [{ id: '1', status, replacement, location: { start: { line, column }, end } }] }
}

describe('a run', () => {
  const files = { 'src/core/b.ts': changed('let x = a || `b`', 9, 'a && `b`'), 'src/core/a.ts': changed('f()', 1, '') }
  const first = survivorsPage('', files, true)

  it('lists what no test notices, by file and line', () => {
    expect(first).toContain('Of 2 changes no test notices 2: these.')
    expect([...tablesOf(first)]).toEqual([
      ['src/core/a.ts', [{ line: '1', was: '`f()`', becomes: '``', why: unread }]],
      ['src/core/b.ts', [{ line: '1', was: '`` a \\|\\| `b` ``', becomes: '`` a && `b` ``', why: unread }]],
    ])
  })

  it('keeps the reason of a change that has moved, and the tables of files that it did not change', () => {
    const told = first.replaceAll(unread, 'only costs')
    const moved = { 'src/core/b.ts': changed('\nlet x = a || `b`', 9, 'a && `b`') }
    const next = survivorsPage(told, moved, false)
    expect(next).toContain('Of 2 changes')
    expect([...tablesOf(next)].map(([path, [row]]) => [path, row?.line, row?.why])).toEqual([
      ['src/core/a.ts', '1', 'only costs'],
      ['src/core/b.ts', '2', 'only costs'],
    ])
    expect([...tablesOf(survivorsPage(told, moved, true)).keys()]).toEqual(['src/core/b.ts'])
  })

  it('forgets what a test notices by now', () => {
    const noticed = { 'src/core/a.ts': changed('f()', 1, '', 'Killed') }
    expect([...tablesOf(survivorsPage(first, noticed, false)).keys()]).toEqual(['src/core/b.ts'])
  })
})

it('each change in docs/reference/survivors.md has a reason of docs/mutation.md', () => {
  const reasons = Array.from(read('docs/mutation.md').matchAll(/^\| \*\*(.*?)\.?\*\*/gm), ([, reason = '']) => reason.toLowerCase())
  expect(reasons).toContain('only costs')
  const rows = [...tablesOf(read('docs/reference/survivors.md'))].flatMap(([path, all]) => all.map((row) => ({ path, ...row })))
  expect(rows).not.toEqual([])
  expect(rows.filter(({ why }) => !reasons.includes(why.split(':')[0] ?? ''))).toEqual([])
})
