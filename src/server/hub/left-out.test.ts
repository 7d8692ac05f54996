/** R24: a row is left out of the list while its reader follows the conversation; it must not be lost when that ends. */
import { expect, it } from 'vitest'
import { drivenCore } from '../../../test/fakes/driven-core.js'
import { drivenHub, open, send } from '../../../test/fakes/driven-hub.js'
import { drivenNodes, healedMs } from '../../../test/fakes/driven-nodes.js'
import { itemOf } from '../../core/inbox/book.js'
import type { ClientFrame } from '../../protocol/frames.js'

it('what was told to a follower whose `unfollow` was on its way is in the list afterwards', async () => {
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

/** The shipped core of `me`, which holds one conversation, over a hub with three; what each says is handed over by `quiet`. */
async function crowded() {
  const { link, put, settle } = drivenHub()
  for (const id of ['c', 'd', 'e']) await put(['me', 'bob'], id)
  const core = drivenCore({ conversations: 1 })
  let me = link('me')
  let links = 0
  let taken = 0
  const said = () => core.effects('transmit').flatMap(({ frames }) => frames as readonly ClientFrame[])
  const down = () => {
    const frames = me.frames.splice(0)
    if (frames.length > 0) core.hear(...frames)
  }
  const quiet = async () => {
    for (let i = 0; i < 20; i++) {
      const all = said()
      for (const frame of all.slice(taken)) if (frame.type !== 'hello') me.say(frame)
      taken = all.length
      await settle()
      down()
    }
  }
  const begin = async () => {
    core.dispatch({ kind: 'connect' })
    links += 1
    me = link('me', { lane: 'lane', link: links })
    core.dispatch({ kind: 'link-opened', link: core.state().session.link ?? 0 })
    taken = said().length
    await quiet()
  }
  const end = () => {
    core.offline()
    me.closed()
    core.wait(1_000)
  }
  return { core, bob: link('bob'), settle, begin, end, quiet, down }
}

it('a message that crosses the `unfollow` of its conversation is in the list, then and on the next link', async () => {
  const { core, bob, settle, begin, end, quiet, down } = await crowded()
  const shown = () => {
    const item = itemOf(core.state().inbox.book, 'c')
    return [item?.last?.localId, item?.unread]
  }
  await begin()
  for (const kind of ['watch', 'unwatch'] as const) core.dispatch({ kind, conversation: 'c' })
  await quiet()
  core.wait(3_000)
  await quiet()
  // Told by the server, not here yet.
  bob.say(send('x', 'c'))
  await settle()
  // The one that is held gives way.
  core.dispatch({ kind: 'watch', conversation: 'd' })
  expect(core.sent('unfollow')).toHaveLength(1)
  await quiet()
  // Its row moves the cursor of the list on.
  bob.say(send('y', 'e'))
  await settle()
  down()
  await quiet()
  expect(shown()).toEqual(['x', 1])
  end()
  await begin()
  expect(shown()).toEqual(['x', 1])
})

it.each(['lost', 'late'])(
  'R27: removed and taken in again while hints are %s, a follower on another node hears of being a member',
  async (how) => {
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
    const rows = bob.frames
      .slice(left)
      .flatMap((frame) => (frame.type === 'inbox' ? frame.rows.map(({ conversation }) => conversation) : []))
    expect(rows).toContain('c')
  },
)
