/** Every arm of an outbox entry against everything that can happen to it; a missing cell does not compile. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { ack, echo, live, openedFrame, reject, row, send } from '../../../test/fakes/wire-frames.js'
import type { Arm } from './entry.js'

/** Arms, with those a taken back or returned entry passes through told apart. */
type Situation = Arm['kind'] | 'taking-back'
type Input =
  | 'ack'
  | 'ack beyond head'
  | 'stale-epoch ack'
  | 'void ack'
  | 'final reject'
  | 'passing reject'
  | 'out-of-order'
  | 'reject of an earlier try'
  | 'deadline'
  | 'link lost'
  | 'echo'
  | 'catch-up own'
  | 'reset'
  | 'reset with it'
  | 'retry'
  | 'discard'
  | 'commit done'
  | 'commit failed'
  | 'left'

/** `settled`: it left, its message stands in the log. `discarded`: it left, nothing stands. `inflight again`: handed over anew. */
type Outcome = Situation | 'settled' | 'discarded' | 'inflight again'

/** A core live at head 5 with `mine` in the situation, its disk held. */
const situations: Record<Situation, () => DrivenCore> = {
  saving() {
    const core = live(drivenCore(), 5)
    core.hold()
    send(core, 'mine')
    return core
  },
  queued() {
    const core = live(drivenCore(), 5)
    core.roll = 0.9
    send(core, 'mine')
    core.hear(reject('mine', { retryAfterMs: 2_000 }))
    return core
  },
  inflight() {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    return core
  },
  acked() {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.hear(ack('mine', 7))
    return core
  },
  failed() {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.hear(reject('mine', { final: true, code: 'forbidden' }))
    return core
  },
  'taking-back'() {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'mine' })
    return core
  },
}

const inputs: Record<Input, (core: DrivenCore) => void> = {
  ack: (core) => core.hear(ack('mine', 5)),
  'ack beyond head': (core) => core.hear(ack('mine', 7)),
  'stale-epoch ack': (core) => core.hear(ack('mine', 5, { epoch: 'e0' })),
  'void ack': (core) => core.hear(ack('mine', undefined)),
  'final reject': (core) => core.hear(reject('mine', { try: tries(core), final: true, code: 'forbidden' })),
  'passing reject': (core) => core.hear(reject('mine', { try: tries(core) })),
  'out-of-order': (core) => core.hear(reject('mine', { try: tries(core), code: 'out-of-order' })),
  'reject of an earlier try': (core) => core.hear(reject('mine', { try: tries(core) - 1, final: true })),
  deadline: (core) => core.wait(10_000),
  'link lost': (core) => core.offline(),
  echo: (core) => core.hear(echo(6, 'mine')),
  'catch-up own': (core) => reopened(core, { own: [{ localId: 'mine', seq: 6 }] }),
  reset: (core) => reopened(core, { reset: 'too-old' }),
  'reset with it': (core) => reopened(core, { reset: 'too-old', own: [{ localId: 'mine', seq: 6 }] }),
  retry: (core) => core.dispatch({ kind: 'retry', conversation: 'c', localId: 'mine' }),
  discard: (core) => core.dispatch({ kind: 'discard', conversation: 'c', localId: 'mine' }),
  'commit done': (core) => core.release(),
  'commit failed'(core) {
    core.failCommits('failed')
    core.release()
  },
  left: (core) => core.hear({ type: 'left', conversation: 'c', seq: 6, why: 'removed' }),
}

function tries(core: DrivenCore): number {
  return core.entry('mine')?.attempts ?? 0
}

/** Something beyond the head is heard of, asked for, and answered up to 6. */
function reopened(core: DrivenCore, more: Parameters<typeof openedFrame>[3]): void {
  core.hear({ type: 'head', heads: [{ conversation: 'c', epoch: 'e1', seq: 6 }] })
  const request = core.conversation().log.catchUp?.request ?? 0
  core.hear(openedFrame(request, 5, 6, { rows: [], ...more }))
}

