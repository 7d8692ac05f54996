/**
 * One history again: `SEED=<n> npx vitest run test/simulation/replay.test.ts` prints everything that happens in it; with
 * `STEPS=4,8,15` only these of its steps are done, with `NODES=2` by a server of so many nodes, with `DISK=indexeddb` over that
 * adapter. The command that a failure prints names all that it was run with.
 */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'
import { askedFor, commandOf, historyOf, type RunOptions } from './histories.js'

const asked = await askedFor(process.env)

describe('one seed', () => {
  it('gives one trace (L12), and no invariant is broken in it (L1–L11)', async () => {
    const options = asked ?? { seed: 7 }
    const first = await runHistory({ ...options, keepLines: asked !== undefined })
    if (asked !== undefined) process.stdout.write(`${first.lines.join('\n')}\n`)
    const second = await runHistory(options)
    expect(second.hash).toBe(first.hash)
    expect(first.breach).toBeNull()
  })

  it('gives another trace than the next (L12)', async () => {
    const [one, other] = [await runHistory({ seed: 7, steps: 20 }), await runHistory({ seed: 8, steps: 20 })]
    expect(one.hash).not.toBe(other.hash)
  })

  it.each<RunOptions>([{}, { nodes: 1 }, { nodes: 2 }, { disk: 'indexeddb' }, { nodes: 2, disk: 'indexeddb' }])(
    'is named whole by the command of a failure: %o (L12)',
    async (options) => {
      const only = [1, 2, 3, 5, 8, 13, 21, 34, 55]
      const named = commandOf(7, only, options).matchAll(/(\w+)=(\S+)/g)
      const again = await askedFor(Object.fromEntries([...named].map(([, name, value]) => [name, value])))
      const run = await runHistory({ ...(await historyOf(7, options)), only })
      expect(again && (await runHistory(again)).hash).toBe(run.hash)
    },
  )
})
