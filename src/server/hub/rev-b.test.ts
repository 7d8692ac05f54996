/** What is left out of a list because its reader follows the conversation must not be lost when that ends. */
import { expect, it } from 'vitest'
import { drivenCore } from '../../../test/fakes/driven-core.js'
import { drivenHub, open, send } from '../../../test/fakes/driven-hub.js'
import { drivenNodes, healedMs } from '../../../test/fakes/driven-nodes.js'
import { itemOf } from '../../core/inbox/book.js'
import type { ClientFrame } from '../../protocol/frames.js'

it('R24: what was told to a follower whose `unfollow` was on its way is in the list afterwards', async () => {
  const { link, put, settle } = drivenHub()
  await put(['ann', 'bob'])
  const [ann, bob] = [link('ann'), link('bob')]
  ann.say({ type: 'inbox', request: 1 }, open())
  await settle()
  ann.fresh()
  bob.say(send('x'))
  await settle()
  ann.say({ type: 'unfollow', conversation: 'c' })
  await settle()
  expect(ann.of('inbox').flatMap(({ rows }) => rows.map(({ last }) => last?.localId))).toEqual(['x'])
})

/** A real core over a real hub; what each says is handed over by hand. */
it.each(['arrives'])('R24: end to end: a message that crosses the eviction of its conversation is in the list, where the `unfollow` %s', async (fate) => {
  const { link, put, settle } = drivenHub()
  for (const id of ['c', 'd', 'e']) await put(['me', 'bob'], id)
  const bob = link('bob')
  const core = drivenCore({ conversations: 1 })
  let number = 0
  let me = link('me')
  let said = 0
  const begin = () => {
    me = link('me', { lane: 'lane', link: ++number })
    core.dispatch({ kind: 'connect' })
    core.dispatch({ kind: 'link-opened', link: core.state().session.phase === 'connecting' ? (core.state().session as { link: number }).link : 0 })
  }
  const up = () => {
    const frames = core.effects('transmit').flatMap((effect) => effect.frames) as ClientFrame[]
    for (const frame of frames.slice(said)) if (frame.type !== 'hello') me.say(frame)
    said = frames.length
  }
  const down = () => {
    const frames = me.frames.splice(0)
    if (frames.length) core.hear(...frames)
  }
  const quiet = async () => {
    for (let i = 0; i < 20; i++) {
      up()
      await settle()
      down()
    }
  }
  begin()
  await quiet()
  for (const kind of ['watch', 'unwatch'] as const) core.dispatch({ kind, conversation: 'c' })
  await quiet()
  core.wait(3_000)
  await quiet()
  // Told by the server, not here yet.
  bob.say(send('x', 'c'))
  await settle()
  // c gives way to d.
  core.dispatch({ kind: 'watch', conversation: 'd' })
  expect(core.sent('unfollow')).toHaveLength(1)
  if (fate === 'arrives') await quiet()
  bob.say(send('y', 'e'))
  await settle()
  down()
  if (fate === 'arrives') await quiet()
  const item = () => itemOf(core.state().inbox.book, 'c')
  const seen = [item()?.last?.localId, item()?.unread]
  core.dispatch({ kind: 'link-closed', link: (core.state().session as { link: number }).link, why: { band: 'retry', code: 'network' } })
  me.closed()
  said = core.effects('transmit').flatMap((effect) => effect.frames).length
  core.wait(1_000)
  begin()
  await quiet()
  core.wait(60_000)
  await quiet()
  if (fate === 'arrives') expect(seen).toEqual(['x', 1])
  expect([item()?.last?.localId, item()?.unread]).toEqual(['x', 1])
})

it.each(['lost', 'late'])('R24 R27: removed and taken in again while hints are %s, a follower on another node hears that it is a member', async (how) => {
  const { bus, link, pass, put, settle } = drivenNodes(2)
  await put(0, ['ann', 'bob'])
  const bob = link(1, 'bob')
  bob.say({ type: 'inbox', request: 1 }, open())
  await settle()
  if (how === 'lost') bus.cut(1)
  else bus.stall(1)
  await put(0, ['ann'])
  await put(0, ['ann', 'bob'])
  if (how === 'late') await pass(healedMs)
  bus.heal(1)
  await pass(healedMs * 3)
  const left = bob.frames.findIndex(({ type }) => type === 'left')
  expect(left).toBeGreaterThan(0)
  const rows = bob.frames.slice(left).flatMap((frame) => (frame.type === 'inbox' ? frame.rows.map(({ conversation }) => conversation) : []))
  expect(rows).toContain('c')
})
