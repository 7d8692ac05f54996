/** A server that does not declare `idempotent`: what may have landed is not sent again but by `retry` (R13, R31). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore, welcomeFrame } from '../../../test/fakes/driven-core.js'
import { ack, echo, openedFrame, reject, requestOf, row, rows, send } from '../../../test/fakes/wire-frames.js'
import type { Opened } from '../../protocol/frames.js'
import * as timing from '../timing.js'

const features = welcomeFrame.features.filter((name) => name !== 'idempotent')
const states = (core: DrivenCore) =>
  core.conversation().entries.map(({ localId, arm }) => `${localId} ${'code' in arm ? arm.code : arm.kind}`)
const handed = (core: DrivenCore) =>
  core.sent('operation').map(({ localId, try: count, operation }) => `${localId} ${operation.kind} #${count}`)

/** The answer of the `open` under way: nothing new above 5. */
const answered = (core: DrivenCore, to = 5, more: Partial<Opened> = {}) => core.hear(openedFrame(requestOf(core, 'open'), 5, to, more))

/** Live at head 5, and nothing sent yet. */
function live(core: DrivenCore = drivenCore()): DrivenCore {
  core.online({ features })
  core.dispatch({ kind: 'watch', conversation: 'c' })
  core.hear(openedFrame(requestOf(core, 'open'), 0, 5, { reset: 'first' }))
  core.wait(1_000)
  return core
}

/** The link is lost and the next one welcomed; its `open` is not answered yet. */
function relinked(core: DrivenCore, welcome: readonly string[] = features): DrivenCore {
  core.offline()
  core.forget()
  core.wait(1_000)
  core.online({ features: welcome })
  return core
}

const commanded = (core: DrivenCore, kind: 'retry' | 'discard', localId = 'mine') => core.dispatch({ kind, conversation: 'c', localId })

/** `mine` in each arm, on a link that lives. */
const arms = {
  saving(core: DrivenCore) {
    core.hold()
    send(core, 'mine')
  },
  'refused in passing'(core: DrivenCore) {
    send(core, 'mine')
    core.hear(reject('mine', { retryAfterMs: 2_000 }))
  },
  'refused out of order'(core: DrivenCore) {
    send(core, 'mine')
    core.hear(reject('mine', { code: 'out-of-order' }))
  },
  inflight: (core: DrivenCore) => send(core, 'mine'),
  'acked beyond the head'(core: DrivenCore) {
    send(core, 'mine')
    core.hear(ack('mine', 7))
  },
  'failed for good'(core: DrivenCore) {
    send(core, 'mine')
    core.hear(reject('mine', { final: true, code: 'forbidden' }))
  },
  'being taken back'(core: DrivenCore) {
    send(core, 'mine')
    commanded(core, 'discard')
  },
}

describe('L2 R13 R31: the link is lost with an entry', () => {
  it.each<[keyof typeof arms, string[], string[]]>([
    ['saving', ['mine inflight'], ['mine send #1']],
    ['refused in passing', ['mine inflight'], ['mine send #2']],
    ['refused out of order', ['mine uncertain'], []],
    ['inflight', ['mine uncertain'], []],
    ['acked beyond the head', ['mine uncertain'], []],
    ['failed for good', ['mine forbidden'], []],
    ['being taken back', ['mine uncertain'], []],
  ])('%s, and the log has nothing of it: %j', (arm, state, operations) => {
    const core = live()
    arms[arm](core)
    relinked(core)
    answered(core, 7)
    core.release()
    core.wait(2_500)
    expect([states(core), handed(core)]).toEqual([state, operations])
  })

  it.each(Object.keys(arms) as (keyof typeof arms)[])('%s, and the log has it: settled, and never sent', (arm) => {
    const core = live()
    arms[arm](core)
    relinked(core)
    answered(core, 6, { own: [{ localId: 'mine', seq: 6 }] })
    core.release()
    expect([states(core), handed(core)]).toEqual([[], []])
  })
})

