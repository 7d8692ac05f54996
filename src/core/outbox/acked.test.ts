/** What was acknowledged and has not been seen in the log (R3, R11, R12): by this link, by another, by a server that was restored. */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { ack, echo, live, openedFrame, openWith, reject, requestOf, row, rows, send } from '../../../test/fakes/wire-frames.js'

const arms = (core: DrivenCore) => core.conversation().entries.map(({ localId, arm }) => `${localId} ${arm.kind}`)
const operations = (core: DrivenCore) => core.sent('operation').map(({ localId, after }) => [localId, after])

/** The answer of the `open` under way, up to this place. */
const answer = (core: DrivenCore, to: number, more: Parameters<typeof openedFrame>[3] = {}) =>
  core.hear(openedFrame(requestOf(core, 'open'), 5, to, more))

const relinked = (core: DrivenCore) => {
  core.offline()
  core.forget()
  core.wait(1_000)
  core.online()
}

describe('R11: acknowledged on this link', () => {
  it('holds nothing behind it', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ack('a', 7))
    send(core, 'b')
    expect(arms(core)).toEqual(['a acked', 'b inflight'])
  })

  it('is not asked for again while the log is short of it', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ack('a', 7))
    answer(core, 6)
    expect([arms(core), operations(core)]).toEqual([['a acked'], [['a', undefined]]])
  })

  it('is settled when the log has come there, whatever it shows', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ack('a', 7))
    send(core, 'b')
    answer(core, 7, { rows: [] })
    expect(arms(core)).toEqual(['b inflight'])
    core.wait(1_000)
    expect(core.stored(['o']).map(({ version }) => version)).toEqual(['b'])
  })

  it('before the first `open` is answered it counts too', () => {
    const core = drivenCore()
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    send(core, 'a')
    core.hear(ack('a', 7))
    expect(arms(core)).toEqual(['a acked'])
  })
})

describe('R3 R12: acknowledged on another link', () => {
  it('holds what is behind it until the log has been asked', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ack('a', 7))
    send(core, 'b')
    relinked(core)
    expect([arms(core), operations(core)]).toEqual([['a acked', 'b queued'], []])
    answer(core, 7, { own: [{ localId: 'a', seq: 7 }] })
    expect([arms(core), operations(core)]).toEqual([['b inflight'], [['b', undefined]]])
  })

  it('and not in the log, it is asked for again, and nothing else is', () => {
    const core = live(drivenCore(), 5)
    send(core, 'before')
    for (const localId of ['a', 'failed']) send(core, localId)
    core.hear(ack('a', 7), reject('failed', { final: true, code: 'forbidden' }))
    relinked(core)
    expect(arms(core)).toEqual(['before inflight', 'a acked', 'failed failed'])
    answer(core, 6)
    expect(arms(core)).toEqual(['before inflight', 'a inflight', 'failed failed'])
    expect(operations(core)).toEqual([
      ['before', undefined],
      ['a', 'before'],
    ])
  })
})

describe('R3: acknowledged under another epoch than the one held', () => {
  it('before the reset says so, it is asked for again as soon as it does, with what is in flight beside it', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b', 'c']) send(core, localId)
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'b' })
    relinked(core)
    core.forget()
    core.hear(ack('a', 3, { epoch: 'e2' }), ack('b', undefined, { epoch: 'e2' }))
    expect([arms(core), operations(core)]).toEqual([['a inflight', 'b inflight', 'c inflight'], []])
    core.hear(openedFrame(core.conversation().log.catchUp?.request ?? 0, 5, 9, { reset: 'epoch', epoch: 'e2' }))
    expect(operations(core)).toEqual([
      ['a', undefined],
      ['b', 'a'],
      ['c', 'b'],
    ])
    core.hear(ack('a', 3, { epoch: 'e2' }), ack('b', undefined, { epoch: 'e2' }), ack('c', 4, { epoch: 'e2' }))
    expect(arms(core)).toEqual([])
  })

  it('and settled by the reset, it is not', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    relinked(core)
    core.hear(ack('a', 9, { epoch: 'e2' }))
    const rows = [6, 7, 8, 9].map((seq) => row(seq, seq === 9 ? { author: 'me', localId: 'a' } : {}))
    answer(core, 9, { reset: 'epoch', epoch: 'e2', rows })
    expect([arms(core), operations(core)]).toEqual([[], [['a', undefined]]])
  })

  it('on a living link, it says that what is held has ended: the log is asked at once', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    core.forget()
    core.hear(ack('a', undefined, { epoch: 'e2' }))
    expect([arms(core), core.sent('open')]).toMatchObject([['a inflight'], [{ position: { epoch: 'e1', seq: 5 } }]])
    answer(core, 3, { from: 0, reset: 'epoch', epoch: 'e2', rows: rows(1, 3) })
    core.hear(ack('a', undefined, { epoch: 'e2' }))
    expect([arms(core), core.reports('discarded')]).toMatchObject([[], [{ localId: 'a' }]])
  })

  it('what is in flight while the log is first read is not sent twice', () => {
    const core = drivenCore()
    core.online()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    send(core, 'a')
    openWith(core, 5)
    expect([arms(core), operations(core)]).toEqual([['a inflight'], [['a', undefined]]])
  })
})

