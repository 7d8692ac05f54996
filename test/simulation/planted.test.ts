/** Bugs planted on purpose: each must be caught by a broken law within 500 seeds, or the world proves nothing. */
import { describe, expect, it } from 'vitest'
import { runHistory } from '../../src/testing/world/history.js'
import type { Planted } from '../../src/testing/world/world.js'

const mostSeeds = 500

const bugs: readonly (readonly [name: string, planted: Planted])[] = [
  ['ack before commit', { server: { ackBeforeCommit: true } }],
  ['no server dedupe', { server: { noDedupe: true } }],
  ['change applied over a hole', { client: { applyOverHole: true } }],
  ['cursor committed apart from rows', { client: { cursorApart: true } }],
  ['outbox row dropped before the cache row', { client: { outboxRowFirst: true } }],
  ['ack beyond head shown in place', { client: { ackShownInPlace: true } }],
  ['`after` not sent', { client: { afterIgnored: true } }],
  ['`after` ignored by the server', { server: { ignoreAfter: true } }],
  ['`from` unchecked', { client: { fromUnchecked: true } }],
  ['older `rev` wins', { client: { olderRevWins: true } }],
  ['stale-epoch receipt taken by the client', { client: { staleEpochMarks: true } }],
  ['stale-epoch receipt taken by the server', { server: { staleReceipts: true } }],
  ['pending lost on reset', { client: { pendingLostOnReset: true } }],
  ['watermark lowered by the client', { client: { marksLowered: true } }],
  ['watermark lowered by the server', { server: { lowerMarks: true } }],
  ['`expect` ignored', { client: { expectIgnored: true } }],
  ['queued before any write', { client: { queuedBeforeWrite: true } }],
]

describe('a planted bug breaks a law', () => {
  it.each(bugs)('%s', { timeout: 240_000 }, async (name, planted) => {
    for (let seed = 1; seed <= mostSeeds; seed++) {
      const { breach } = await runHistory({ seed, planted })
      // A seed that breaks without the bug proves nothing about it.
      if (!breach || (await runHistory({ seed })).breach) continue
      process.stdout.write(`  ${name}: ${breach.invariant}, after ${seed} of ${mostSeeds} seeds (${breach.what})\n`)
      return
    }
    expect.fail(`no law was broken in ${mostSeeds} histories`)
  })
})
