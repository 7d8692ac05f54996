/**
 * A storm as arithmetic: a fleet whose server is gone for a while comes back by the waits of a client, ours and those of others, each by
 * its defaults. No connection takes time, so that the waits alone show. The real thing is `test/server/storm.test.ts` (L9).
 */
import { describe, expect, it } from 'vitest'
import { waitMs } from '../src/ports/backoff.js'
import { seeded } from '../src/testing/index.js'

/** The wait before the n-th attempt, counted from 0, of a client with the constant `own` in [0, 1). */
type Policy = (n: number, random: () => number, own: number) => number

/** As their sources have it, at the versions named. */
const policies: Readonly<Record<string, Policy>> = {
  chatloom: (n, random) => waitMs(n, random()),
  /** `Backoff.duration`: min 1,000, factor 2, jitter 0.5, and the cap of 5,000 after the jitter. */
  'socket.io-client 4.8.4'(n, random) {
    const ms = 1_000 * 2 ** n
    const roll = random()
    const deviation = Math.floor(roll * 0.5 * ms)
    return Math.min((Math.floor(roll * 10) & 1) === 0 ? ms - deviation : ms + deviation, 5_000)
  },
  /** `backoff`: 500 and a full jitter up to 20,000 above it, capped at 20,000. */
  'centrifuge 5.8.0': (n, random) => Math.min(20_000, 500 + Math.floor(random() * (Math.min(20_000, 500 * 2 ** Math.min(n, 31)) + 1))),
  /** `_getNextDelay`: 3,000 growing by 1.3 to 10,000; no jitter. */
  'partysocket 1.3.0': (n) => Math.min(10_000, 3_000 * 1.3 ** n),
  /** The same from 1,000 to 5,000, drawn once a page. */
  'reconnecting-websocket 4.4.0': (n, _, own) => Math.min(10_000, (1_000 + own * 4_000) * 1.3 ** n),
}

const clients = 5_000

interface Storm {
  /** Most arrivals in any second, as a part of the fleet. */
  readonly peak: number
  readonly lastMs: number
  /** Attempts at a server that was not there, per client. */
  readonly inVain: number
}

function storm(policy: Policy, awayMs: number, seed: number): Storm {
  const random = seeded(seed)
  let inVain = 0
  const backMs = Array.from({ length: clients }, () => {
    const own = random()
    let at = 0
    for (let n = 0; ; n++) {
      at += policy(n, random, own)
      if (at >= awayMs) return at - awayMs
      inVain++
    }
  }).sort((a, b) => a - b)
  let most = 0
  for (let from = 0, to = 0; to < clients; to++) {
    while ((backMs[to] as number) - (backMs[from] as number) >= 1_000) from++
    most = Math.max(most, to - from + 1)
  }
  return { peak: most / clients, lastMs: backMs.at(-1) as number, inVain: inVain / clients }
}

const percent = (part: number) => `${(part * 100).toFixed(1)} %`
const range = (policy: Policy, n: number) => {
  const random = seeded(n + 1)
  const waits = Array.from({ length: 4_000 }, () => policy(n, random, random()) / 1_000)
  const [least, most] = [Math.min(...waits).toFixed(1), Math.max(...waits).toFixed(1)]
  return least === most ? least : `${least}–${most}`
}

const aways = [1_000, 5_000, 20_000, 60_000, 300_000]

describe('a server that is gone for 60 s', () => {
  const rows = Object.entries(policies).map(([name, policy]) => ({ name, policy, ...storm(policy, 60_000, 1) }))
  const of = (name: string) => rows.find((row) => row.name.startsWith(name)) as (typeof rows)[number]

  it('is come back to by no more than a tenth of the fleet in any second, and by all within 45 s (L9)', () => {
    console.info(
      [
        'Waits before the attempts 1, 2, …, s',
        ...rows.map(
          ({ name, policy }) => `  ${name.padEnd(30)}${Array.from({ length: 8 }, (_, n) => range(policy, n).padStart(10)).join('')}`,
        ),
        `\n${clients} clients, the server gone for 60 s`,
        `  ${''.padEnd(30)}${'most in a second'.padStart(18)}${'all back, s'.padStart(14)}${'attempts in vain'.padStart(18)}`,
        ...rows.map(
          ({ name, peak, lastMs, inVain }) =>
            `  ${name.padEnd(30)}${percent(peak).padStart(18)}${(lastMs / 1_000).toFixed(1).padStart(14)}${inVain.toFixed(1).padStart(18)}`,
        ),
        `\nMost in a second after ${aways.map((ms) => `${ms / 1_000} s`).join(', ')}`,
        ...rows.map(
          ({ name, policy }) => `  ${name.padEnd(30)}${aways.map((ms) => percent(storm(policy, ms, 1).peak).padStart(10)).join('')}`,
        ),
      ].join('\n'),
    )
    for (let seed = 1; seed <= 20; seed++) {
      const { peak, lastMs } = storm(policies.chatloom as Policy, 60_000, seed)
      expect(peak).toBeLessThanOrEqual(0.1)
      expect(lastMs).toBeLessThanOrEqual(45_000)
    }
  })

  it('is pressed harder by those who wait in step', () => {
    expect(of('socket.io').peak).toBeGreaterThan(0.1)
    expect(of('partysocket').peak).toBe(1)
  })
})

it('a fleet that was drained comes back evenly, in the order of the hints', () => {
  // As the server spreads them: 250 a second.
  const hinted: Policy = (_, random, own) => waitMs(0, random(), 1_000 + own * 20_000)
  expect(storm(hinted, 0, 1).peak).toBeLessThanOrEqual(0.1)
  expect(storm((_, random) => waitMs(0, random(), 1_000), 0, 1).peak).toBe(1)
})