const table: Record<Situation, Record<Input, Outcome>> = {
  saving: {
    ack: 'settled',
    'ack beyond head': 'acked',
    'stale-epoch ack': 'saving',
    'void ack': 'failed',
    'final reject': 'saving',
    'passing reject': 'saving',
    'out-of-order': 'saving',
    'reject of an earlier try': 'saving',
    deadline: 'saving',
    'link lost': 'saving',
    echo: 'settled',
    'catch-up own': 'settled',
    reset: 'saving',
    'reset with it': 'settled',
    retry: 'saving',
    discard: 'taking-back',
    'commit done': 'inflight again',
    'commit failed': 'inflight again',
    left: 'failed',
  },
  queued: {
    ack: 'settled',
    'ack beyond head': 'acked',
    'stale-epoch ack': 'queued',
    'void ack': 'failed',
    'final reject': 'queued',
    'passing reject': 'queued',
    'out-of-order': 'queued',
    'reject of an earlier try': 'queued',
    deadline: 'inflight again',
    'link lost': 'queued',
    echo: 'settled',
    'catch-up own': 'settled',
    reset: 'queued',
    'reset with it': 'settled',
    retry: 'queued',
    discard: 'taking-back',
    'commit done': 'queued',
    'commit failed': 'queued',
    left: 'failed',
  },
  inflight: {
    ack: 'settled',
    'ack beyond head': 'acked',
    'stale-epoch ack': 'inflight',
    'void ack': 'failed',
    'final reject': 'failed',
    'passing reject': 'queued',
    'out-of-order': 'inflight again',
    'reject of an earlier try': 'inflight',
    deadline: 'queued',
    'link lost': 'queued',
    echo: 'settled',
    'catch-up own': 'settled',
    reset: 'inflight',
    'reset with it': 'settled',
    retry: 'inflight',
    discard: 'taking-back',
    'commit done': 'inflight',
    'commit failed': 'inflight',
    left: 'failed',
  },
  acked: {
    ack: 'acked',
    'ack beyond head': 'acked',
    'stale-epoch ack': 'acked',
    'void ack': 'acked',
    'final reject': 'acked',
    'passing reject': 'acked',
    'out-of-order': 'acked',
    'reject of an earlier try': 'acked',
    deadline: 'acked',
    'link lost': 'acked',
    echo: 'settled',
    'catch-up own': 'settled',
    reset: 'inflight again',
    'reset with it': 'settled',
    retry: 'acked',
    discard: 'acked',
    'commit done': 'acked',
    'commit failed': 'acked',
    left: 'acked',
  },
  failed: {
    ack: 'settled',
    'ack beyond head': 'acked',
    'stale-epoch ack': 'failed',
    'void ack': 'failed',
    'final reject': 'failed',
    'passing reject': 'failed',
    'out-of-order': 'failed',
    'reject of an earlier try': 'failed',
    deadline: 'failed',
    'link lost': 'failed',
    echo: 'settled',
    'catch-up own': 'settled',
    reset: 'failed',
    'reset with it': 'settled',
    retry: 'inflight again',
    discard: 'discarded',
    'commit done': 'failed',
    'commit failed': 'failed',
    left: 'failed',
  },
  'taking-back': {
    ack: 'settled',
    'ack beyond head': 'acked',
    'stale-epoch ack': 'taking-back',
    'void ack': 'discarded',
    'final reject': 'failed',
    'passing reject': 'taking-back',
    'out-of-order': 'taking-back',
    'reject of an earlier try': 'taking-back',
    deadline: 'taking-back',
    'link lost': 'taking-back',
    echo: 'settled',
    'catch-up own': 'settled',
    reset: 'taking-back',
    'reset with it': 'settled',
    retry: 'taking-back',
    discard: 'taking-back',
    'commit done': 'taking-back',
    'commit failed': 'taking-back',
    left: 'discarded',
  },
}

function outcome(core: DrivenCore): Outcome {
  const entry = core.entry('mine')
  if (!entry) return core.reports('discarded').length > 0 ? 'discarded' : 'settled'
  if (entry.voiding) return 'taking-back'
  if (entry.arm.kind === 'inflight' && core.sent('operation').length > 0) return 'inflight again'
  return entry.arm.kind
}

describe('L2 R11 R13 R14: an entry', () => {
  const cells = Object.entries(table).flatMap(([situation, cells]) =>
    Object.entries(cells).map(([input, result]) => [situation as Situation, input as Input, result] as const),
  )
  it.each(cells)('%s, %s: %s', (situation, input, result) => {
    const core = situations[situation]()
    core.forget()
    inputs[input](core)
    expect(outcome(core)).toBe(result)
  })

  it('L4 R11: acknowledged beyond the head it is sent, but takes its place only when the log reaches it', () => {
    const core = situations.inflight()
    const message = row(7, { author: 'me', localId: 'mine' })
    core.hear(ack('mine', 7, { message }))
    expect(core.reports('sent')).toMatchObject([{ row: { seq: 7 } }])
    expect(core.conversation().log.tail.rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    core.hear(openedFrame(core.conversation().log.catchUp?.request ?? 0, 5, 7, { rows: [row(6), message] }))
    expect(core.conversation().log.tail.rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(core.entry('mine')).toBeUndefined()
    expect(core.reports('sent')).toHaveLength(1)
  })

  it.each(Object.keys(table) as Situation[])('%s: an echo settles it once and its row leaves with the log', (situation) => {
    const core = situations[situation]()
    core.hear(echo(6, 'mine'))
    core.hear(ack('mine', 6))
    core.release()
    core.wait(1_000)
    expect(core.conversation().log.tail.rows.filter(({ localId }) => localId === 'mine')).toHaveLength(1)
    expect(core.stored(['o'])).toEqual([])
  })
})

it('R12 R17: asked for again after a reset, what is in flight behind goes again too, and never more than the window', () => {
  const core = live(drivenCore(), 5)
  for (let n = 0; n < 9; n++) send(core, `m${n}`)
  core.hear(ack('m0', 20))
  const request = core.conversation().log.catchUp?.request ?? 0
  core.hear(openedFrame(request, 0, 3, { reset: 'epoch', epoch: 'e2' }))
  const arms = core.conversation().entries.map(({ arm }) => arm.kind)
  expect(arms).toEqual([...Array.from({ length: 8 }, () => 'inflight'), 'queued'])
})
