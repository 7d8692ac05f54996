/** Whose order is promised. */
import { expect, it } from 'vitest'
import { checkWorld, newMemory, noteOutbox } from './oracle/check.js'
import { users } from './steps/users.js'
import type { Tab } from './tab.js'
import { forgetOrder, settle, type World, worldOf } from './world.js'

const heard = () => {}
const ann = { room: 'c', user: 'ann', lane: 'l' }

/** They stand in the log in this order. */
function land({ truth }: World, ...localIds: readonly string[]) {
  truth.conversation({ conversation: 'c', epoch: 'e', head: 0, history: 'full' })
  for (const [i, localId] of localIds.entries())
    truth.message('c', { id: localId, seq: i + 1, index: i, rev: i + 1, at: 0, author: 'ann', localId, content: 1 })
}

it.each([
  ['while the tab that did so lives', true, 'author-order'],
  ['not when an heir may have found it where it was', false, undefined],
])('what was tried again stands at the end of its lane: %s', (_, isAlive, breach) => {
  const world = worldOf({ seed: 1, nodes: 1, heard })
  world.births.set('again', { ...ann, n: 1, again: { isAlive: () => isAlive } })
  world.births.set('first', { ...ann, n: 0 })
  land(world, 'again', 'first')
  expect(world.journal.breach()?.invariant).toBe(breach)
})

/** Of a browser with two tabs, in the lane `l`; it sends under these names, and what failed in it is of the lane `of`. */
function tabOf(hasLocks: boolean, of: string, ...names: string[]): Tab {
  const talk = { send: () => names.shift(), retry() {} }
  const failed = { localId: 'again', conversation: 'c', status: 'failed', error: { code: 'rejected' } }
  const device = { plan: { hasLocks, tabs: 2 }, talk: () => talk }
  const entries = [{ localId: 'again', key: ['o', 'c', of, 1] }]
  const state = () => ({ config: { lane: 'l' }, conversations: [{ entries }] })
  return {
    device,
    state,
    isAlive: () => true,
    user: 'ann',
    unsettled: new Map(),
    chat: { outbox: { get: () => [failed] } },
  } as unknown as Tab
}

it.each<readonly [what: string, hasLocks: boolean, landed: readonly string[], breach: string | undefined]>([
  ['without locks what is sent behind it may go past what was sent before it', false, ['again', 'c', 'd', 'a', 'b'], undefined],
  ['but not past each other, behind it', false, ['again', 'd', 'c'], 'author-order'],
  ['nor before it', false, ['b', 'a', 'again'], 'author-order'],
  ['and with locks past nothing', true, ['a', 'c', 'b', 'again', 'd'], 'author-order'],
])('what was tried again in one of two tabs: %s', (_, hasLocks, landed, breach) => {
  const world = worldOf({ seed: 1, nodes: 1, heard })
  const tab = tabOf(hasLocks, 'l', 'a', 'b', 'c', 'd')
  for (const step of ['send', 'send', 'retry', 'send', 'send'] as const) users[step](world, tab, 'c', heard)
  land(world, ...landed)
  expect(world.journal.breach()?.invariant).toBe(breach)
})

it('what was adopted and tried again may still come from the tab before, at its old place', () => {
  const world = worldOf({ seed: 1, nodes: 1, heard })
  const tab = tabOf(true, 'before', 'a', 'b')
  for (const step of ['send', 'retry', 'send'] as const) users[step](world, tab, 'c', heard)
  land(world, 'again', 'a', 'b')
  expect(world.journal.breach()).toBeNull()
})

it('what a new tab finds on the disk and in its first answer is settled, and when a backup takes it back its order is not promised', async () => {
  const world = worldOf({ seed: 5, nodes: 1, fast: false, heard, hears: noteOutbox })
  const { time, server, births } = world
  const [device] = world.devices
  const memory = newMemory()
  if (!device) throw new Error('Nobody is there.')
  await settle(world)
  world.open(device)
  await time.pass(10_000)
  const [first] = device.tabs
  if (!first) throw new Error('No tab was opened.')
  checkWorld(world, memory)
  server.store.backUp()
  server.store.arm('kill-after')
  users.send(world, first, 'all', heard)
  const [localId = ''] = births.keys()
  await time.pass(500)
  expect(world.truth.everLanded('all', first.user, localId)).toBe(true)
  device.killTab(first)
  world.open(device)
  await time.pass(60_000)
  checkWorld(world, memory)
  expect([...world.settled]).toEqual([localId])
  forgetOrder(world, false)
  expect([...births]).toEqual([])
  device.killTab(device.tabs[0] as Tab)
  expect(world.journal.breach()).toBeNull()
})
