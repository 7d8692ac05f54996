/** What a step is: something that one tab, one room or the world around them meets. */
import type { Tab } from '../tab.js'
import type { StepName } from '../plan.js'
import type { World, WorldOptions } from '../world.js'

/** One step, of the tab and the room that were drawn for it. */
export type Act = (world: World, tab: Tab, room: string, heard: WorldOptions['heard']) => void

export type Acts<Name extends StepName> = { readonly [Each in Name]: Act }
