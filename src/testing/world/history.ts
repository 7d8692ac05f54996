/** One history: a world from its seed, its steps, the checks after each, and the healing at the end. */
import { checkRoom, checkWorld, newMemory } from './oracle/check.js'
import { converge } from './oracle/converge.js'
import type { Breach, FaultName } from './journal.js'
import { act, lengthOf } from './steps.js'
import { type Planted, settle, type World, worldOf } from './world.js'

export interface HistoryOptions {
  readonly seed: number
  /** Default 300. */
  readonly steps?: number
  readonly planted?: Planted
  /** Keep the lines of the trace. Default false. */
  readonly keepLines?: boolean
  /** Handed the world before anything happens, for a closer look at one seed. */
  readonly inspect?: (world: World) => void
}

export interface History {
  readonly seed: number
  /** The first law that was broken, and after how many steps. */
  readonly breach: (Breach & { readonly step: number }) | null
  /** The hash of everything that happened (L12). */
  readonly hash: string
  readonly counts: ReadonlyMap<FaultName, number>
  readonly lines: readonly string[]
}

/** Runs a world to its end, or to the first broken law. */
export async function runHistory({ seed, steps = 300, planted, keepLines = false, inspect }: HistoryOptions): Promise<History> {
  const memory = newMemory()
  const heard: Parameters<typeof worldOf>[0]['heard'] = (world, tab, room) => {
    if (tab.isAlive() && tab.chat.session.get().phase !== 'closed') checkRoom(world, memory, tab, room)
  }
  const world = worldOf({ seed, planted, keepLines, heard })
  const { journal, chance, plan, time, server } = world
  inspect?.(world)
  let step = 0
  try {
    await settle(world)
    for (const device of world.devices) {
      world.open(device)
      world.open(device)
    }
    for (; step < steps && !journal.breach(); step++) {
      if (step % 37 === 5) server.store.backUp()
      const name = chance.weighed(plan.weights)
      act(world, name, heard)
      await time.pass(lengthOf(world, name))
      checkWorld(world, memory)
    }
    if (!journal.breach()) await converge(world, memory, heard)
  } catch (error) {
    journal.broken('L5', `the world itself failed: ${(error as Error).stack ?? String(error)}`)
  }
  end(world)
  const breach = journal.breach()
  return { seed, breach: breach && { ...breach, step }, hash: journal.hash(), counts: journal.counts, lines: journal.lines }
}

/** Nothing of a finished world runs on. */
function end(world: World): void {
  for (const device of world.devices) for (const tab of [...device.tabs]) device.killTab(tab)
}
