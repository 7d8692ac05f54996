/** What a network meets that heals. */
import { expect, it } from 'vitest'
import { chanceOf } from './chance.js'
import { journal } from './journal.js'
import { newLife } from './mortal.js'
import { network } from './network.js'
import { truthOf } from './oracle/truth.js'
import { planOf } from './plan.js'
import { timeOf } from './time.js'

it.each([
  ['while there is trouble', false, 'forbidden'],
  ['not once all has healed, though it was on its way', true, 'network'],
])('a link is refused for good: %s', async (_, heals, code) => {
  const time = timeOf(1)
  const told = journal(false)
  const heard: string[] = []
  const { transport, meet, heal } = network({
    ...{ time, journal: told, life: newLife(time.beat), chance: chanceOf(1), truth: truthOf(told, () => undefined), said: new Map() },
    ...{ plan: { ...planOf(1), latencyMs: 5 }, stormy: () => false, relay: undefined, user: 'ann', name: 'ann01', sent() {} },
    server: { isUp: () => true, enter: () => ({ receive() {}, gone() {} }) },
  })
  meet('403')
  transport.open({ opened() {}, frame() {}, closed: (why) => heard.push(why.code) })
  await time.pass(4)
  if (heals) heal()
  await time.pass(1)
  expect(heard).toEqual([code])
})
