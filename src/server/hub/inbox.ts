/**
 * The verb `inbox` and the stream behind it: once a link has read the list to its end, changed rows of conversations that it
 * does not follow reach it, each frame continuing the cursor of the one before (R24).
 */
import { keyOf } from '../key.js'
import type { ClientFrame } from '../../protocol/frames.js'
import { errorFields, silentLogger } from '../logger.js'
import type { Place } from '../store.js'
import type { InboxFeed, Link } from './link.js'
import { fail } from './read.js'
import { type HubState, linksOf, push, touch } from './state.js'

type InboxFrame = Extract<ClientFrame, { type: 'inbox' }>

/** Conversations whose members are kept in mind. */
const rosters = 1_000

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
  for (const place of state.moved.values()) void spread(state, place)
  state.moved.clear()
  for (const link of state.stale) {
    if (link.inbox?.reading) continue
    state.stale.delete(link)
    if (link.inbox) void stream(state, link, link.inbox)
  }
}

async function spread(state: HubState, place: Place): Promise<void> {
  try {
    const members = await rosterOf(state, place)
    for (const user of members) {
      for (const link of linksOf(state, place.tenant, user)) {
        if (!link.follows.has(place.conversation)) touch(state, link)
      }
    }
  } catch (error) {
    const { logger = silentLogger } = state.options
    logger.error('roster-failed', { conversation: place.conversation, ...errorFields(error) })
  }
}

function rosterOf(state: HubState, place: Place): Promise<readonly string[]> {
  const key = keyOf(place.tenant, place.conversation)
  const known = state.rosters.get(key)
  if (known) return known
  const [oldest] = state.rosters.keys()
  if (oldest !== undefined && state.rosters.size >= rosters) state.rosters.delete(oldest)
  const read = state.options.store.members(place)
  state.rosters.set(key, read)
  read.catch(() => state.rosters.delete(key))
  return read
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
