import { expect, it } from 'vitest'
import { drivenCore } from '../../../test/fakes/driven-core.js'
import { openedFrame, requestOf, row } from '../../../test/fakes/wire-frames.js'
import { itemOf } from './book.js'

it('R24: a conversation that is held and, for want of room, not followed is listed by its summary', () => {
  const core = drivenCore()
  core.online({ limits: { followed: 1, window: 8, contentBytes: 32_768, pageRows: 100 } })
  core.hear({ type: 'inbox', request: requestOf(core, 'inbox'), next: 'i1', more: false, rows: [], gone: [] })
  for (const conversation of ['c', 'd']) {
    core.dispatch({ kind: 'watch', conversation })
    if (conversation === 'c') core.dispatch({ kind: 'unwatch', conversation })
    core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'first', conversation }))
    core.wait(3_000)
  }
  expect(core.sent('unfollow').map(({ conversation }) => conversation)).toEqual(['c'])
  const told = (n: number, next: string, prev: string) =>
    core.hear({
      type: 'inbox',
      prev,
      next,
      more: false,
      gone: [],
      rows: [
        {
          conversation: 'c',
          epoch: 'e1',
          rev: n,
          head: n,
          last: row(n, { at: n }),
          unread: { count: n, more: false },
          read: 0,
          profile: {},
          people: [],
        },
      ],
    })
  told(5, 'i2', 'i1')
  core.wait(10_000)
  expect(itemOf(core.state().inbox.book, 'c')).toMatchObject({ last: { seq: 5 }, unread: 5 })
})
