import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './system-clock.js'

describe('the chance of the machine', () => {
  afterEach(() => vi.restoreAllMocks())

  it('spreads over [0, 1) and reaches both ends of it', () => {
    const counts = new Array<number>(32).fill(0)
    for (let i = 0; i < 32_000; i++) {
      const drawn = systemClock.roll()
      expect(drawn).toBeGreaterThanOrEqual(0)
      expect(drawn).toBeLessThan(1)
      counts[Math.floor(drawn * 32)] = (counts[Math.floor(drawn * 32)] as number) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(250)
  })

  it('asks the system once for many draws', () => {
    const ask = vi.spyOn(crypto, 'getRandomValues')
    for (let i = 0; i < 40_960; i++) systemClock.roll()
    expect(ask).toHaveBeenCalledTimes(10)
  })
})
