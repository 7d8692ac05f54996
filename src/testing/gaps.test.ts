/** What may be named as a gap, and which cases that leaves out. */
import { describe, expect, it } from 'vitest'
import { backendSuite } from './backend-suite.js'
import { storageSuite } from './storage-suite.js'
import { storeSuite } from './store-suite.js'
import { transportSuite } from './transport-suite.js'

const never = (): never => expect.unreachable()
const suites = [
  ['transportSuite', 'text', (gaps: object) => transportSuite(never, { gaps })],
  ['storageSuite', 'crash', (gaps: object) => storageSuite(never, { gaps })],
  ['storeSuite', 'nodes', (gaps: object) => storeSuite(never, { gaps })],
] as const

describe.each([...suites, ['backendSuite', 'restart', (gaps: object) => backendSuite({ url: 'ws://nowhere', gaps })] as const])(
  'a gap of %s',
  (name, gap, suite) => {
    it('that is none, or has no reason, is refused', () => {
      expect(() => suite({ wheels: 'it has none' })).toThrow(new RegExp(`^${name}: no gap is called wheels. Gaps: .*${gap}`))
      for (const reason of ['', ' ', 7]) expect(() => suite({ [gap]: reason })).toThrow(`${name}: the gap ${gap} needs a reason`)
      expect(suite({ [gap]: undefined })).toHaveLength(suite({}).length)
    })
  },
)

it.each(suites)('a gap of %s leaves out the cases that need it, and no other', (_, gap, suite) => {
  const [all, rest] = [suite({}), suite({ [gap]: 'it cannot' })].map((cases) => cases.map((one) => one.name)) as [string[], string[]]
  expect(rest.length).toBeLessThan(all.length)
  expect(rest.length).toBeGreaterThan(0)
  expect(all.filter((name) => rest.includes(name))).toEqual(rest)
})
