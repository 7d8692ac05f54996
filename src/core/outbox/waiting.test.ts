/** What keeps an operation from the link (L6, R12, R20), and what is no reason to. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { ack, live, openedFrame, requestOf, send } from '../../../test/fakes/wire-frames.js'
import * as timing from '../timing.js'

const operations = (core: DrivenCore) =>
  core.sent('operation').map(({ localId, after, try: count }) => `${localId}${after === undefined ? '' : ` after ${after}`} #${count}`)
const arms = (core: DrivenCore) => core.conversation().entries.map(({ localId, arm }) => `${localId} ${arm.kind}`)

describe('L6 R12: what waits', () => {
  it('R13: goes when what is taken back before it has gone, on a new link too', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b']) send(core, localId)
    core.hold()
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    core.offline()
    core.forget()
    core.wait(1_000)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 5, 5))
    expect(operations(core)).toEqual([])
    core.release()
    expect(operations(core)).toEqual(['a #2', 'b after a #2'])
  })

  it('goes behind `open`, not where that is still to be asked', () => {
    const core = live(drivenCore(), 5)
    core.offline()
    core.wait(1_000)
    core.online()
    core.hear({ type: 'failed', request: requestOf(core, 'open'), code: 'unavailable' })
    core.forget()
    send(core, 'a')
    expect(operations(core)).toEqual([])
    core.wait(timing.retryRequestMs)
    expect(operations(core)).toEqual(['a #1'])
  })

  it('R20: waits until the outbox is loaded, even where memory keeps the rows', () => {
    const core = drivenCore({ claim: null })
    core.disk.put({ key: ['o', 'c', 'old', 1], version: 'x', value: { localId: 'old', content: 1 } })
    core.dispatch({ kind: 'disk-state', state: { kind: 'memory', cacheBytes: 1_000_000 } })
    live(core, 5)
    send(core, 'a')
    expect(operations(core)).toEqual([])
    core.dispatch({ kind: 'lanes-claimed', lanes: ['old'] })
    expect(operations(core)).toEqual([])
    core.dispatch({ kind: 'lanes-claimed', lanes: [] })
    expect(operations(core)).toEqual(['old #1', 'a after old #1'])
  })

  it('R14: does not wait for a disk that takes nothing, nor press it', () => {
    const core = drivenCore()
    core.failCommits('failed')
    live(core, 5)
    send(core, 'a')
    const commits = core.effects('commit').length
    send(core, 'b')
    expect(operations(core)).toEqual(['a #1', 'b after a #1'])
    expect(core.effects('commit')).toHaveLength(commits)
  })

  it('is asked for again in time, also behind one that was acknowledged', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b']) send(core, localId)
    core.hear(ack('a', 7))
    core.wait(timing.ackMs)
    expect(arms(core)).toEqual(['a acked', 'b queued'])
  })
})

describe('R13: what is not here, or is being taken back already', () => {
  it.each(['retry', 'discard'] as const)('%s does nothing', (kind) => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    core.forget()
    for (const localId of ['a', 'nobody']) core.dispatch({ kind, conversation: 'c', localId })
    expect(operations(core)).toEqual([])
    expect(arms(core)).toEqual(['a inflight'])
  })

  it('what was sent behind one that another instance has taken back is not sent again: the server knows its predecessor', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b', 'c']) send(core, localId)
    core.forget()
    core.hear(ack('a', undefined))
    expect(core.reports('failed')).toMatchObject([{ localId: 'a', code: 'taken-back' }])
    expect(arms(core)).toEqual(['a failed', 'b inflight', 'c inflight'])
    expect(operations(core)).toEqual([])
  })

  it('one that the server never had leaves the disk, or fails for good where it was to be sent after all', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b']) send(core, localId)
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    core.hear(ack('a', undefined), ack('b', undefined))
    expect(core.reports('failed')).toMatchObject([{ localId: 'b', code: 'taken-back' }])
    expect(core.stored(['o']).map(({ version }) => version)).toEqual(['b'])
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'b' })
    expect(core.reports('discarded').map(({ localId }) => localId)).toEqual(['a', 'b'])
  })
})
