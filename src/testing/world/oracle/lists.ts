/** R24: what the list says of conversations that are looked at now and then, and of those that give way to others. */
import { agree } from './agree.js'
import { isMember, unreadIn } from './model.js'
import { readBelow } from './marks.js'
import { checkWorld, type Memory } from './check.js'
import { look, post, roomsOf, type World, type WorldOptions } from '../world.js'
import type { Tab } from '../tab.js'

const glances = 8
const mostBetweenMs = 800
/** A look at the news of the store, and what it leads to. */
const withinMs = 16_000

/** Everybody looks at one conversation after another while somebody speaks in all of them, then at none. */
export async function checkLists(world: World, memory: Memory, heard: WorldOptions['heard']): Promise<void> {
  const { plan, chance, time, journal } = world
  for (let i = 0; i < glances; i++) {
    for (const tab of world.tabs()) {
      lookAway(tab)
      look(world, tab, chance.pick(roomsOf(plan, tab.user)), heard)
    }
    for (const { id } of plan.rooms) if (chance.hit(0.5)) post(world, id, 'bot')
    await time.pass(chance.int(0, mostBetweenMs))
    checkWorld(world, memory)
  }
  for (const tab of world.tabs()) lookAway(tab)
  for (const { id } of plan.rooms) post(world, id, 'bot')
  const missing = await agree(world, withinMs, () => {
    checkWorld(world, memory)
    return wrongIn(world)
  })
  if (missing !== null) journal.broken('converges', `${withinMs / 1_000} s after the last post that nobody looks at, ${missing}`)
}

function lookAway({ views }: Tab): void {
  for (const off of views.values()) off()
  views.clear()
}

/** The first thing that a list says wrongly, or null. */
function wrongIn(world: World): string | null {
  for (const tab of world.tabs())
    for (const room of roomsOf(world.plan, tab.user)) {
      const what = wrongOf(world, tab, room)
      if (what) return `in the list of ${tab.name} ${room} ${what}`
    }
  return null
}

function wrongOf({ truth }: World, { chat, user }: Tab, room: string): string | null {
  const { items, state } = chat.inbox.get()
  const item = items.find(({ conversation }) => conversation === room)
  const line = truth.now(room)
  if (!line || !isMember(line, user)) return item ? 'stands, and its user is no member' : null
  if (!item) return `stands nowhere, and the list is ${state}`
  const newest = line.places.at(-1)
  if (item.last?.seq !== newest) return `ends with ${item.last?.key} at ${item.last?.seq}, not at ${newest}`
  // Of two lines under one epoch nobody can tell whose mark is newer.
  if (truth.wentBack(room, line.epoch)) return null
  const { read, marked } = line.marks.get(user) ?? { read: 0, marked: { at: 0 } }
  const unread = Math.min(unreadIn(line, user, readBelow(read, marked.at), line.changes.length), 100)
  return item.unread === unread ? null : `shows ${item.unread} unread, not ${unread}`
}
