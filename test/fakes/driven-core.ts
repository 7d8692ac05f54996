/**
 * The core with its hands tied: a test hands in plain events and reads state, frames and reports. Rows go to a real
 * memory disk within the step, unless the disk is held; time moves only by `wait`.
 */
import type { CoreEvent, Effect, Report } from '../../src/core/event.js'
import { initialState } from '../../src/core/initial.js'
import type { Entry } from '../../src/core/outbox/entry.js'
import type { ChatState, Config, ConversationState } from '../../src/core/state.js'
import { step } from '../../src/core/step.js'
import * as bounds from '../../src/core/bounds.js'
import type { Key, Row, StorageErrorCode } from '../../src/ports/storage.js'
import type { LinkFrame } from '../../src/ports/transport.js'
import type { ClientFrame, Welcome } from '../../src/protocol/frames.js'
import { commitRows } from '../../src/storage/memory/commit-rows.js'
import { type OrderedRows, orderedRows } from '../../src/storage/memory/ordered-rows.js'

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>
type EffectOf<K extends Effect['kind']> = Extract<Effect, { kind: K }>
type ReportOf<K extends Report['kind']> = Extract<Report, { kind: K }>

export interface DrivenCore {
  state(): ChatState
  /** The conversation `c`, or another. Throws where it is not in memory. */
  conversation(id?: string): ConversationState
  entry(localId: string): Entry | undefined
  dispatch(event: CoreEvent): void
  /** Frames of the last link that was opened. */
  hear(...frames: readonly LinkFrame[]): void
  /** Moves time; every deadline on the way is looked at once. */
  wait(ms: number): void
  nowMs(): number
  /** Chance of the following steps. Default 0.5. */
  roll: number

  /** Frames sent since the last `forget`, of one kind. */
  sent<T extends ClientFrame['type']>(type: T): FrameOf<T>[]
  effects<K extends Effect['kind']>(kind: K): EffectOf<K>[]
  reports<K extends Report['kind']>(kind: K): ReportOf<K>[]
  forget(): void

  /** The rows on disk; one disk may serve several cores. */
  readonly disk: OrderedRows
  stored(prefix: Key): Row[]
  /** From now on commits and loads wait for `release`. */
  hold(): void
  release(): void
  /** Every commit from now on fails so; null: no more. */
  failCommits(code: StorageErrorCode | null): void

  /** Disk and link: read, opened, welcomed. */
  online(welcome?: Partial<Welcome>): void
  offline(): void
}

export interface DrivenCoreOptions extends Partial<Config> {
  readonly disk?: OrderedRows
  /** Is this lane of another instance free? Default yes; null: nobody answers. */
  readonly claim?: ((lane: string) => boolean) | null
}

export const welcomeFrame: Welcome = {
  type: 'welcome',
  version: 1,
  user: 'me',
  time: 1_000_000,
  heartbeatMs: 25_000,
  limits: { followed: 50, window: 8, contentBytes: 32_768, pageRows: 100 },
  features: ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox'],
}

const defaults: Config = {
  user: 'me',
  lane: 'lane',
  conversations: bounds.conversations,
  delivered: 'received',
  locks: true,
}

export function drivenCore({ disk = orderedRows(), claim = () => true, ...config }: DrivenCoreOptions = {}): DrivenCore {
  let state = initialState({ ...defaults, ...config })
  let nowMs = 0
  let happened: Effect[] = []
  /** Commits and loads in the order they were asked for. */
  const queue: Effect[] = []
  let held = false
  let draining = false
  let failing: StorageErrorCode | null = null

  const dispatch = (event: CoreEvent) => {
    const [next, effects] = step(state, event, { nowMs, wallMs: 1_000_000 + nowMs, roll: core.roll })
    state = next
    happened.push(...effects)
    for (const effect of effects) {
      if (effect.kind === 'load' || effect.kind === 'commit') queue.push(effect)
      if (effect.kind !== 'claim-lanes' || !claim) continue
      for (const lane of effect.lanes.filter(claim)) dispatch({ kind: 'lanes-claimed', lanes: [lane] })
      dispatch({ kind: 'lanes-claimed', lanes: [] })
    }
    drain()
  }

  const drain = () => {
    if (held || draining) return
    draining = true
    for (let next = queue.shift(); next; next = queue.shift()) performDisk(next)
    draining = false
  }

  const performDisk = (effect: Effect) => {
    if (effect.kind === 'load') {
      dispatch({ kind: 'disk-rows', ask: effect.ask, rows: effect.ranges.flatMap((range) => disk.read(range)) })
    } else if (effect.kind === 'commit') {
      const { commit, writes, expect } = effect
      if (failing) return dispatch({ kind: 'commit-failed', commit, code: failing })
      try {
        commitRows(disk, writes, expect)
      } catch (error) {
        const { code, key } = error as { code: StorageErrorCode; key?: Key }
        return dispatch({ kind: 'commit-failed', commit, code, key })
      }
      dispatch({ kind: 'committed', commit })
    }
  }

  const link = () => {
    const { session } = state
    return session.link ?? 0
  }

  const core: DrivenCore = {
    roll: 0.5,
    disk,
    state: () => state,
    conversation(id = 'c') {
      const slot = state.slots.get(id)
      const found = slot === undefined ? undefined : state.conversations[slot]
      if (!found) throw new Error(`${id} is not in memory.`)
      return found
    },
    entry: (localId) => state.conversations.flatMap(({ entries }) => entries).find((entry) => entry.localId === localId),
    dispatch,
    hear: (...frames) => dispatch({ kind: 'link-frames', link: link(), frames }),
    wait(ms) {
      const untilMs = nowMs + ms
      while (state.wakeAtMs <= untilMs) {
        const before = nowMs
        nowMs = Math.max(nowMs, state.wakeAtMs)
        dispatch({ kind: 'tick' })
        if (state.wakeAtMs <= before) throw new Error('The core wakes for a deadline that it does nothing about.')
      }
      nowMs = untilMs
    },
    nowMs: () => nowMs,
    sent<T extends ClientFrame['type']>(type: T) {
      const frames = core.effects('transmit').flatMap((effect) => effect.frames)
      return frames.filter((frame): frame is FrameOf<T> => frame.type === type)
    },
    effects<K extends Effect['kind']>(kind: K) {
      return happened.filter((effect): effect is EffectOf<K> => effect.kind === kind)
    },
    reports<K extends Report['kind']>(kind: K) {
      const all = core.effects('report').map((effect) => effect.report)
      return all.filter((report): report is ReportOf<K> => report.kind === kind)
    },
    forget() {
      happened = []
    },
    stored: (prefix) => disk.read({ prefix }),
    hold() {
      held = true
    },
    release() {
      held = false
      drain()
    },
    failCommits(code) {
      failing = code
    },
    online(welcome = {}) {
      dispatch({ kind: 'connect' })
      dispatch({ kind: 'link-opened', link: link() })
      core.hear({ ...welcomeFrame, time: 1_000_000 + nowMs, user: state.config.user, ...welcome })
    },
    offline: () => dispatch({ kind: 'link-closed', link: link(), why: { band: 'retry', code: 'network' } }),
  }
  return core
}
