/** How the queue is handed to the link (R12, R14, R16, R17), and what reload, retry and discard make of it (R11, R13). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore, welcomeFrame } from '../../../test/fakes/driven-core.js'
import { ack, echo, live, openedFrame, openWith, reject, requestOf, row, send } from '../../../test/fakes/wire-frames.js'
import { backoffCapMs } from '../../ports/backoff.js'
import { orderedRows } from '../../storage/memory/ordered-rows.js'
import * as bounds from '../bounds.js'
import * as timing from '../timing.js'
import type { Entry } from './entry.js'

const operations = (core: DrivenCore) =>
  core.sent('operation').map(({ localId, after, try: count }) => `${localId}${after === undefined ? '' : ` after ${after}`} #${count}`)
const arms = (core: DrivenCore, id = 'c') => core.conversation(id).entries.map(({ localId, arm }) => `${localId} ${arm.kind}`)

describe('L6 R12: order', () => {
  it('`after` names the one sent just before and still unsettled, chosen when it is handed over', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    send(core, 'b')
    core.hear(ack('a', 5), ack('b', 5))
    send(core, 'c')
    expect(operations(core)).toEqual(['a #1', 'b after a #1', 'c #1'])
  })

  it('after a lost link the queue goes again in order, with a fresh `after`', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    send(core, 'b')
    core.offline()
    expect(arms(core)).toEqual(['a queued', 'b queued'])
    core.forget()
    core.wait(1_000)
    core.online()
    core.hear(openedFrame(requestOf(core, 'open'), 5, 5))
    expect(operations(core)).toEqual(['a #2', 'b after a #2'])
  })

  it('waits for the disk, but for nothing where rows live in memory and nobody is promised them', () => {
    const core = live(drivenCore(), 5)
    core.hold()
    send(core, 'a')
    expect(arms(core)).toEqual(['a saving'])
    core.release()
    core.dispatch({ kind: 'disk-state', state: { kind: 'memory', cacheBytes: 1_000_000 } })
    core.hold()
    send(core, 'b')
    expect(arms(core)).toEqual(['a inflight', 'b inflight'])
    expect(core.stored(['o'])).toHaveLength(1)
    core.release()
    expect(core.stored(['o'])).toHaveLength(2)
    expect(arms(core)).toEqual(['a inflight', 'b inflight'])
  })

  it('out-of-order: it and all behind return and go again once the predecessor is settled', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b', 'c']) send(core, localId)
    core.forget()
    core.hear(reject('b', { code: 'out-of-order' }))
    expect(arms(core)).toEqual(['a inflight', 'b queued', 'c queued'])
    core.hear(echo(6, 'a'))
    expect(operations(core)).toEqual(['b #2', 'c after b #2'])
  })

  it('a final rejection returns everything behind it', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b', 'c']) send(core, localId)
    core.forget()
    core.hear(reject('a', { final: true, code: 'forbidden' }))
    expect(arms(core)).toEqual(['a failed', 'b inflight', 'c inflight'])
    expect(operations(core)).toEqual(['b #2', 'c after b #2'])
  })

  it('R14: a passing failure holds the queue for a while', () => {
    const core = live(drivenCore(), 5)
    for (const localId of ['a', 'b']) send(core, localId)
    core.forget()
    core.hear(reject('a', { code: 'rate-limited', retryAfterMs: 3_000 }))
    send(core, 'c')
    expect(arms(core)).toEqual(['a queued', 'b queued', 'c queued'])
    core.wait(2_999)
    expect(operations(core)).toEqual([])
    core.wait(1_000)
    expect(operations(core)).toEqual(['a #2', 'b after a #2', 'c after b #1'])
  })

  it('R14: what was not answered in time goes with the next link at once, what was refused in passing when it may', () => {
    const core = live(drivenCore(), 5)
    core.roll = 1
    const nextLink = () => {
      core.forget()
      core.offline()
      core.online()
      core.hear(openedFrame(requestOf(core, 'open'), 5, 5))
    }
    for (const localId of ['a', 'b']) send(core, localId)
    core.wait(timing.ackMs)
    expect(arms(core)).toEqual(['a queued', 'b queued'])
    nextLink()
    expect(operations(core)).toEqual(['a #2', 'b after a #2'])
    core.hear(reject('a', { try: 2, code: 'rate-limited', retryAfterMs: 3_000 }))
    nextLink()
    core.wait(3_999)
    expect(operations(core)).toEqual([])
    core.wait(1)
    expect(operations(core)).toEqual(['a #3', 'b after a #3'])
  })

  it('R33: a lost link leaves alone what was not handed to it', () => {
    const core = drivenCore()
    for (let n = 0; n < 9; n++) core.disk.put({ key: ['o', 'c', 'old', n], version: 'x', value: { localId: `m${n}`, content: n } })
    live(core, 5)
    const last = core.entry('m8')
    core.offline()
    expect(core.entry('m8')).toBe(last)
  })

  it('nothing overtakes one that is still being saved', () => {
    const core = live(drivenCore(), 5)
    core.hold()
    send(core, 'a')
    core.release()
    core.hold()
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    send(core, 'b')
    expect(arms(core)).toEqual(['a saving', 'b saving'])
    core.release()
    expect(operations(core).at(-1)).toBe('b after a #1')
    expect(core.sent('operation').map(({ operation }) => operation.kind)).toEqual(['send', 'void', 'send'])
  })
})

describe('R17: the window', () => {
  it.each([
    [['after', 'idempotent'], 8, 8],
    [['after', 'idempotent'], 32, 32],
    [['after', 'idempotent'], 1_000, 32],
    [['after'], 8, 1],
    [['idempotent'], 8, 1],
  ])('with %j of features and a limit of %i holds %i', (features, window, size) => {
    const core = drivenCore()
    core.online({ features, limits: { ...welcomeFrame.limits, window } })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    openWith(core, 5)
    for (let i = 0; i < 40; i++) send(core, `m${i}`)
    expect(core.sent('operation')).toHaveLength(size)
    core.hear(ack('m0', 5))
    expect(core.sent('operation')).toHaveLength(size + 1)
  })

  it('counts what is in flight behind one that had failed and is taken back', () => {
    const core = drivenCore()
    const failed = { code: 'gave-up', final: false }
    core.disk.put({ key: ['o', 'c', 'old', 1], version: 'failed', value: { localId: 'failed', content: 1, failed } })
    live(core, 5)
    for (let i = 0; i < 8; i++) send(core, `m${i}`)
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'failed' })
    expect(arms(core)).toEqual(['failed queued', ...Array.from({ length: 8 }, (_, i) => `m${i} inflight`)])
    core.hear(ack('m0', 7))
    expect(arms(core)[0]).toBe('failed inflight')
  })

  it('R14: waiting for those behind it, it does not keep them from being asked for again in time', () => {
    const core = drivenCore()
    core.disk.put({ key: ['o', 'c', 'old', 1], version: 'x', value: { localId: 'failed', content: 1, failed: { code: 'gave-up' } } })
    live(core, 5)
    for (let i = 0; i < 8; i++) send(core, `m${i}`)
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'failed' })
    expect(arms(core)[0]).toBe('failed queued')
    core.wait(timing.ackMs)
    expect(arms(core).slice(0, 2)).toEqual(['failed inflight', 'm0 queued'])
  })

  it('L11: what is on its way behind an acknowledged one counts too', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(ack('a', 7))
    send(core, 'large', { bytes: bounds.unackedBytes })
    core.dispatch({ kind: 'set-typing', conversation: 'c', on: true })
    expect(core.sent('typing')).toEqual([])
  })

  it('L11: what one conversation hands over at once counts together', () => {
    const core = drivenCore()
    for (let i = 0; i < 12; i++) send(core, `m${i}`, { bytes: 32 * 1024 })
    core.online({ limits: { ...welcomeFrame.limits, window: 32 } })
    openWith(core, 5)
    expect(core.sent('operation')).toHaveLength(8)
  })

  it('L11: room is used by what did not fit, though the link was not full', () => {
    const core = live(drivenCore(), 5)
    core.dispatch({ kind: 'watch', conversation: 'x' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 0, { reset: 'first', conversation: 'x' }))
    send(core, 'a', { bytes: 200 * 1024 })
    send(core, 'b', { conversation: 'x', bytes: 100 * 1024 })
    expect(operations(core)).toEqual(['a #1'])
    core.hear(ack('a', 5))
    expect(operations(core)).toEqual(['a #1', 'b #1'])
  })

  it('L11: at most 256 KiB are unacknowledged on a link, over all conversations, and room is used at once', () => {
    const core = live(drivenCore(), 5)
    for (let i = 0; i < 12; i++) {
      core.dispatch({ kind: 'watch', conversation: `x${i}` })
      core.hear(openedFrame(requestOf(core, 'open'), 0, 0, { reset: 'first', conversation: `x${i}` }))
      send(core, `m${i}`, { conversation: `x${i}`, bytes: 32 * 1024 })
    }
    expect(core.sent('operation')).toHaveLength(8)
    core.hear(ack('m0', 1, { conversation: 'x0' }))
    expect(core.sent('operation').map(({ conversation }) => conversation)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => `x${i}`))
  })

  it('R17: above it typing is left out and receipts wait for room', () => {
    const core = live(drivenCore(), 5)
    core.dispatch({ kind: 'watch', conversation: 'x' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 0, { reset: 'first', conversation: 'x' }))
    send(core, 'large', { conversation: 'x', bytes: bounds.unackedBytes })
    core.forget()
    core.dispatch({ kind: 'set-typing', conversation: 'c', on: true })
    core.dispatch({ kind: 'mark-read', conversation: 'c' })
    expect([...core.sent('typing'), ...core.sent('receipt')]).toEqual([])
    core.hear(ack('large', 1, { conversation: 'x' }))
    expect(core.sent('receipt')).toMatchObject([{ conversation: 'c', read: 5 }])
    core.wait(timing.typingToldMs)
    core.dispatch({ kind: 'set-typing', conversation: 'c', on: true })
    expect(core.sent('typing')).toHaveLength(1)
  })

  it('one entry larger than the window still goes, alone', () => {
    const core = live(drivenCore(), 5)
    send(core, 'large', { bytes: bounds.unackedBytes + 1 })
    send(core, 'small')
    expect(operations(core)).toEqual(['large #1'])
  })
})

describe('R14: an operation that fails alone', () => {
  const failOnce = (core: DrivenCore) => {
    const { attempts } = core.entry('mine') as Entry
    core.hear(reject('mine', { try: attempts }))
    for (let waitedMs = 0; waitedMs < backoffCapMs; waitedMs += timing.pongMs) {
      core.hear({ type: 'pong', n: 0, heads: [] })
      core.wait(timing.pongMs)
    }
    core.hear({ type: 'inbox', request: requestOf(core, 'inbox'), next: 'i', more: false, rows: [], gone: [] })
  }

  it('gives up after ten failures while others settle, and a late echo still settles it', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.dispatch({ kind: 'watch', conversation: 'x' })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 0, { reset: 'first', conversation: 'x' }))
    for (let i = 1; i <= 10; i++) {
      send(core, `other${i}`, { conversation: 'x' })
      core.hear({ ...echo(i, `other${i}`, { index: i - 1 }), conversation: 'x' })
      expect(core.entry('mine')?.arm.kind).not.toBe('failed')
      failOnce(core)
    }
    expect(core.entry('mine')?.arm).toMatchObject({ kind: 'failed', code: 'gave-up', final: false })
    core.hear(echo(6, 'mine'))
    expect(core.entry('mine')).toBeUndefined()
  })

  it('never gives up while nothing else passes either', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    for (let i = 1; i <= 30; i++) failOnce(core)
    expect(core.entry('mine')?.arm.kind).not.toBe('failed')
  })
})

describe('R13: taking back and trying again', () => {
  it('a never transmitted entry goes at once, when that is on disk', () => {
    const core = drivenCore()
    core.dispatch({ kind: 'watch', conversation: 'c' })
    send(core, 'mine')
    core.hold()
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'mine' })
    expect(core.reports('discarded')).toEqual([])
    core.release()
    expect(core.reports('discarded')).toHaveLength(1)
    expect(core.stored(['o'])).toEqual([])
    expect(core.state().outbox).toMatchObject({ entries: 0, bytes: 0 })
  })

  it('L6: where no locks say who lives, another may have adopted it: it sends `void` in its place too', () => {
    const here = drivenCore({ lane: 'here', locks: false })
    here.dispatch({ kind: 'disk-state', state: { kind: 'disk', cacheBytes: 1_000_000 } })
    here.dispatch({ kind: 'watch', conversation: 'c' })
    for (const localId of ['a', 'b']) send(here, localId)
    const there = drivenCore({ disk: here.disk, lane: 'there', locks: false })
    there.dispatch({ kind: 'watch', conversation: 'c' })
    here.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    send(here, 'c')
    live(here, 5)
    expect(here.sent('operation').map(({ localId, operation }) => [localId, operation.kind])).toEqual([
      ['a', 'void'],
      ['b', 'send'],
      ['c', 'send'],
    ])
    live(there, 5)
    expect(there.sent('operation').map(({ localId }) => localId)).toEqual(['a', 'b'])
  })

  it('L2: one that may have landed sends `void` in its place, and shows what landed', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    send(core, 'b')
    core.forget()
    core.dispatch({ kind: 'discard', conversation: 'c', localId: 'a' })
    expect(core.sent('operation')).toMatchObject([{ localId: 'a', operation: { kind: 'void' } }])
    core.hear(ack('a', 6), echo(6, 'a'))
    expect(core.reports('discarded')).toEqual([])
    expect(arms(core)).toEqual(['b inflight'])
  })

  it('a retry goes to the end, under the same localId', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(reject('a', { final: true }))
    send(core, 'b')
    core.forget()
    core.dispatch({ kind: 'retry', conversation: 'c', localId: 'a' })
    expect(operations(core)).toEqual(['a after b #2'])
    expect(core.stored(['o']).map(({ version }) => version)).toEqual(['b', 'a'])
  })

  it('L1: a late echo leaves no outbox row behind, whatever was still to be written', () => {
    const core = live(drivenCore(), 5)
    send(core, 'a')
    core.hear(reject('a', { final: true }))
    core.wait(1_000)
    core.hold()
    send(core, 'other')
    core.dispatch({ kind: 'retry', conversation: 'c', localId: 'a' })
    core.hear(echo(6, 'a'))
    core.wait(1_000)
    core.release()
    core.wait(1_000)
    expect(core.stored(['o']).map(({ version }) => version)).toEqual(['other'])
  })
})

it('L1 R11: tried again while the disk fails, a row stays until the message is stored', () => {
  const core = live(drivenCore(), 5)
  send(core, 'a')
  core.hear(reject('a', { final: true }))
  core.wait(1_000)
  core.hold()
  core.dispatch({ kind: 'retry', conversation: 'c', localId: 'a' })
  core.dispatch({ kind: 'commit-failed', commit: core.state().disk.flight?.commit ?? 0, code: 'failed' })
  core.hear(echo(6, 'a'))
  expect(core.state().disk.waiting.map(({ writes }) => writes.map(({ kind }) => kind))).toEqual([['remove', 'put']])
  core.release()
  core.wait(60_000)
  expect(core.stored(['o'])).toEqual([])
})

describe('L1 R16: after a reload', () => {
  /** The disk of an instance that sent three and had one refused. */
  const leftBehind = () => {
    const writer = drivenCore({ lane: 'old' })
    writer.dispatch({ kind: 'watch', conversation: 'c' })
    for (const localId of ['a', 'b', 'failed']) send(writer, localId)
    writer.online()
    openWith(writer, 5)
    writer.hear(reject('failed', { final: true, code: 'too-large' }))
    return writer.disk
  }

  it('a lane that is free is adopted whole, in order, ahead of the own, each of unknown fate', () => {
    const core = drivenCore({ disk: leftBehind(), lane: 'new' })
    core.hold()
    send(core, 'own')
    core.release()
    expect(arms(core)).toEqual(['a queued', 'b queued', 'failed failed', 'own queued'])
    expect(core.conversation().entries.map(({ handed }) => handed)).toEqual([true, true, true, false])
    expect(core.state().outbox).toMatchObject({ entries: 4, bytes: 80 })
  })

  it('L6: one that landed from there lets nothing of the own lane overtake what was lost: `after` names the same lane', () => {
    const core = live(drivenCore({ disk: leftBehind(), lane: 'new', claim: () => false }), 5)
    send(core, 'lost')
    core.dispatch({ kind: 'lanes-claimed', lanes: ['old'] })
    send(core, 'next')
    expect(core.sent('operation').map(({ localId, after }) => [localId, after])).toEqual([
      ['lost', undefined],
      ['a', 'lost'],
      ['b', 'a'],
      ['next', 'lost'],
    ])
  })

  it('a lane that somebody holds is left alone', () => {
    const core = drivenCore({ disk: leftBehind(), lane: 'new', claim: () => false })
    core.dispatch({ kind: 'watch', conversation: 'c' })
    expect(arms(core)).toEqual([])
  })

  it('L5: what already stands in the log is not shown twice', () => {
    const reader = drivenCore({ disk: leftBehind(), lane: 'new' })
    reader.online()
    openWith(reader, 6, 6, { rows: [row(6, { author: 'me', localId: 'a' })], from: 5 })
    expect(arms(reader)[0]).toMatch(/^b /)
  })

  it('a damaged row stays on disk and is not sent', () => {
    const damaged = orderedRows()
    damaged.put({ key: ['o', 'c', 'old', 1], version: 'x', value: { localId: '' } })
    damaged.put({ key: ['o', 'c', 'old', 2], version: 'y', value: null })
    damaged.put({ key: ['o', 'c', 'old', 3], version: 'z', value: { localId: 'z', content: 1, failed: {} } })
    damaged.put({ key: ['r', 'c'], version: '', value: { epoch: 7 } })
    const core = drivenCore({ disk: damaged })
    core.dispatch({ kind: 'open-disk' })
    expect(core.reports('warning')).toHaveLength(2)
    expect(arms(core)).toEqual(['z failed'])
    expect(core.conversation().receipts.pending).toBeNull()
    expect(core.stored(['o'])).toHaveLength(3)
  })
})
