import { expect, it } from 'vitest'
import { drivenCore } from '../../../test/fakes/driven-core.js'
import { composeChat } from '../../client/create-chat.js'
import { memoryStorage } from '../../storage/memory/index.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { mockTransport } from '../../transports/mock/index.js'
import { itemsOf } from './book.js'

const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

it('R24: paints the list from disk before any link, as stale, and takes the server’s word once online', async () => {
  const clock = virtualClock()
  const transport = mockTransport({ clock })
  const storage = memoryStorage()
  transport.say('c1', 'ben', 'first')
  const open = () => composeChat({ user: 'ana', transport, storage, clock })
  const talk = async (chat: ReturnType<typeof open>) => {
    chat.inbox.subscribe(() => {})
    await settle()
    clock.advance(5_000)
    await settle()
  }
  const before = open()
  before.conversation('c1').timeline.subscribe(() => {})
  before.connect()
  await talk(before)
  expect(before.inbox.get()).toMatchObject({ state: 'ready', unread: 1 })
  await before.close()

  const after = open()
  await talk(after)
  expect(after.inbox.get()).toMatchObject({ state: 'stale', unread: 1, items: [{ conversation: 'c1', last: { content: 'first' } }] })
  after.connect()
  await talk(after)
  expect(after.inbox.get().state).toBe('ready')
  await after.close()
})

it('L8: of a list on disk what is damaged is left out, and the rest is shown', () => {
  const core = drivenCore()
  const whole = { id: 'a', at: 2, unread: 1, more: false, rev: 3, profile: {}, people: [{ user: 'ann', profile: { name: 'Ann' } }] }
  const damages = [
    { id: '' },
    { at: 'x' },
    { unread: -1 },
    { more: 1 },
    { rev: 0.5 },
    { profile: [] },
    { people: [{ user: 'eve' }] },
    { last: {} },
  ]
  const damaged = damages.map((damage, i) => ({ ...whole, id: `b${i}`, ...damage }))
  core.disk.put({ key: ['i'], version: '', value: [null, ...damaged, whole] })
  core.dispatch({ kind: 'open-disk' })
  const { book, state } = core.state().inbox
  expect(itemsOf(book)).toEqual([{ ...whole, people: [{ user: 'ann' }] }])
  expect([state, book.unread]).toEqual(['stale', 1])
  expect([...core.state().people]).toEqual([['ann', { name: 'Ann' }]])
})
