/**
 * The shell around the core: it hands in events one at a time, runs the effects, keeps one timer, and gathers the
 * frames of a tick into one step (R33). It decides nothing.
 */
import type { CoreEvent, Effect, Report } from '../core/event.js'
import type { ChatState } from '../core/state.js'
import { step } from '../core/step.js'
import type { Clock } from '../ports/clock.js'
import type { Storage, StorageError, StorageErrorCode } from '../ports/storage.js'
import type { Link, LinkClosed, Transport } from '../ports/transport.js'
import type { ServerFrame } from '../protocol/frames.js'

/** Its `then` is the next microtask, and cheaper in Node than `queueMicrotask`. */
const settled = Promise.resolve()

export interface Shell {
  state(): ChatState
  dispatch(event: CoreEvent): void
  /** Ends timer and link at once, also from within a step; later events are dropped. */
  stop(): void
}

export interface ShellParts {
  readonly initial: ChatState
  readonly transport: Transport
  readonly clock: Clock
  /** Called at the first need. */
  readonly storage: () => Storage
  readonly claimLane: (lane: string) => Promise<boolean>
  /** After every step that changed the state. */
  readonly changed: () => void
  readonly report: (report: Report) => void
  readonly answer: (call: number, code: string | undefined) => void
  /** At every wake, before the tick. */
  readonly woke: () => void
  /** The core broke one of its invariants; nothing more is done. */
  readonly fault: (error: unknown) => void
}

export function createShell(parts: ShellParts): Shell {
  const { clock } = parts
  const queue: CoreEvent[] = []
  let state = parts.initial
  let running = false
  let stopped = false
  let timer: { readonly atMs: number; readonly cancel: () => void } | null = null
  const carrier: Carrier = { link: null }

  const dispatch = (event: CoreEvent) => {
    if (stopped) return
    queue.push(event)
    if (running) return
    running = true
    try {
      for (let next = queue.shift(); next && !stopped; next = queue.shift()) run(next)
    } catch (error) {
      stop()
      parts.fault(error)
      parts.changed()
    } finally {
      running = false
    }
  }

  const run = (event: CoreEvent) => {
    const [next, effects] = step(state, event, { nowMs: clock.now(), wallMs: clock.wall(), roll: clock.roll() })
    const changed = next !== state
    state = next
    for (const effect of effects) perform(effect, parts, carrier, dispatch)
    if (changed) parts.changed()
    arm()
  }

  /** One timer for the earliest deadline; one that is set earlier is left to fire and look again. */
  const arm = () => {
    const atMs = state.wakeAtMs
    if (stopped || atMs === Number.POSITIVE_INFINITY || (timer && timer.atMs <= atMs)) return
    timer?.cancel()
    timer = { atMs, cancel: clock.timer(atMs, wake) }
  }

  const wake = () => {
    timer = null
    parts.woke()
    if (clock.now() >= state.wakeAtMs) dispatch({ kind: 'tick' })
    else arm()
  }

  const stop = () => {
    stopped = true
    timer?.cancel()
    timer = null
    carrier.link?.close()
    carrier.link = null
  }

  return { state: () => state, dispatch, stop }
}

/** The one link there is. */
interface Carrier {
  link: Link | null
}

type Dispatch = (event: CoreEvent) => void

function perform(effect: Effect, parts: ShellParts, carrier: Carrier, dispatch: Dispatch): void {
  switch (effect.kind) {
    case 'open':
      carrier.link = openLink(parts.transport, effect.link, dispatch)
      return
    case 'close':
      carrier.link?.close()
      carrier.link = null
      return
    case 'transmit':
      for (const frame of effect.frames) carrier.link?.send(frame)
      return
    case 'load':
      return load(effect, parts.storage(), dispatch)
    case 'commit':
      return commit(effect, parts.storage(), dispatch)
    case 'claim-lanes':
      void Promise.all(effect.lanes.map((lane) => parts.claimLane(lane))).then((free) =>
        dispatch({ kind: 'lanes-claimed', lanes: effect.lanes.filter((_, i) => free[i]) }),
      )
      return
    case 'answer':
      return parts.answer(effect.call, effect.code)
    case 'report':
      return parts.report(effect.report)
  }
}

function load({ ask, ranges }: Extract<Effect, { kind: 'load' }>, storage: Storage, dispatch: Dispatch): void {
  void Promise.all(ranges.map((range) => storage.read(range))).then(
    (found) => dispatch({ kind: 'disk-rows', ask, rows: found.flat() }),
    () => dispatch({ kind: 'disk-unreadable', ask }),
  )
}

function commit(
  { commit: number, writes, durability, expect }: Extract<Effect, { kind: 'commit' }>,
  storage: Storage,
  dispatch: Dispatch,
): void {
  void storage.commit(writes, { durability, expect }).then(
    () => dispatch({ kind: 'committed', commit: number }),
    (error: Partial<StorageError>) => dispatch({ kind: 'commit-failed', commit: number, code: codeOf(error), key: error.key }),
  )
}

function codeOf({ code }: Partial<StorageError>): StorageErrorCode {
  return code === 'conflict' || code === 'full' || code === 'closed' ? code : 'failed'
}

/** Frames of one tick become one event; what came before a close is taken before it. */
function openLink(transport: Transport, number: number, dispatch: Dispatch): Link {
  let frames: ServerFrame[] = []
  let ended = false
  const flush = () => {
    if (frames.length === 0) return
    const taken = frames
    frames = []
    dispatch({ kind: 'link-frames', link: number, frames: taken })
  }
  return transport.open({
    opened: () => dispatch({ kind: 'link-opened', link: number }),
    frame(frame) {
      if (ended) return
      frames.push(frame)
      if (frames.length === 1) void settled.then(flush)
    },
    closed(why: LinkClosed) {
      if (ended) return
      ended = true
      flush()
      dispatch({ kind: 'link-closed', link: number, why })
    },
  })
}
