/**
 * The verb `inbox` and the stream behind it: once a link has read the list to its end, changed rows of conversations that it
 * does not follow reach it, each frame continuing the cursor of the one before (R24).
 */
import type { ClientFrame } from '../../protocol/frames.js'
import { errorFields, silentLogger } from '../logger.js'
import type { Place } from '../store.js'
import type { InboxFeed, Link } from './link.js'
import { fail } from './read.js'
import { type HubState, type Roster, linksOf, push, touch } from './state.js'

type InboxFrame = Extract<ClientFrame, { type: 'inbox' }>

/** Conversations whose members are kept in mind. */
const keptRosters = 1_000

export async function inbox(state: HubState, link: Link, { request, cursor }: InboxFrame): Promise<void> {
  const { tenant, user } = link
  // The stream stands still while its reader pages, and begins at the last page.
  link.inbox = undefined
  try {
    const read = await state.options.store.inbox({ tenant, user, cursor })
    push(state, link, { type: 'inbox', request, ...read })
    if (read.more) return
    link.inbox = { cursor: read.next, told: read.next, reading: false }
    // What happened since this page was read.
    touch(state, link)
  } catch (error) {
    report(state, link, error)
    fail(state, link, request, 'unavailable')
  }
}

/** At the end of a tick: who has to look at the list again, and the looking. */
export function tellInboxes(state: HubState): void {
  for (const [key, place] of state.moved) spread(state, key, place)
  state.moved.clear()
  for (const link of state.stale) {
    if (link.inbox?.reading) continue
    state.stale.delete(link)
    if (link.inbox) void stream(state, link, link.inbox)
  }
}

function spread(state: HubState, key: string, place: Place): void {
  const roster = state.rosters.get(key) ?? readRoster(state, key, place)
  if (roster.members) touchAll(state, place, roster.members)
  else roster.read.then((members) => touchAll(state, place, members)).catch((error) => rosterFailed(state, place, error))
}

function touchAll(state: HubState, { tenant, conversation }: Place, members: readonly string[]): void {
  for (const user of members) {
    for (const link of linksOf(state, tenant, user)) {
      if (link.inbox && !link.follows.has(conversation)) touch(state, link)
    }
  }
}

function readRoster(state: HubState, key: string, place: Place): Roster {
  const { rosters } = state
  const [oldest] = rosters.keys()
  if (oldest !== undefined && rosters.size >= keptRosters) rosters.delete(oldest)
  const roster: Roster = { members: undefined, read: state.options.store.members(place) }
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
  feed.reading = true
  try {
    const read = await state.options.store.inbox({ tenant: link.tenant, user: link.user, cursor: feed.cursor })
    if (link.inbox !== feed) return
    feed.cursor = read.next
    if (read.more) touch(state, link)
    const rows = read.rows.filter((row) => !link.follows.has(row.conversation))
    if (rows.length || read.gone.length || read.prev === undefined) {
      const prev = read.prev === undefined ? {} : { prev: feed.told }
      push(state, link, { type: 'inbox', ...prev, next: read.next, more: false, rows, gone: read.gone })
      feed.told = read.next
    }
  } catch (error) {
    report(state, link, error)
  } finally {
    feed.reading = false
    if (state.stale.has(link)) state.writes.wake()
  }
}

function report(state: HubState, link: Link, error: unknown): void {
  const { logger = silentLogger } = state.options
  logger.error('inbox-failed', { user: link.user, ...errorFields(error) })
}
