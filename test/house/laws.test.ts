/** Laws and tests name each other. `npm run laws` lists the tests anew. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lawsIn, lawsStated, testsNamingLaws, withTests } from './laws.js'
import { isTest, readSources, repository } from './source.js'

const pagePath = join(repository, 'docs/invariants.md')
const all = Array.from({ length: 12 }, (_, n) => n + 1)
const own = 'test/house/laws.test.ts'

describe('docs/invariants.md', () => {
  const page = readFileSync(pagePath, 'utf8')
  const tests = testsNamingLaws([
    ...readSources('src', isTest),
    ...readSources('test', (path) => isTest(path) && path !== own && !path.includes('node_modules')),
  ])

  it('states every law once, in order', () => expect(lawsStated(page)).toEqual(all))
  it('lists exactly the tests that name each law', async () => await expect(withTests(page, tests)).toMatchFileSnapshot(pagePath))
  it('has a test for every law', () => expect(all.filter((law) => !tests.some(({ laws }) => laws.includes(law)))).toEqual([]))
  it('has a law for every test', () => expect(tests.filter(({ laws }) => laws.some((law) => !all.includes(law)))).toEqual([]))
})

describe('the check of laws', () => {
  it('reads single laws and ranges', () => {
    expect(lawsIn('L3 and L10 hold')).toEqual([3, 10])
    expect(lawsIn('L1–L3 hold, L2-L4 too')).toEqual([1, 2, 3, 4])
    expect(lawsIn('HTML5 is no law')).toEqual([])
  })

  it('finds the titles of tests, groups and tables, and nothing else', () => {
    const text = "describe('L1', () => { it.each([1])('L2 %s', () => {}); it('none', () => say('L3')) })"
    expect(testsNamingLaws([{ path: 'a.test.ts', text }])).toEqual([
      { path: 'a.test.ts', title: 'L1', laws: [1] },
      { path: 'a.test.ts', title: 'L2 %s', laws: [2] },
    ])
  })

  it('replaces a list that drifted', () => {
    const page = '# Laws\n\n## L1 Kept\n\nText.\n\nTests:\n\n- `gone.test.ts`: L1 gone\n\n## L2 Once\n\nText.\n'
    expect(withTests(page, [{ path: 'a.test.ts', title: 'L1 kept', laws: [1] }])).toBe(
      '# Laws\n\n## L1 Kept\n\nText.\n\nTests:\n\n- `a.test.ts`: L1 kept\n\n## L2 Once\n\nText.\n\nTests:\n\n- none yet\n',
    )
  })
})
