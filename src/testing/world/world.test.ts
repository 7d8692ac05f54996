/** Whose order is promised. */
import { expect, it } from 'vitest'
import { users } from './steps/users.js'
import type { Tab } from './tab.js'
import { type World, worldOf } from './world.js'

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

/** Of a browser with two tabs, in the lane `l`; it sends under these names. */
function tabOf(hasLocks: boolean, ...names: string[]): Tab {
  const talk = { send: () => names.shift(), retry() {} }
  const failed = { localId: 'again', conversation: 'c', status: 'failed', error: { code: 'rejected' } }
  const device = { plan: { hasLocks, tabs: 2 }, talk: () => talk }
  const state = () => ({ config: { lane: 'l' } })
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
  const tab = tabOf(hasLocks, 'a', 'b', 'c', 'd')
  for (const step of ['send', 'send', 'retry', 'send', 'send'] as const) users[step](world, tab, 'c', heard)
  land(world, ...landed)
  expect(world.journal.breach()?.invariant).toBe(breach)
})
