/** Following: what a server's lower limit means for many conversations (R24). */
import { expect, it } from 'vitest'
import { drivenCore, welcomeFrame } from '../../../test/fakes/driven-core.js'
import { openedFrame } from '../../../test/fakes/wire-frames.js'

const watch = (core: ReturnType<typeof drivenCore>, ...ids: readonly string[]) => {
  for (const conversation of ids) core.dispatch({ kind: 'watch', conversation })
}
const opened = (core: ReturnType<typeof drivenCore>) => core.sent('open').map(({ conversation }) => conversation)

it('R24: asks to follow no more than the server allows, and wakes for nothing it may not do', () => {
  const core = drivenCore()
  core.online({ limits: { ...welcomeFrame.limits, followed: 2 } })
  watch(core, 'a', 'b', 'c')
  expect(opened(core)).toEqual(['a', 'b'])
  expect(core.state().wakeAtMs).toBeGreaterThan(core.nowMs())
})

it('R24: lets go of what nobody watches for what somebody does', () => {
  const core = drivenCore()
  core.online({ limits: { ...welcomeFrame.limits, followed: 2 } })
  watch(core, 'a', 'b')
  for (const { request, conversation } of core.sent('open')) core.hear(openedFrame(request, 0, 3, { conversation, reset: 'first' }))
  core.forget()
  watch(core, 'c')
  expect(opened(core)).toEqual([])
  core.dispatch({ kind: 'unwatch', conversation: 'b' })
  core.dispatch({ kind: 'unwatch', conversation: 'c' })
  watch(core, 'c')
  expect(core.sent('unfollow')).toEqual([{ type: 'unfollow', conversation: 'b' }])
  expect(opened(core)).toEqual(['c'])
})
