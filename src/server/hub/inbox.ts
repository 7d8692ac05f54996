/**
 * The verb `inbox` and the stream behind it: once a link has read the list to its end, changed rows of conversations that it
 * does not follow reach it, each frame continuing the cursor of the one before (R24).
 */
import type { ClientFrame } from '../../protocol/frames.js'
import { serverLimits } from '../../protocol/server-limits.js'
import { topicOfUser } from '../bus.js'
import { errorFields, silentLogger } from '../logger.js'
import type { InboxRead, Place } from '../store.js'
import type { InboxFeed, Link } from './link.js'
import { fail } from './read.js'
import { begin, hearOnce, heardKey } from './node.js'
import { type HubState, type Moved, type Roster, linksOf, push, say, touch } from './state.js'

type InboxFrame = Extract<ClientFrame, { type: 'inbox' }>

/** Conversations whose members are kept in mind. */
const keptRosters = 1_000

export async function inbox(state: HubState, link: Link, { request, cursor, followed }: InboxFrame): Promise<void> {
  const { tenant, user } = link
  // The stream stands still while its reader pages, and begins at the last page.
  link.inbox = undefined
  try {
    if (state.node) await begin(state.node, state.options.store)
    const read = await state.options.store.inbox({ tenant, user, cursor })
    push(state, link, { type: 'inbox', request, ...read })
    if (read.more) return
    link.inbox = { followed: followed === true, cursor: read.next, news: undefined, told: read.next, reading: false }
    // What happened since this page was read.
    state.stale.add(link)
    state.writes.wake()
  } catch (error) {
    report(state, link, error)
    fail(state, link, request, 'unavailable')
  }
}

/** At the end of a tick: who has to look at the list again, and the looking. */
export function tellInboxes(state: HubState): void {
  const moved = [...state.moved]
  state.moved.clear()
  for (const [key, place] of moved) spread(state, key, place)
  if (state.spreading === 0) {
    for (const [tenant, stamp] of state.settled) state.spread.set(tenant, stamp)
    state.settled.clear()
  }
  for (const link of state.stale) {
    if (link.inbox?.reading) continue
    state.stale.delete(link)
    if (link.inbox) void stream(state, link, link.inbox)
  }
}

function spread(state: HubState, key: string, place: Moved): void {
  const known = state.rosters.get(key)
  const roster = known && known.epoch === (place.epoch ?? known.epoch) ? known : readRoster(state, key, place)
  const stamp = state.node?.stamps.get(key) ?? 0
  state.node?.stamps.delete(key)
  if (roster.members) return touchAll(state, place, roster.members, stamp)
  state.spreading++
  const done = (members: readonly string[]) => {
    state.spreading--
    touchAll(state, place, members, stamp)
    state.writes.wake()
  }
  const failed = (error: unknown) => {
    state.spreading--
    // Tried again with the next thing that happens; no cursor passes this change before.
    state.moved.set(key, place)
    state.node?.stamps.set(key, Math.max(stamp, state.node.stamps.get(key) ?? 0))
    rosterFailed(state, place, error)
  }
  roster.read.then(done, failed)
}

/** In a large conversation other nodes hear of it by the store. */
function touchAll(state: HubState, place: Place, members: readonly string[], stamp: number): void {
  const { tenant, conversation } = place
  const isSaid = state.node !== undefined && members.length <= serverLimits.members
  for (const user of members) {
    touchRow(state, place, user, stamp)
    if (isSaid) say(state, topicOfUser(tenant, user), { kind: 'row', tenant, conversation, user, stamp })
  }
}

/** Who follows hears of the conversation by itself; who is about to may yet be refused. */
export function touchRow(state: HubState, place: Place, user: string, stamp: number): void {
  const links = linksOf(state, place.tenant, user)
  if (links.length === 0 || (state.node && !hearOnce(state.node, heardKey('row', place, user), [stamp]))) return
  for (const link of links) if (link.inbox && !isLeftOut(link, place.conversation)) touch(state, link, place.conversation)
}

function isLeftOut({ follows, inbox }: Link, conversation: string): boolean {
  const follow = inbox?.followed ? undefined : follows.get(conversation)
  return follow !== undefined && follow.held === undefined
}

function readRoster(state: HubState, key: string, place: Moved): Roster {
  const { rosters } = state
  const [oldest] = rosters.keys()
  if (oldest !== undefined && rosters.size >= keptRosters) rosters.delete(oldest)
  const roster: Roster = { epoch: place.epoch, members: undefined, read: state.options.store.members(place) }
  rosters.set(key, roster)
  roster.read.then(
    (members) => {
      roster.members = members
    },
    () => {
      if (rosters.get(key) === roster) rosters.delete(key)
    },
  )
  return roster
}

function rosterFailed(state: HubState, { conversation }: Place, error: unknown): void {
  const { logger = silentLogger } = state.options
  logger.error('roster-failed', { conversation, ...errorFields(error) })
}

async function stream(state: HubState, link: Link, feed: InboxFeed): Promise<void> {
  const { tenant, user } = link
  const conversations = feed.news && [...feed.news]
  const news = conversations && { conversations, stamp: state.spread.get(tenant) ?? 0 }
  feed.reading = true
  feed.news = new Set()
  try {
    const read = await state.options.store.inbox({ tenant, user, cursor: feed.cursor, news })
    if (link.inbox !== feed) return
    advance(state, link, feed, read, conversations)
  } catch (error) {
    feed.news = undefined
    report(state, link, error)
  } finally {
    feed.reading = false
    if (state.stale.has(link)) state.writes.wake()
  }
}

/** Passes on what was read, and sees to what was not. */
function advance(state: HubState, link: Link, feed: InboxFeed, read: InboxRead, asked: readonly string[] | undefined): void {
  feed.cursor = read.next
  if (read.more) {
    const isAnswered = asked !== undefined && read.prev !== undefined
    if (isAnswered) for (const conversation of asked.slice(read.rows.length + read.gone.length)) feed.news?.add(conversation)
    else feed.news = undefined
    state.stale.add(link)
  }
  const rows = read.rows.filter((row) => !isLeftOut(link, row.conversation))
  if (rows.length === 0 && read.gone.length === 0 && read.prev !== undefined) return
  const prev = read.prev === undefined ? {} : { prev: feed.told }
  push(state, link, { type: 'inbox', ...prev, next: read.next, more: false, rows, gone: read.gone })
  feed.told = read.next
}

function report(state: HubState, link: Link, error: unknown): void {
  const { logger = silentLogger } = state.options
  logger.error('inbox-failed', { user: link.user, ...errorFields(error) })
}
