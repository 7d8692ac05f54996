/**
 * Frames drawn from the schemas and spoiled, at both ends: nothing throws, nothing rejects, no prototype changes, no lie
 * breaks what is shown, and no client harms another. How long the slowest text took is printed.
 *   npm run soak -- fuzz --frames 5000000 --seed 1
 */
import type { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { clientFrame, serverFrame } from '../../src/protocol/schemas.js'
import { hostileLife } from './hostile-client.js'
import { lyingLife } from './lying-server.js'
import { newTally, report, type Tally } from './tally.js'
import { type Texts, textsOf } from './texts.js'

const frames = Number(process.env.FRAMES ?? 50_000)
const first = Number(process.env.SEED ?? 1)
const textsOfLife = 1_000
/** Few texts say nothing of speed: what loops as often as a frame says takes much longer still. */
const mostCpuMs = process.env.FRAMES === undefined ? 1_000 : 50

const ends = [
  ['client', serverFrame, lyingLife],
  ['server', clientFrame, hostileLife],
] as const satisfies readonly (readonly [string, z.ZodType, (texts: Texts, count: number, tally: Tally) => Promise<void>])[]

const prototypes = () =>
  [Object, Array, String, Number, Map, Promise, Function].map(({ prototype }) => Reflect.ownKeys(prototype).map(String))

describe('frames from the schemas', () => {
  it.each(ends)('are accepted by the schema where nothing was done to them: %s', (_, schema) => {
    const texts = textsOf(first, schema)
    for (let i = 0; i < 2_000; i++) expect(schema.safeParse(texts.right()).error?.issues).toBeUndefined()
  })

  it.each(ends)('do a %s no harm, however they are spoiled', { timeout: 36_000_000 }, async (name, schema, live) => {
    const tally = newTally()
    const rejections: unknown[] = []
    const rejected = (why: unknown) => rejections.push(why)
    process.on('unhandledRejection', rejected)
    const before = prototypes()
    const start = performance.now()
    for (let seed = first; tally.texts < frames / ends.length; seed++) {
      await live(textsOf(seed, schema), textsOfLife, tally).catch((error: Error) => {
        throw new Error(`Again: npm run soak -- fuzz --frames 1 --seed ${seed}\n${error.stack}`)
      })
      expect([rejections, prototypes()]).toEqual([[], before])
    }
    process.off('unhandledRejection', rejected)
    process.stdout.write(`${report(name, tally, (performance.now() - start) / 1_000)}\n`)
    expect(tally.accepted).toBeGreaterThan(tally.texts / 5)
    expect(tally.slowestCpuMs).toBeLessThan(mostCpuMs)
  })
})
