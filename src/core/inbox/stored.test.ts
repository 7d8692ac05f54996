/** The newest part of the list on disk (R24). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../../test/fakes/driven-core.js'
import { live, requestOf, row } from '../../../test/fakes/wire-frames.js'
import { composeChat } from '../../client/create-chat.js'
import { memoryStorage } from '../../storage/memory/index.js'
import { virtualClock } from '../../testing/virtual-clock.js'
import { mockTransport } from '../../transports/mock/index.js'
import * as timing from '../timing.js'
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

const item = (id: string, at: number) => ({
  conversation: id,
  epoch: 'e1',
  head: 1,
  rev: 1,
  profile: {},
  last: row(1, { at }),
  unread: { count: 1, more: false },
  read: 0,
  people: [{ user: 'ann', profile: { name: 'Ann' } }],
})
const listOf = (core: DrivenCore) => core.stored(['i'])[0]?.value as { readonly id: string; readonly people: unknown }[] | undefined
const answered = (core: DrivenCore, count: number, more = false) =>
  core.hear({
    type: 'inbox',
    request: requestOf(core, 'inbox'),
    next: 'n',
    more,
    gone: [],
    rows: Array.from({ length: count }, (_, i) => item(`x${i}`, 1_000 - i)),
  })

describe('R24 R35: the stored list', () => {
  it('is the newest hundred, with who is in them, read again as it was', () => {
    const core = drivenCore()
    core.online()
    answered(core, 150)
    core.wait(timing.storeInboxMs)
    expect(listOf(core)?.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, i) => `x${i}`))
    expect(listOf(core)?.[0]).toMatchObject({ people: [{ user: 'ann', profile: { name: 'Ann' } }] })
    const next = drivenCore({ disk: core.disk, lane: 'next' })
    next.dispatch({ kind: 'open-disk' })
    expect([next.state().inbox.book.size, [...next.state().people.keys()]]).toEqual([100, ['ann']])
  })

  it('is written at most every two seconds, only when it has changed, and as durable as a cache need be', () => {
    const core = drivenCore()
    core.online()
    answered(core, 2)
    const written = () =>
      core.effects('commit').filter(({ writes }) => writes.some((write) => write.kind === 'put' && write.row.key[0] === 'i'))
    core.wait(10_000)
    expect(written().map(({ durability }) => durability)).toEqual(['relaxed'])
    for (let n = 0; n < 10; n++) {
      const cursors = { prev: n === 0 ? 'n' : `n${n}`, next: `n${n + 1}` }
      core.hear({ type: 'inbox', ...cursors, more: false, gone: [], rows: [{ ...item('x0', 2_000 + n), rev: 2 + n }] })
      core.wait(100)
    }
    expect(written()).toHaveLength(2)
  })

  it('is not written before there is a generation, and takes no place of what the server has said', () => {
    const core = drivenCore()
    core.disk.put({ key: ['i'], version: '', value: [{ id: 'old', at: 2, unread: 1, more: false, rev: 3, profile: {}, people: [] }] })
    core.hold()
    core.online()
    answered(core, 2)
    core.wait(5_000)
    expect(core.effects('commit')).toEqual([])
    core.release()
    expect(itemsOf(core.state().inbox.book).map(({ id }) => id)).toEqual(['x0', 'x1'])
    expect(core.state().inbox.state).toBe('ready')
  })

  it.each([
    ['that there are none', false, []],
    ['the first of many', true, ['x0']],
  ])('takes no place of what the server has said: %s', (_, more, expected) => {
    const core = drivenCore()
    core.disk.put({ key: ['i'], version: '', value: [{ id: 'old', at: 2, unread: 1, more: false, rev: 3, profile: {}, people: [] }] })
    core.hold()
    core.online()
    answered(core, expected.length, more)
    const { state } = core.state().inbox
    core.release()
    expect([itemsOf(core.state().inbox.book).map(({ id }) => id), core.state().inbox.state]).toEqual([expected, state])
  })

  it('is read again without people whose profiles nobody has told', () => {
    const core = live(drivenCore(), 5)
    answered(core, 0)
    core.wait(timing.storeInboxMs)
    const next = drivenCore({ disk: core.disk, lane: 'next' })
    next.dispatch({ kind: 'open-disk' })
    expect(itemsOf(next.state().inbox.book)).toMatchObject([{ id: 'c', people: [] }])
  })

  it('with nothing whole in it is none', () => {
    const core = drivenCore()
    core.disk.put({ key: ['i'], version: '', value: [null] })
    core.dispatch({ kind: 'open-disk' })
    expect(core.state().inbox.state).toBe('loading')
  })

  it('that does not come is asked for again after a pause; what else failed says nothing of it', () => {
    const core = drivenCore()
    core.online()
    core.hear({ type: 'failed', request: 999, code: 'unavailable' })
    core.wait(timing.requestMs)
    expect(core.sent('inbox')).toHaveLength(1)
    core.wait(timing.retryRequestMs)
    expect(core.sent('inbox')).toHaveLength(2)
  })
})
