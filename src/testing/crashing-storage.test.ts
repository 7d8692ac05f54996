import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommitOptions, Storage } from '../ports/storage.js'
import { type CrashingStorage, crashingStorage } from './crashing-storage.js'
import { seeded } from './seeded.js'
import { storageSuite } from './storage-suite.js'
import { virtualClock } from './virtual-clock.js'

const ada = { user: 'ada' }
const open = (world: CrashingStorage): Storage => world.factory(ada, { state() {} })
const relaxed: CommitOptions = { durability: 'relaxed' }
const strict: CommitOptions = { durability: 'strict' }
const numbers = async (storage: Storage) => (await storage.read({ prefix: ['n'] })).map((row) => row.key[1])
const commit = (storage: Storage, n: number, how: CommitOptions) =>
  storage.commit(
    ['n', 'twin'].map((side) => ({ kind: 'put', row: { key: [side, n], version: 'v', value: n } })),
    how,
  )

describe('crashing storage', () => {
  const setUp = () => {
    const world = crashingStorage(seeded(1))
    const crash = () => {
      world.crash()
      return world.factory
    }
    return { factory: world.factory, reopen: () => world.factory, crash }
  }
  for (const { name, run } of storageSuite(setUp)) it(name, run)

  it('keeps after a crash a beginning of what was committed, whole, and all that a strict commit promised', async () => {
    const fates = { tailLost: 0, inFlightLanded: 0 }
    const how = fc.constantFrom(relaxed, relaxed, strict)
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(how, { maxLength: 12 }),
      fc.array(how, { maxLength: 4 }),
      async (seed, done, late) => {
        const world = crashingStorage(seeded(seed))
        const before = open(world)
        for (const [n, durability] of done.entries()) await commit(before, n, durability)
        for (const [at, durability] of late.entries()) void commit(before, done.length + at, durability)
        world.crash()
        const after = open(world)
        const left = await numbers(after)
        expect(left).toEqual([...left.keys()])
        expect((await after.read({ prefix: ['twin'] })).map((row) => row.key[1])).toEqual(left)
        expect(left.length).toBeGreaterThanOrEqual(done.lastIndexOf(strict) + 1)
        if (left.length < done.length) fates.tailLost++
        if (left.length > done.length) fates.inFlightLanded++
      },
    )
    await fc.assert(property, { numRuns: 300, seed: 7 })
    expect(fates.tailLost).toBeGreaterThan(20)
    expect(fates.inFlightLanded).toBeGreaterThan(20)
  })

  it('never settles a promise of a dead handle, and takes no call from it', async () => {
    const world = crashingStorage(seeded(1))
    const dead = open(world)
    const settled: string[] = []
    const watch = (name: string, promise: Promise<unknown>) =>
      promise.then(
        () => settled.push(name),
        () => settled.push(name),
      )
    void watch('before', commit(dead, 0, strict))
    world.crash()
    void watch('after', commit(dead, 99, strict))
    void watch('read', dead.read({ prefix: [] }))
    const alive = open(world)
    await commit(alive, 50, strict)
    expect(await numbers(alive)).not.toContain(99)
    expect(settled).toEqual([])
  })

  it('fails the next commit as asked, once, and writes nothing of it', async () => {
    const world = crashingStorage(seeded(1))
    const storage = open(world)
    world.failNext('full')
    await expect(commit(storage, 0, strict)).rejects.toMatchObject({ code: 'full' })
    await commit(storage, 1, strict)
    expect(await numbers(storage)).toEqual([1])
    expect(world.counts).toEqual({ crashes: 0, lost: 0, landed: 0, failed: 1 })
  })

  it('stalls until it resumes, and works off what waited in order', async () => {
    const clock = virtualClock()
    const world = crashingStorage(seeded(1), { schedule: (step) => clock.timer(clock.now() + 5, step) })
    const storage = open(world)
    world.stall()
    const first = commit(storage, 0, strict)
    const read = numbers(storage)
    clock.advance(100)
    expect(world.certain(ada)).toEqual([])
    world.resume()
    clock.advance(5)
    await first
    expect(await read).toEqual([0])
    expect(world.certain(ada)).toHaveLength(2)
  })

  it('tells the same story for the same seed', async () => {
    const story = async (seed: number) => {
      const world = crashingStorage(seeded(seed))
      const told: unknown[] = []
      for (let n = 0; n < 30; n++) {
        for (let k = 0; k < 5; k++) await commit(open(world), n * 10 + k, k === 2 ? strict : relaxed)
        void commit(open(world), n * 10 + 5, strict)
        world.crash()
        told.push(await numbers(open(world)))
      }
      return told
    }
    expect(await story(3)).toEqual(await story(3))
    expect(await story(3)).not.toEqual(await story(4))
  })
})
