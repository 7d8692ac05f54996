/** Steps of the backend: who is in a room, what joiners see of the past, what rooms and people are called. */
import type { StepName } from '../plan.js'
import type { World } from '../world.js'
import type { Acts } from './acts.js'

type Names = Extract<StepName, 'remove-member' | 'add-member' | 'past-rule' | 'rename'>

/** Makes the room what the backend wants. */
function arrange(
  { server, wanted }: World,
  room: string,
  more: Omit<Parameters<typeof server.put>[0], 'conversation' | 'members'> = {},
): void {
  server.put({ conversation: room, members: [...(wanted.get(room) ?? [])].map((user) => ({ user })), ...more })
}

function add(world: World, room: string): void {
  const { plan, wanted, chance, journal } = world
  const all = plan.rooms.find(({ id }) => id === room)?.members ?? []
  const away = all.filter((user) => !wanted.get(room)?.has(user))
  if (away.length === 0) return
  journal.fired('member added again')
  wanted.get(room)?.add(chance.pick(away))
  arrange(world, room)
}

export const membership: Acts<Names> = {
  'remove-member'(world, _, room) {
    const members = world.wanted.get(room)
    if (!members || members.size < 2) return
    const user = world.chance.pick([...members])
    members.delete(user)
    world.journal.fired('member removed')
    const isOffline = world.tabs().every((tab) => tab.user !== user || tab.chat.session.get().phase !== 'online')
    if (isOffline) world.journal.fired('member removed while offline')
    arrange(world, room)
  },
  'add-member': (world, _, room) => add(world, room),
  'past-rule'(world, _, room) {
    const history = world.chance.pick(['full', 'from-join'] as const)
    world.journal.fired(history === 'full' ? 'past opened to joiners' : 'past closed to joiners')
    arrange(world, room, { history })
  },
  rename(world, tab, room) {
    const name = `name ${world.next()}`
    if (world.chance.hit(0.5)) return arrange(world, room, { profile: { name } })
    const members = [...(world.wanted.get(room) ?? [])]
    world.server.put({ conversation: room, members: members.map((user) => (user === tab.user ? { user, profile: { name } } : { user })) })
  },
}
