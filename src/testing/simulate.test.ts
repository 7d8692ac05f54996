/** What users of the package get of the simulated world. */
import { expect, it } from 'vitest'
import { simulate } from './simulate.js'

it('L12: gives the same for the same options, and counts what happened', async () => {
  const first = await simulate({ seed: 3, steps: 40, histories: 2 })
  expect(first).toMatchObject({ histories: 2, breach: null })
  expect([...first.faults.values()].some((times) => times > 0)).toBe(true)
  expect((await simulate({ seed: 3, steps: 40, histories: 2 })).hash).toBe(first.hash)
})

it('does only the steps that are asked for', async () => {
  const [none, all] = [await simulate({ seed: 3, steps: 40, only: [] }), await simulate({ seed: 3, steps: 40 })]
  expect(none.hash).not.toBe(all.hash)
})