describe('R12: out of order', () => {
  it('behind an acknowledged one: the server forgot it, and is asked for it again', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b']) send(core, localId)
    core.hear(ack('a', 7))
    core.forget()
    core.hear(reject('b', { code: 'out-of-order' }))
    expect(operations(core)).toEqual([
      ['a', undefined],
      ['b', 'a'],
    ])
  })

  it('the one before it is asked for again, also with one between that failed', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'failed', 'b']) send(core, localId)
    core.hear(ack('a', 7), reject('failed', { final: true, code: 'forbidden' }))
    core.forget()
    core.hear(reject('b', { try: 2, code: 'out-of-order' }))
    expect(operations(core)).toEqual([
      ['a', undefined],
      ['b', 'a'],
    ])
  })

  it('R16: the one before it is that of its lane, and for the first of a lane the one before of any', () => {
    const core = live(drivenCore(), 5)
    const adopt = (localId: string, n: number) => {
      core.disk.put({ key: ['o', 'c', 'old', n], version: 'x', value: { localId, content: 1 } })
      core.dispatch({ kind: 'lanes-claimed', lanes: ['old'] })
    }
    send(core, 'first')
    core.hear(ack('first', 7))
    adopt('a', 1)
    core.forget()
    core.hear(reject('a', { code: 'out-of-order' }))
    expect(operations(core)).toEqual([
      ['first', undefined],
      ['a', 'first'],
    ])
    send(core, 'other')
    core.hear(ack('a', 8), ack('other', 9))
    adopt('b', 2)
    core.forget()
    core.hear(reject('b', { code: 'out-of-order' }))
    expect(operations(core)).toEqual([
      ['a', 'first'],
      ['b', 'a'],
    ])
  })

  it('of what is not here is ignored', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(reject('nobody', { code: 'out-of-order' }))
    expect(arms(core)).toEqual(['a inflight'])
  })
})

describe('R16: adopted late', () => {
  it('stands behind what was acknowledged here', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ack('a', 7))
    core.disk.put({ key: ['o', 'c', 'old', 1], version: 'x', value: { localId: 'old', content: 1 } })
    core.dispatch({ kind: 'lanes-claimed', lanes: ['old'] })
    expect(arms(core)).toEqual(['a acked', 'old inflight'])
  })
})

describe('R11: what is told of it', () => {
  it('the row as the log has it, and how long it took', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b']) send(core, localId)
    core.wait(700)
    const theirs = echo(7, 'a', { author: 'ann' })
    core.hear(echo(6, 'a', { content: 'as stored' }), theirs, echo(8, 'b'))
    expect(core.reports('sent').map(({ entry, tookMs, row }) => [entry.localId, tookMs, row.seq])).toEqual([
      ['a', 700, 6],
      ['b', 700, 8],
    ])
  })

  it('an echo of an operation that is not here harms none that is', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(echo(6, 'of another device'), echo(7, 'a', { author: 'ann' }))
    expect(arms(core)).toEqual(['a inflight'])
  })

  it('L1: settled, it takes no waiting row of another with it', () => {
    const core = live(drivenCore(), 5)
    core.hold()
    for (const localId of ['first', 'a', 'b']) send(core, localId)
    core.hear(echo(6, 'a'))
    core.release()
    core.wait(1_000)
    expect(core.stored(['o']).map(({ version }) => version)).toEqual(['first', 'b'])
  })
})
