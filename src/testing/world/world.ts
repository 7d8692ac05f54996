/** Everything of one simulated world, in one thread: the users' browsers, a network, a server, a store, and the truth. */
import { type Chance, chanceOf } from './chance.js'
import { device } from './device.js'
import { type Journal, journal } from './journal.js'
import type { Said } from './oracle/ahead.js'
import { returns } from './oracle/caps.js'
import { type Birth, ownKey, type Truth, truthOf } from './oracle/truth.js'
import type { FastAsked } from './fast-plan.js'
import { type Plan, planOf } from './plan.js'
import { type Relay, relayOf } from './relay.js'
import { worldServer, type WorldServer } from './server.js'
import type { Device, MakeDisk, Tab } from './tab.js'
import { type Time, timeOf } from './time.js'

export interface World {
  readonly seed: number
  readonly plan: Plan
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly truth: Truth
  readonly server: WorldServer
  /** Where the fast paths lead. */
  readonly relay: Relay | undefined
  readonly devices: readonly Device[]
  /** Where each local id was born; gone once its order is no longer promised. */
  readonly births: Map<string, Birth>
  /** The birth of a local id whose order is promised. */
  readonly born: (localId: string) => Birth | undefined
  /** By lane: what was tried again last where another tab may have it too; what was sent before it and behind it are two lines. */
  readonly lines: Map<string, string>
  /** What users have said, by local id. */
  readonly said: Map<string, Said>
  /** Local ids whose user asked to take them back. */
  readonly discarded: Set<string>
  /** Own messages that some tab has seen in its log. */
  readonly settled: Set<string>
  /** Ids of backend posts, by room. */
  readonly posts: Map<string, string[]>
  /** Whom the backend wants in a room, and what it lets joiners see. */
  readonly wanted: Map<string, Set<string>>
  /** A number not used before. */
  next(): number
  /** No fault comes any more. */
  calm(): void
  /** Nobody opens a tab any more. */
  over(): void
  /** Opens a tab as its user does: connect, look at the rooms. */
  open(device: Device): void
  readonly tabs: () => readonly Tab[]
}

export interface WorldOptions {
  readonly seed: number
  readonly keepLines?: boolean
  readonly disk?: MakeDisk
  readonly nodes?: 1 | 2
  readonly fast?: FastAsked
  /** Runs whenever a subscriber of a timeline hears. */
  readonly heard: (world: World, tab: Tab, room: string) => void
  /** Runs before each frame that a tab is handed. */
  readonly hears?: (world: World, tab: Tab) => void
}

export function worldOf({ seed, keepLines = false, disk, nodes, fast, heard, hears }: WorldOptions): World {
  const plan = planOf(seed, nodes, fast)
  const chance = chanceOf(seed)
  const time = timeOf(seed)
  const log = journal(keepLines)
  const births = new Map<string, Birth>()
  const born = (localId: string) => {
    const birth = births.get(localId)
    return birth?.again?.isAlive() === false ? undefined : birth
  }
  const truth = truthOf(log, born)
  let numbers = 0
  let stormy = true
  let isOver = false
  const server = worldServer({
    time,
    chance,
    journal: log,
    plan,
    truth,
    stormy: () => stormy,
    unsynced: () => forgetOrder(world, false),
  })
  const relay = plan.fast && relayOf({ ...plan.fast, time, truth })
  const said: World['said'] = new Map()
  const parts = { time, chance, journal: log, plan, stormy: () => stormy, server, relay, truth, said, disk }

  const watched = returns(log)
  const opened = (tab: Tab) => {
    tab.chat.session.subscribe(watched())
    tab.chat.on('failed', ({ localId }) => births.delete(localId))
    noteResets(tab)
    tab.ahead?.listen(tab)
    tab.chat.connect()
  }
  const world: World = {
    seed,
    plan,
    time,
    chance,
    journal: log,
    truth,
    server,
    relay,
    devices: plan.devices.map((mine) => device({ ...parts, mine, opened, hears: (tab) => hears?.(world, tab) })),
    births,
    born,
    lines: new Map(),
    said,
    discarded: new Set(),
    settled: new Set(),
    posts: new Map(plan.rooms.map(({ id }) => [id, []])),
    wanted: new Map(plan.rooms.map(({ id, members }) => [id, new Set(members)])),
    next: () => ++numbers,
    calm() {
      stormy = false
    },
    over() {
      isOver = true
    },
    open(device) {
      if (isOver || device.tabs.length >= device.plan.tabs) return
      const tab = device.openTab()
      log.note(`${tab.name} opens`)
      for (const room of roomsOf(plan, tab.user)) if (chance.hit(0.8)) look(world, tab, room, heard)
    },
    tabs: () => world.devices.flatMap((each) => each.tabs),
  }
  return world
}

/** Of what was said to have gone back under its epoch nobody can tell which line it is of. */
function noteResets({ chat, wentBack, device }: Tab): void {
  chat.on('reset', ({ conversation, why }) => {
    if (why !== 'ahead' && why !== 'tag') return
    wentBack.set(conversation, (wentBack.get(conversation) ?? 0) + 1)
    device.renewed.add(conversation)
  })
}

/**
 * A part of the log is gone. What was settled is gone for good and reported so; an outbox row that a crash brings back may land
 * anywhere. Where links live on, so may a frame of a dead tab that is still on its way. Without locks two tabs have one lane: one that has
 * seen in the log what is lost sends on without it, and the other, which has not, sends it after that.
 */
export function forgetOrder({ births, truth, settled, discarded, plan }: World, alive: boolean): void {
  for (const [localId, { room, user }] of births) {
    const lost = truth.everLanded(room, user, localId) && !truth.now(room)?.own.has(ownKey(user, localId))
    const isShared = plan.devices.some((each) => each.user === user && !each.hasLocks)
    if (settled.has(localId) || discarded.has(localId) || ((alive || isShared) && lost)) births.delete(localId)
  }
}

export function roomsOf(plan: Plan, user: string): readonly string[] {
  return plan.rooms.filter(({ members }) => members.includes(user)).map(({ id }) => id)
}

/** Shows a timeline; every snapshot that is told is looked at. */
export function look(world: World, tab: Tab, room: string, heard: WorldOptions['heard']): void {
  if (tab.views.has(room)) return
  const off = tab.device.talk(tab, room).timeline.subscribe(() => heard(world, tab, room))
  tab.views.set(room, off)
}

/** Conversations and their past. */
export async function settle(world: World): Promise<void> {
  const { plan, server, time, chance } = world
  server.start()
  for (const { id, members, messages } of plan.rooms) {
    server.put({ conversation: id, members: members.map((user) => ({ user })) })
    for (let i = 0; i < messages; i++) post(world, id, chance.pick([...members, 'bot']))
  }
  await time.pass(2_000)
}

export function post(world: World, room: string, author: string, content?: unknown): void {
  const id = `p${world.next()}`
  world.posts.get(room)?.push(id)
  world.server.post(room, id, author, content ?? { text: `${author} ${id}` })
}
