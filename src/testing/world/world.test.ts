/** Whose order is promised. */
import { expect, it } from 'vitest'
import { worldOf } from './world.js'

it.each([
  ['while the tab that did so lives', true, 'author-order'],
  ['not when an heir may have found it where it was', false, undefined],
])('what was tried again stands at the end of its lane: %s', (_, isAlive, breach) => {
  const { births, truth, journal } = worldOf({ seed: 1, nodes: 1, heard() {} })
  const born = { room: 'c', user: 'ann', lane: 'l' }
  births.set('again', { ...born, n: 1, again: { isAlive: () => isAlive } })
  births.set('first', { ...born, n: 0 })
  truth.conversation({ conversation: 'c', epoch: 'e', head: 0, history: 'full' })
  for (const [i, localId] of ['again', 'first'].entries())
    truth.message('c', { id: localId, seq: i + 1, index: i, rev: i + 1, at: 0, author: 'ann', localId, content: 1 })
  expect(journal.breach()?.invariant).toBe(breach)
})
