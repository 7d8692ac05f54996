/** A conversation that is gone: nothing in it waits for a link that will never carry it. */
import { expect, it } from 'vitest'
import { drivenCore } from '../../test/fakes/driven-core.js'
import { live, send } from '../../test/fakes/wire-frames.js'

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
