/** A conversation that is gone: nothing in it waits for a link that will never carry it. */
import { describe, expect, it } from 'vitest'
import { drivenCore } from '../../test/fakes/driven-core.js'
import { ack, echo, live, requestOf, said, send } from '../../test/fakes/wire-frames.js'
import type { InboxRow } from '../protocol/frames.js'

const left = { type: 'left', conversation: 'c', seq: 6, why: 'removed' } as const

it('R27: what was unsent fails; tried again it fails again and does not stay queued', () => {
  const core = live(drivenCore(), 5)
  send(core, 'mine')
  core.hear(left)
  expect(core.entry('mine')?.arm).toMatchObject({ kind: 'failed', code: 'conversation-gone' })
  core.dispatch({ kind: 'retry', conversation: 'c', localId: 'mine' })
  expect(core.entry('mine')?.arm).toMatchObject({ kind: 'failed', code: 'conversation-gone' })
  expect(core.reports('failed')).toHaveLength(2)
})

it('R27: what was reported sent stays so', () => {
  const core = live(drivenCore(), 5)
  send(core, 'mine')
  core.hear({ type: 'ack', conversation: 'c', localId: 'mine', epoch: core.conversation().log.epoch, seq: 9 }, left)
  expect(core.entry('mine')?.arm.kind).toBe('acked')
})

it('R8 R27: after a link was lost the whole list is asked for: a backup may know nothing of the leaving, and the conversation is back', () => {
  const core = live(drivenCore(), 5)
  const list = (next: string, rows: readonly InboxRow[] = []) =>
    core.hear({ type: 'inbox', request: requestOf(core, 'inbox'), next, more: false, rows, gone: [] })
  list('i1')
  core.hear(left)
  const again = () => {
    core.offline()
    core.wait(1_000)
    core.forget()
    core.online()
    return core.sent('inbox').map(({ cursor }) => cursor)
  }
  expect(again()).toEqual([undefined])
  list('i0', [{ conversation: 'c', epoch: 'e1', rev: 1, head: 5, unread: { count: 0, more: false }, read: 0, profile: {}, people: [] }])
  expect([core.conversation().log.state, core.sent('open').length]).toEqual(['ready', 1])
  expect(again()).toEqual(['i0'])
})

describe('R13 R27: what is taken back where the conversation is gone', () => {
  const ids = (core: ReturnType<typeof drivenCore>) => core.conversation().entries.map(({ localId }) => localId)
  const discard = (core: ReturnType<typeof drivenCore>) => core.dispatch({ kind: 'discard', conversation: 'c', localId: 'mine' })
  /** Failed, for the conversation is gone. */
  function failedIn(handed: boolean) {
    const core = live(drivenCore(), 5)
    if (!handed) core.offline()
    send(core, 'mine')
    core.wait(5_000)
    if (!handed) core.online()
    core.hear(left)
    expect(core.entry('mine')?.arm).toMatchObject({ kind: 'failed', code: 'conversation-gone' })
    return core
  }

  it.each([true, false])('goes, and its row with it; handed over before: %s', (handed) => {
    const core = failedIn(handed)
    discard(core)
    core.wait(1_000)
    expect([ids(core), core.stored(['o'])]).toEqual([[], []])
    expect(core.reports('discarded')).toHaveLength(1)
  })

  it('goes where it was refused for good before', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    core.hear({ type: 'reject', conversation: 'c', localId: 'mine', try: 1, code: 'too-large', final: true }, left)
    discard(core)
    expect(ids(core)).toEqual([])
  })

  it('goes where its `void` was on its way', () => {
    const core = live(drivenCore(), 5)
    send(core, 'mine')
    discard(core)
    expect(ids(core)).toEqual(['mine'])
    core.hear(left)
    core.wait(1_000)
    expect([ids(core), core.stored(['o']), core.reports('failed')]).toEqual([[], [], []])
  })

  it('goes while the disk fails, and its row once the disk writes again', () => {
    const core = failedIn(true)
    core.failCommits('failed')
    discard(core)
    core.wait(1_000)
    expect(ids(core)).toEqual([])
    core.failCommits(null)
    core.wait(60_000)
    expect(core.stored(['o'])).toEqual([])
  })
})

it('L1 R27: what had settled before it was gone is stored with its log, and after a reload it is not taken for unsent', () => {
  const core = live(drivenCore(), 5)
  // Just written: the next write waits.
  core.hear(said(6))
  core.wait(10)
  send(core, 'mine')
  core.hear(echo(7, 'mine'), ack('mine', 7), left)
  core.wait(10_000)
  expect(core.stored(['o'])).toEqual([])
  const next = drivenCore({ disk: core.disk, lane: 'next' })
  next.dispatch({ kind: 'watch', conversation: 'c' })
  next.online()
  next.hear({ type: 'failed', request: requestOf(next, 'open'), code: 'not-found' })
  expect([next.conversation().entries, next.reports('failed')]).toEqual([[], []])
  expect(next.conversation().log.tail.rows.at(-1)?.localId).toBe('mine')
})
