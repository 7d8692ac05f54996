/**
 * The shell around the core: it hands in events one at a time, runs the effects, keeps one timer, and gathers the
 * frames of a tick into one step (R33). It decides nothing.
 */
import type { CoreEvent, Effect, Report } from '../core/event.js'
import type { ChatState } from '../core/state.js'
import { step } from '../core/step.js'
import { never } from '../core/timing.js'
import type { Clock } from '../ports/clock.js'
import type { Storage } from '../ports/storage.js'
import type { Link, LinkFrame, Transport } from '../ports/transport.js'
import { soon } from './soon.js'

export interface Shell {
  state(): ChatState
  dispatch(event: CoreEvent): void
  /** Ends timer and link at once, also from within a step; later events are dropped. */
  stop(): void
}

export interface ShellParts {
  readonly initial: ChatState
  readonly transport: Pick<Transport, 'open'>
  readonly clock: Clock
  /** Called at the first need. */
  readonly storage: () => Storage
  /** Resolves when it is known whether the lane is free now; each that is free, now or later, has been dispatched. */
  readonly claim: (lane: string) => Promise<void>
  /** After every step. */
  readonly changed: () => void
  readonly report: (report: Report) => void
  readonly answer: (call: number, code: Extract<Effect, { kind: 'answer' }>['code']) => void
  /** At every wake, before the tick. */
  readonly woke: () => void
  /** The core broke one of its invariants; nothing more is done. */
  readonly fault: (error: unknown) => void
}

type Dispatch = Shell['dispatch']

export function createShell(parts: ShellParts): Shell {
  const { clock, changed } = parts
  const queue: CoreEvent[] = []
  let state = parts.initial
  let link: Link | undefined
  let running = false
  let stopped = false
  let timerAtMs = never
  let cancelTimer = () => {}

  /** An event that comes while another runs waits behind it. */
  const dispatch: Dispatch = (event) => {
    if (running) queue.push(event)
    if (running || stopped) return
    running = true
    try {
      for (let next: CoreEvent | undefined = event; next && !stopped; next = queue.shift()) run(next)
    } catch (error) {
      stop()
      parts.fault(error)
    }
    running = false
    changed()
  }

  const run = (event: CoreEvent) => {
    const [next, effects] = step(state, event, { nowMs: clock.now(), wallMs: clock.wall(), roll: clock.roll() })
    state = next
    for (const effect of effects) perform(effect)
    arm()
  }

  const perform = (effect: Effect) => {
    if (effect.kind === 'open') link = openLink(parts.transport, effect.link, dispatch)
    else if (effect.kind === 'close') cut()
    else if (effect.kind === 'transmit') for (const frame of effect.frames) link?.send(frame)
    else if (effect.kind === 'report') parts.report(effect.report)
    else if (effect.kind === 'answer') parts.answer(effect.call, effect.code)
    else performStored(effect, parts, dispatch)
  }

  /** One timer for the earliest deadline; one that is set earlier is left to fire and look again. */
  const arm = () => {
    if (stopped || timerAtMs <= state.wakeAtMs) return
    cancelTimer()
    timerAtMs = state.wakeAtMs
    cancelTimer = clock.timer(timerAtMs, wake)
  }

  const wake = () => {
    timerAtMs = never
    parts.woke()
    if (clock.now() >= state.wakeAtMs) dispatch({ kind: 'tick' })
    else arm()
  }

  const stop = () => {
    dispatch({ kind: 'close' })
    stopped = true
    if (!planted.timerKept) cancelTimer()
    cut()
  }

  const cut = () => {
    link?.close()
    link = undefined
  }

  return { state: () => state, dispatch, stop }
}

function performStored(
  effect: Extract<Effect, { kind: 'load' | 'commit' | 'claim-lanes' }>,
  { storage, claim }: ShellParts,
  dispatch: Dispatch,
): void {
  if (effect.kind === 'load') {
    const { ask, ranges } = effect
    void Promise.all(ranges.map((range) => storage().read(range))).then(
      (found) => dispatch({ kind: 'disk-rows', ask, rows: found.flat() }),
      () => dispatch({ kind: 'disk-unreadable', ask }),
    )
  } else if (effect.kind === 'commit') {
    const { commit, writes } = effect
    void storage()
      .commit(writes, effect)
      .then(
        () => dispatch({ kind: 'committed', commit }),
        (error) => dispatch({ kind: 'commit-failed', commit, code: error?.code ?? 'failed', key: error?.key }),
      )
  } else {
    void Promise.all(effect.lanes.map(claim)).then(() => dispatch({ kind: 'lanes-claimed', lanes: [] }))
  }
}

/** Frames of one tick become one event; what came before a close is taken before it. */
function openLink(transport: ShellParts['transport'], link: number, dispatch: Dispatch): Link {
  const frames: LinkFrame[] = []
  const flush = () => {
    if (frames.length > 0) dispatch({ kind: 'link-frames', link, frames: frames.splice(0) })
  }
  return transport.open({
    opened: () => dispatch({ kind: 'link-opened', link }),
    frame(frame) {
      if (frames.push(frame) === 1) soon(flush)
    },
    closed(why) {
      flush()
      dispatch({ kind: 'link-closed', link, why })
    },
  })
}
