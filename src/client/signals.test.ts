// @vitest-environment happy-dom
/** What the page tells becomes the core's signals, and nothing is listened to after `stop`. */
import { describe, expect, it, vi } from 'vitest'
import { virtualClock } from '../testing/virtual-clock.js'
import { listen } from './signals.js'

const event = (target: EventTarget, type: string) => target.dispatchEvent(new Event(type))
const visibility = (state: 'visible' | 'hidden') => vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)

function listening() {
  const told: string[] = []
  const clock = virtualClock()
  let shiftMs = 0
  const signals = listen({ ...clock, wall: () => clock.wall() + shiftMs }, (signal) => told.push(signal))
  const shift = (ms: number) => {
    shiftMs += ms
  }
  return { told, clock, signals, shift }
}

describe('signals', () => {
  it.each<[EventTarget, string, string]>([
    [window, 'online', 'online'],
    [window, 'offline', 'offline'],
    [window, 'pagehide', 'hidden'],
    [window, 'pageshow', 'resume'],
    [document, 'freeze', 'hidden'],
    [document, 'resume', 'resume'],
  ])('%s %s', (target, type, signal) => {
    const { told, signals } = listening()
    event(target, type)
    expect(told).toEqual([signal])
    signals.stop()
  })

  it('R23: visibility is told as it is, also at the start', () => {
    const state = visibility('hidden')
    const { told, signals } = listening()
    event(document, 'visibilitychange')
    state.mockReturnValue('visible')
    event(document, 'visibilitychange')
    expect(told).toEqual(['hidden', 'hidden', 'visible'])
    signals.stop()
    state.mockRestore()
  })

  it('a clock that jumps by more than 5 s is told once', () => {
    const { told, clock, signals, shift } = listening()
    clock.advance(60_000)
    signals.look()
    shift(5_000)
    signals.look()
    expect(told).toEqual([])
    shift(-5_001)
    signals.look()
    signals.look()
    expect(told).toEqual(['clock-jump'])
    signals.stop()
  })

  it('L11: after stop nothing is heard', () => {
    const { told, signals } = listening()
    signals.stop()
    for (const type of ['online', 'offline', 'pagehide', 'pageshow']) event(window, type)
    for (const type of ['visibilitychange', 'freeze', 'resume']) event(document, type)
    expect(told).toEqual([])
  })
})