describe('L2 R31: what decides', () => {
  it('the log is read to its end first', () => {
    const core = live()
    send(core, 'mine')
    relinked(core)
    answered(core, 6, { head: 7, more: true })
    expect(states(core)).toEqual(['mine queued'])
    core.hear(openedFrame(requestOf(core, 'open'), 6, 7, { rows: [row(7, { author: 'me', localId: 'mine' })] }))
    expect([states(core), handed(core)]).toEqual([[], []])
  })

  it('an answer that falls short of what was heard of is none', () => {
    const core = live()
    send(core, 'mine')
    core.hear({ type: 'head', heads: [{ conversation: 'c', epoch: 'e1', seq: 6 }] })
    relinked(core)
    answered(core)
    expect(states(core)).toEqual(['mine queued'])
    core.forget()
    core.wait(timing.retryRequestMs + timing.hintPauseMs)
    answered(core, 6, { own: [{ localId: 'mine', seq: 6 }] })
    expect([states(core), handed(core)]).toEqual([[], []])
  })

  it('the features of the link it would go on: with `idempotent` it goes again', () => {
    const core = live()
    send(core, 'mine')
    relinked(core, welcomeFrame.features)
    answered(core)
    expect(handed(core)).toEqual(['mine send #2'])
  })

  it('a rejection, which says that it had no effect: it goes again by itself', () => {
    const core = live()
    core.roll = 0
    arms['refused in passing'](core)
    core.wait(2_000)
    expect(handed(core)).toEqual(['mine send #1', 'mine send #2'])
  })

  it('an acknowledgement that does not come in time is none on a living link too', () => {
    const core = live()
    send(core, 'mine')
    core.forget()
    core.wait(timing.ackMs)
    expect([states(core), handed(core)]).toEqual([['mine uncertain'], []])
    expect(core.reports('failed')).toMatchObject([{ localId: 'mine', code: 'uncertain' }])
  })

  it('a reset that does not show what was acknowledged', () => {
    const core = live()
    arms['acked beyond the head'](core)
    core.hear(openedFrame(requestOf(core, 'open'), 100, 200, { reset: 'too-old', rows: rows(101, 200) }))
    expect([states(core), handed(core)]).toEqual([['mine uncertain'], ['mine send #1']])
  })
})

describe('L6 R31: the lane', () => {
  it('has one in flight at a time, so that no more than one is in doubt, and goes on behind it', () => {
    const core = live()
    for (const localId of ['a', 'b', 'c']) send(core, localId)
    expect(handed(core)).toEqual(['a send #1'])
    relinked(core)
    expect(handed(core)).toEqual([])
    answered(core)
    expect(states(core)).toEqual(['a uncertain', 'b inflight', 'c queued'])
    core.hear(ack('b', 5))
    expect(handed(core)).toEqual(['b send #1', 'c send #1'])
  })

  it('L1: read from disk it is all in doubt, as nobody knows what was handed over; what is new goes', () => {
    const core = drivenCore()
    for (const [n, localId] of ['a', 'b'].entries())
      core.disk.put({ key: ['o', 'c', 'old', n], version: 'x', value: { localId, content: 1 } })
    core.hold()
    send(core, 'own')
    core.release()
    expect(states(core)).toEqual(['a queued', 'b queued', 'own queued'])
    live(core)
    expect([states(core), handed(core)]).toEqual([['a uncertain', 'b uncertain', 'own inflight'], ['own send #1']])
    const reloaded = live(drivenCore({ disk: core.disk, lane: 'next' }))
    expect(states(reloaded)).toEqual(['own uncertain', 'a uncertain', 'b uncertain'])
    expect(handed(reloaded)).toEqual([])
  })

  it('where no locks say who lives, one that was never handed over goes all the same', () => {
    const core = live(drivenCore({ locks: false }))
    send(core, 'mine')
    expect(handed(core)).toEqual(['mine send #1'])
  })
})

describe('R31: in doubt', () => {
  const inDoubt = () => {
    const core = live()
    send(core, 'mine')
    relinked(core)
    answered(core)
    core.forget()
    return core
  }

  it('`retry` hands it over once more, and puts it in doubt once more', () => {
    const core = inDoubt()
    commanded(core, 'retry')
    expect([states(core), handed(core)]).toEqual([['mine inflight'], ['mine send #2']])
    relinked(core)
    answered(core)
    expect([states(core), handed(core)]).toEqual([['mine uncertain'], []])
  })

  it('`discard` takes it out at once, and tells a server nothing that cannot know of it', () => {
    const core = inDoubt()
    commanded(core, 'discard')
    expect([states(core), handed(core), core.stored(['o'])]).toEqual([[], [], []])
  })

  it.each([
    ['a late echo', (core: DrivenCore) => core.hear(echo(6, 'mine'))],
    ['a late acknowledgement', (core: DrivenCore) => core.hear(ack('mine', 5))],
  ])('%s settles it', (_, comes) => {
    const core = inDoubt()
    comes(core)
    core.wait(1_000)
    expect([states(core), core.stored(['o'])]).toEqual([[], []])
    expect(core.reports('sent')).toHaveLength(1)
  })
})
