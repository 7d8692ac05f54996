/** What becomes of single texts on their way in one direction of one link. */
import type { Clock } from '../../ports/clock.js'
import type { Direction } from './control.js'
import type { FrameFaultName, FrameFaults } from './frame-faults.js'

export interface FrameControl {
  readonly clock: Clock
  readonly roll: () => number
  readonly faults: () => FrameFaults
  readonly count: (name: FrameFaultName) => void
}

export interface TextLane {
  /** `deliver` is called never, once or twice, now or later; `lost` where it will never be. */
  pass(text: string, deliver: (text: string) => void, lost?: () => void): void
  /** Delivers what is held back, and takes nothing more. */
  end(): void
}

/** A text that was to come behind the next one comes alone where none follows for so long. */
const holdMs = 100

export function createTextLane({ clock, roll, faults, count }: FrameControl, direction: Direction, over: 'websocket' | 'http'): TextLane {
  let releaseHeld = () => {}
  let isHolding = false

  const hits = (share: number | undefined, name: FrameFaultName): boolean => {
    const isHit = share !== undefined && roll() < share
    if (isHit) count(name)
    return isHit
  }

  function hold(deliver: () => void) {
    isHolding = true
    const cancel = clock.timer(clock.now() + holdMs, () => releaseHeld())
    releaseHeld = () => {
      cancel()
      isHolding = false
      releaseHeld = () => {}
      deliver()
    }
  }

  return {
    pass(text, deliver, lost = () => {}) {
      const now = faults()
      if (!isMeant(now, text, direction, over)) {
        deliver(text)
        return releaseHeld()
      }
      if (hits(now.drop, 'drop')) return lost()
      const said = hits(now.corrupt, 'corrupt') ? corrupted(text, roll) : text
      if (!isHolding && hits(now.reorder, 'reorder')) return hold(() => deliver(said))
      deliver(said)
      if (hits(now.duplicate, 'duplicate')) deliver(said)
      releaseHeld()
    },
    end: () => releaseHeld(),
  }
}

function isMeant({ direction, over, which }: FrameFaults, text: string, way: Direction, carrier: 'websocket' | 'http'): boolean {
  return (direction ?? way) === way && (over ?? carrier) === carrier && (which === undefined || which(text, way))
}

/** One character becomes U+0000, which stands nowhere in JSON: damage that a reader can always see. */
function corrupted(text: string, roll: () => number): string {
  const at = Math.floor(roll() * text.length)
  return `${text.slice(0, at)}\u0000${text.slice(at + 1)}`
}
