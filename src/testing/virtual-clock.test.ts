import { describe, expect, it } from 'vitest'
import { seeded } from './seeded.js'
import { virtualClock } from './virtual-clock.js'

describe('virtual clock', () => {
  it('runs timers by time, then by creation, each at its own time', () => {
    const clock = virtualClock()
    const ran: string[] = []
    const note = (name: string) => () => ran.push(`${name}@${clock.now()}`)
    clock.timer(20, note('late'))
    clock.timer(10, note('first'))
    clock.timer(10, note('second'))
    clock.timer(31, note('beyond'))
    clock.advance(30)
    expect(ran).toEqual(['first@10', 'second@10', 'late@20'])
    expect(clock.now()).toBe(30)
    expect(clock.pending()).toBe(1)
  })

  it('runs timers that running timers make, within the same advance when they fall due', () => {
    const clock = virtualClock({ startMs: 5 })
    const ran: number[] = []
    const again = () => {
      ran.push(clock.now())
      clock.timer(clock.now() + 10, again)
    }
    clock.timer(0, again)
    clock.advance(25)
    expect(ran).toEqual([5, 15, 25])
  })

  it('takes a cancelled timer out, and cancels once', () => {
    const clock = virtualClock()
    const ran: string[] = []
    const cancel = clock.timer(10, () => ran.push('cancelled'))
    clock.timer(10, () => ran.push('kept'))
    cancel()
    cancel()
    clock.advance(10)
    expect(ran).toEqual(['kept'])
  })

  it('jumps to the next timer and says when there is none', () => {
    const clock = virtualClock()
    clock.timer(1e9, () => {})
    expect(clock.runNext()).toBe(true)
    expect(clock.now()).toBe(1e9)
    expect(clock.runNext()).toBe(false)
  })

  it('keeps wall time in step with now', () => {
    const clock = virtualClock()
    const before = clock.wall()
    clock.advance(1_234)
    expect(clock.wall() - before).toBe(1_234)
  })

  it('refuses to go back', () => {
    expect(() => virtualClock().advance(-1)).toThrow(RangeError)
    expect(() => virtualClock().timer(Number.NaN, () => {})).toThrow(RangeError)
  })

  it('survives a throwing timer with the rest in place', () => {
    const clock = virtualClock()
    const ran: string[] = []
    clock.timer(1, () => {
      throw new Error('boom')
    })
    clock.timer(2, () => ran.push('after'))
    expect(() => clock.advance(5)).toThrow('boom')
    clock.advance(5)
    expect(ran).toEqual(['after'])
  })

  it('rolls the same numbers for the same seed, spread over [0, 1)', () => {
    const one = virtualClock({ seed: 7 })
    const other = seeded(7)
    const rolls = Array.from({ length: 10_000 }, () => one.roll())
    expect(rolls).toEqual(Array.from({ length: 10_000 }, other))
    expect(rolls.every((roll) => roll >= 0 && roll < 1)).toBe(true)
    expect(rolls.reduce((sum, roll) => sum + roll) / rolls.length).toBeCloseTo(0.5, 1)
    expect(virtualClock({ seed: 8 }).roll()).not.toBe(rolls[0])
  })
})
