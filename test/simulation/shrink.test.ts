/** A history that breaks is made short: the few steps that matter are left, and break the same invariant again. */
import { expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'
import { shrink } from '../../src/testing/world/shrink.js'
import { mutants } from './mutants.js'
import { readCatches } from './mutants-table.js'

const bugs = ['change applied over a hole', 'older `rev` wins', '`after` not sent', '`expect` ignored', 'pending lost on reset']

it('to a median of at most 25 steps', { timeout: 600_000 }, async () => {
  const lengths: number[] = []
  for (const bug of bugs) {
    const { bugs = {} } = mutants.find(({ name }) => name === bug) ?? {}
    const { seed = 1 } = readCatches().get(bug) ?? {}
    globalThis.planted = bugs
    const { only, history } = await shrink({ seed }, 150)
    const again = await runHistory({ seed, only })
    expect(again.hash, bug).toBe(history?.hash)
    expect(again.breach?.invariant, bug).toBe(history?.breach?.invariant)
    lengths.push(only.length)
  }
  process.stdout.write(`  steps left: ${lengths.join(', ')}\n`)
  expect(lengths.sort((a, b) => a - b)[2]).toBeLessThanOrEqual(25)
})

it('leaves a history that breaks nothing as it is', async () => {
  const { only, history } = await shrink({ seed: 7, steps: 5 })
  expect({ only, history }).toEqual({ only: [0, 1, 2, 3, 4], history: null })
})
