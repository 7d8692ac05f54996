/** What the tests of the core know of vitest, so that all of them can be loaded once into one process and run again and again. */
import { ASYMMETRIC_MATCHERS_OBJECT, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from '@vitest/expect'
import { fn, spyOn } from '@vitest/spy'
import * as chai from 'chai'

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin)

export const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT], {
  unreachable(message = 'unreachable') {
    throw new Error(message)
  },
})
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null, testPath: '', currentTestName: '' }, expect)

export const vi = { fn, spyOn }

/** Every test of the files loaded so far. */
export const tests = []
let groups = []
let ends = []

export function describe(name, declare) {
  const [outer, outerEnds] = [groups, ends]
  groups = [...groups, name]
  declare()
  groups = outer
  ends = outerEnds
}

export function it(name, run) {
  tests.push({ id: `${tests.length} ${[...groups, name].join(' > ')}`, run, ends })
}

export function afterEach(end) {
  ends = [...ends, end]
}

const each = (declare) => (table) => (name, run) => {
  for (const row of table) declare(name, () => (Array.isArray(row) ? run(...row) : run(row)))
}
describe.each = each(describe)
it.each = each(it)
