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

it.each<[object | null, string]>([
  [{ seed: 'x' }, 'seed must be a whole number from 0 on, and it is x.'],
  [{ seed: Number.NaN }, 'seed must be a whole number from 0 on, and it is NaN.'],
  [{ seed: 1.5 }, 'seed must be'],
  [{ steps: -1 }, 'steps must be a whole number from 0 on, and it is -1.'],
  [{ histories: -3 }, 'histories must be a whole number from 1 on, and it is -3.'],
  [{ histories: 0 }, 'histories must be'],
  [{ only: [999] }, 'only must be an array, each of it a whole number from 0 to 299, and it is [999].'],
  [{ steps: 10, only: [3, 10] }, 'from 0 to 9, and it is [3,10].'],
  [{ only: 3 }, 'only must be an array'],
  [{ step: 10 }, 'it has no option step. Options: seed, histories, steps, only.'],
  [null, 'its options must be an object, and they are null.'],
])('refuses %o', async (options, why) => {
  await expect(simulate(options as never)).rejects.toMatchObject({ name: 'TypeError', message: expect.stringContaining(why) })
})
