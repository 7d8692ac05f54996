/**
 * One direction of a link: first in, first out, unless a fault says otherwise. Its end comes after what it carries, or cuts it off.
 */
import type { Chance } from './chance.js'
import type { Journal } from './journal.js'
import type { Plan } from './plan.js'
import type { Time } from './time.js'

export interface PipeParts<Frame> {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  /** False while the world heals: no fault comes any more. */
  readonly stormy: () => boolean
  /** How much longer than planned a frame takes now. */
  readonly slowMs: () => number
  readonly deliver: (frame: Frame) => void
  /** What cannot be read arrives instead. */
  readonly garbled: () => void
  /** One word for the trace. */
  readonly name: (frame: Frame) => string
}

export interface Pipe<Frame> {
  push(frame: Frame): void
  /** From now on nothing arrives, and nobody is told. */
  silence(): void
  /** Runs `ended` when everything on its way has arrived, or drops it all and runs `ended` at once. */
  end(how: 'after' | 'now', ended: () => void): void
  /** Nothing arrives any more. */
  stop(): void
  isSilent(): boolean
}

export function pipe<Frame>(parts: PipeParts<Frame>): Pipe<Frame> {
  const { time, chance, journal, plan, stormy, deliver, garbled, name } = parts
  const { clock } = time
  let lastDueMs = 0
  let waiting = 0
  let silent = false
  let stopped = false

  const carry = (frame: Frame, dueMs: number, arrive: (frame: Frame) => void = deliver) => {
    waiting += 1
    time.later(Math.max(0, dueMs - clock.now()), () => {
      waiting -= 1
      if (stopped || silent) return journal.fired('frame lost in a dead link')
      time.beat()
      journal.note(name(frame))
      arrive(frame)
    })
  }

  const push = (frame: Frame) => {
    if (stopped) return
    if (silent) return journal.fired('frame lost in a dead link')
    const { rates } = plan
    const faulty = stormy()
    if (faulty && chance.hit(rates.drop)) {
      journal.note(`lost ${name(frame)}`)
      return journal.fired('frame dropped')
    }
    const dueMs = dueOf(parts, lastDueMs, faulty)
    if (faulty && chance.hit(rates.garble)) {
      journal.fired('frame garbled')
      lastDueMs = dueMs
      return carry(frame, dueMs, garbled)
    }
    if (faulty && chance.hit(rates.overtake)) {
      journal.fired('frame overtaken')
      return carry(frame, dueMs + chance.int(1, 400))
    }
    lastDueMs = dueMs
    carry(frame, dueMs)
    if (faulty && chance.hit(rates.double)) {
      journal.fired('frame doubled')
      carry(frame, dueMs + chance.pick([0, 3, 300]))
    }
  }

  return {
    push,
    silence() {
      silent = true
    },
    end(how, ended) {
      if (how === 'now' && waiting > 0) {
        stopped = true
        journal.fired('frame lost in a dead link', waiting)
      }
      time.later(how === 'now' ? 0 : Math.max(0, lastDueMs - clock.now()), () => {
        stopped = true
        time.beat()
        ended()
      })
    },
    stop() {
      stopped = true
    },
    isSilent: () => silent,
  }
}

/** When a frame arrives if nothing overtakes it: never before what went before it. */
function dueOf(
  { time, chance, journal, plan, slowMs }: Omit<PipeParts<never>, 'deliver' | 'name'>,
  lastMs: number,
  faulty: boolean,
): number {
  const { rates, latencyMs, jitterMs } = plan
  const dueMs = time.clock.now() + latencyMs + Math.floor(chance.roll() * jitterMs) + slowMs()
  if (!faulty || !chance.hit(rates.holdBack)) return Math.max(lastMs, dueMs)
  journal.fired('frame held back')
  return Math.max(lastMs, dueMs + chance.int(2_000, 25_000))
}
