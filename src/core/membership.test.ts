/** A conversation that is gone: nothing in it waits for a link that will never carry it. */
import { expect, it } from 'vitest'
import { drivenCore } from '../../test/fakes/driven-core.js'
import { live, requestOf, send } from '../../test/fakes/wire-frames.js'
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
