/** What can happen in a world, one step at a time: users act, things break, time passes. */
import { isChatError } from '../../../ports/errors.js'
import type { Step, StepName } from '../plan.js'
import { roomsOf, type World, type WorldOptions } from '../world.js'
import type { Acts } from './acts.js'
import { deviceFaults } from './device-faults.js'
import { fastFaults } from './fast-faults.js'
import { membership } from './membership.js'
import { networkFaults } from './network-faults.js'
import { nodeFaults } from './node-faults.js'
import { serverFaults } from './server-faults.js'
import { users } from './users.js'

const acts: Acts<StepName> = { ...users, ...networkFaults, ...fastFaults, ...serverFaults, ...nodeFaults, ...deviceFaults, ...membership }

/** Does one step; what it draws comes from its own seed. */
export function act(world: World, { name, seed }: Step, heard: WorldOptions['heard']): void {
  const { chance, journal, plan } = world
  chance.restart(seed)
  // Nobody acts in a tab that sleeps.
  const tabs = world.tabs().filter(({ life }) => life.isAwake())
  if (tabs.length === 0) return
  const tab = chance.pick(tabs)
  const room = chance.pick(roomsOf(plan, tab.user))
  journal.note(`${world.time.clock.now()} ${name} ${tab.name} ${room}`)
  try {
    acts[name](world, tab, room, heard)
  } catch (error) {
    if (!isChatError(error)) throw error
    journal.note(`refused ${error.code}`)
  }
}

/** How long a step lasts. */
export function lengthOf({ chance }: World, { name }: Step): number {
  if (name === 'long-pause') return chance.int(8_000, 40_000)
  if (name === 'pause') return chance.int(500, 6_000)
  if (name === 'wait') return chance.int(1, 300)
  return chance.pick([0, 0, 1, 10, 60])
}
