/**
 * One recorded link, played: what the server said is said as far as the questions before it have been asked. What a client says without
 * waiting for an answer (receipts, typing, pings) depends on its timers and is not waited for.
 */
import type { Clock } from '../../ports/clock.js'
import type { Link, LinkClosed, LinkEvents } from '../../ports/transport.js'
import type { ClientFrame } from '../../protocol/frames.js'
import { idsOf } from './ids.js'
import type { SentFrame, Step } from './lines.js'

export interface Play {
  readonly steps: readonly Step[]
  /** The step that comes next. */
  at: number
}

export interface Stage {
  readonly to: LinkEvents
  readonly clock: Clock | undefined
  /** Local ids of this client, by the recorded ones. Of all links. */
  readonly names: Map<string, string>
}

const questions = new Set(['hello', 'open', 'history', 'inbox', 'operation'])
/** Questions that wait for the recording to come to them. */
const mostAsked = 1_000

/** The server's part, and what has to be asked for it. What comes after the client has given up the link is not the server's. */
export function playOf(steps: readonly Step[]): Play {
  const end = steps.findIndex(({ event }) => event === 'close')
  const matters = (step: Step) => (step.event === 'up' ? questions.has(step.frame.type) : step.event !== 'open' && step.event !== 'full')
  return { steps: steps.slice(0, end < 0 ? undefined : end).filter(matters), at: 0 }
}

export function playLink(play: Play, { to, clock, names }: Stage): Link {
  let phase: 'opening' | 'open' | 'closed' = 'opening'
  let isWaiting = false
  let cancel = () => {}
  const asked: ClientFrame[] = []
  const ids = idsOf(names)

  function end(why: LinkClosed) {
    if (phase === 'closed') return
    phase = 'closed'
    cancel()
    queueMicrotask(() => to.closed(why))
  }

  /** Goes on until a question is missing or a pause begins. */
  function goOn() {
    while (!isWaiting && phase !== 'closed') {
      const step = play.steps[play.at]
      if (!step) return
      if (step.event !== 'up') return pause(step)
      const found = asked.findIndex((frame) => isSame(frame, step.frame))
      const [frame] = found < 0 ? [] : asked.splice(found, 1)
      if (!frame) return
      ids.match(step.frame, frame)
      play.at += 1
    }
  }

  function pause(step: Step) {
    isWaiting = true
    const run = () => {
      isWaiting = false
      if (phase === 'closed') return
      play.at += 1
      tell(step)
      goOn()
    }
    const ms = step.ms - (play.steps[play.at - 1]?.ms ?? step.ms)
    if (clock) cancel = clock.timer(clock.now() + ms, run)
    else queueMicrotask(run)
  }

  function tell(step: Step) {
    if (step.event === 'opened' && phase === 'opening') {
      phase = 'open'
      to.opened()
    }
    if (step.event === 'down' && phase === 'open') to.frame(ids.retold(step.frame))
    if (step.event === 'closed') end(step.why)
  }

  goOn()
  return {
    send(frame) {
      if (phase !== 'open') return
      if (frame.type === 'ping') return queueMicrotask(() => phase === 'open' && to.frame({ type: 'pong', n: frame.n, heads: [] }))
      if (questions.has(frame.type) && asked.length < mostAsked) asked.push(frame)
      goOn()
    },
    close: () => end({ band: 'retry', code: 'closed' }),
  }
}

function isSame(frame: ClientFrame, recorded: SentFrame): boolean {
  return frame.type === recorded.type && ('conversation' in frame ? frame.conversation : undefined) === recorded.conversation
}
