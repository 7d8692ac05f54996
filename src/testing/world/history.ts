/** One history: a world from its seed, its steps, the checks after each, the healing and the end. */
import type { Breach } from './journal.js'
import type { FaultName } from './faults.js'
import { partOf } from './chance.js'
import { checkRoom, checkWorld, newMemory, noteOutbox } from './oracle/check.js'
import { converge, type Healing } from './oracle/converge.js'
import { end } from './oracle/ends.js'
import type { FastAsked } from './fast-plan.js'
import { stepsOf } from './plan.js'
import { act, lengthOf } from './steps/act.js'
import type { MakeDisk } from './tab.js'
import { settle, type World, worldOf } from './world.js'

export interface HistoryOptions {
  readonly seed: number
  /** How many steps. Default 300. */
  readonly steps?: number
  /** Only these of them, by number. Default all. */
  readonly only?: readonly number[]
  /** Keep the lines of the trace. Default false. */
  readonly keepLines?: boolean
  /** The disks of the devices. Default disks that crash. */
  readonly disk?: MakeDisk
  /** Of the server. Default drawn. */
  readonly nodes?: 1 | 2
  /** Some devices have a fast path; `shared`: some whose tabs share their links. Default drawn. */
  readonly fast?: FastAsked
  /** Handed the world before anything happens, for a closer look at one seed; what it returns is called when all is over. */
  readonly inspect?: (world: World) => (() => void) | undefined
}

export interface History {
  readonly seed: number
  /** The first invariant that was broken, and at which step. */
  readonly breach: (Breach & { readonly step: number }) | null
  /** The hash of everything that happened (L12). */
  readonly hash: string
  /** Null where it did not come to it. */
  readonly healing: Healing | null
  readonly counts: ReadonlyMap<FaultName, number>
  readonly lines: readonly string[]
}

/** Every so many steps the store is backed up. */
const backUpEvery = 37
/** Draws of the healing and of the end come from seeds of their own. */
const afterwards = -1

/** Runs a world to its end, or to the first broken invariant. */
export async function runHistory(options: HistoryOptions): Promise<History> {
  const { seed, steps = 300, only, keepLines, disk, nodes, fast, inspect } = options
  const memory = newMemory()
  const heard: Parameters<typeof worldOf>[0]['heard'] = (world, tab, room) => {
    if (tab.isAlive() && tab.chat.session.get().phase !== 'closed') checkRoom(world, memory, tab, room)
  }
  const world = worldOf({ seed, keepLines, disk, nodes, fast, heard, hears: noteOutbox })
  const { journal, chance, time, server } = world
  const over = inspect?.(world)
  const wanted = only ? new Set(only) : undefined
  const stop = watchRejections((reason) => journal.broken('nothing-left', `a rejection was not handled: ${reason}`))
  let healing: Healing | null = null
  let step = 0
  try {
    await settle(world)
    for (const device of world.devices) for (let n = 0; n < device.plan.tabs; n++) world.open(device)
    const all = stepsOf(world.plan, seed, steps)
    for (; step < all.length && !journal.breach(); step++) {
      if (step % backUpEvery === 5) server.store.backUp()
      const each = all[step]
      if (!each || (wanted && !wanted.has(step))) continue
      act(world, each, heard)
      await time.pass(lengthOf(world, each))
      checkWorld(world, memory)
    }
    chance.restart(partOf(seed, afterwards))
    if (!journal.breach()) healing = await converge(world, memory, heard)
    if (!journal.breach()) await end(world)
  } catch (error) {
    journal.broken('shown-once', `the world itself failed: ${(error as Error).stack ?? String(error)}`)
  }
  for (const tab of world.tabs()) tab.device.killTab(tab)
  over?.()
  await stop()
  const breach = journal.breach()
  const { counts, lines } = journal
  return { seed, breach: breach && { ...breach, step }, hash: journal.hash(), healing, counts, lines }
}

interface Emitter {
  on(event: 'unhandledRejection', run: (reason: unknown) => void): void
  off(event: 'unhandledRejection', run: (reason: unknown) => void): void
}

/** Where there is a process to ask. A rejection is told after the turn of the event loop in which nobody handled it. */
function watchRejections(tell: (reason: unknown) => void): () => Promise<void> {
  const { process } = globalThis as { process?: Partial<Emitter> }
  process?.on?.('unhandledRejection', tell)
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 0))
    process?.off?.('unhandledRejection', tell)
  }
}
