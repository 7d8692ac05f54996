/** The verbs `open` and `history`. The link joins the fan-out first, then the store is read, then it answers (R5). */
import type { ErrorCode } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { errorFields, silentLogger } from '../logger.js'
import type { OpenRead } from '../store.js'
import { tellArranged } from './fan-out.js'
import { follow, showed, unfollow } from './follow.js'
import type { Follow, Link, Reading } from './link.js'
import { answered, isBehind, lapse } from './gate.js'
import { begin } from './node.js'
import { moveRoom } from './room.js'
import { asSeen } from './seen.js'
import { type HubState, push, roomAt } from './state.js'

type OpenFrame = Extract<ClientFrame, { type: 'open' }>
type HistoryFrame = Extract<ClientFrame, { type: 'history' }>

/** When a state that is old elsewhere may have come. */
const lagRetryMs = 1_000

export async function open(state: HubState, link: Link, frame: OpenFrame): Promise<void> {
  const { request, conversation, position } = frame
  if (!link.follows.has(conversation) && link.follows.size >= limits.followed) return fail(state, link, request, 'too-large')
  const made = follow(state, link, conversation)
  const at = { tenant: link.tenant, conversation, user: link.user }
  const read = async () => {
    if (state.node) await begin(state.node, state.options.store)
    // Written before anything that came behind this frame: its author is a member by then.
    if (state.options.joinOnOpen) await joined(state, at)
    return state.options.store.open({ ...at, position })
  }
  made.opens += 1
  await reading(state, link, conversation, read, (found) => {
    made.opens -= 1
    if (found.kind === 'answer') return admit(state, link, made, frame, found.value)
    // Tabs that share a link ask one by one: what another was answered, or will be, goes on.
    const isOthers = found.kind === 'failed' && (made.opens > 0 || !made.held)
    if (link.follows.get(conversation) === made && !isOthers) unfollow(state, link, conversation)
    fail(state, link, request, found.kind === 'failed' ? 'unavailable' : 'not-found')
  })
}

export async function history(state: HubState, link: Link, frame: HistoryFrame): Promise<void> {
  const { request, conversation, anchor, limit, atLeast = 0 } = frame
  const at = { tenant: link.tenant, conversation, user: link.user, anchor, limit: Math.min(Math.max(1, limit), limits.pageRows) }
  await reading(
    state,
    link,
    conversation,
    () => state.options.store.page(at),
    (found) => {
      if (found.kind !== 'answer') return fail(state, link, request, found.kind === 'failed' ? 'unavailable' : 'not-found')
      const { value } = found
      if (value.epoch === frame.epoch && value.asOf < atLeast) return fail(state, link, request, 'unavailable', lagRetryMs)
      push(state, link, { type: 'page', request, conversation, ...value })
    },
  )
}

/** `failed`: the request of `open`, `history` or `inbox` has no answer. */
export function fail(state: HubState, link: Link, request: number, code: ErrorCode, retryAfterMs?: number): void {
  push(state, link, { type: 'failed', request, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
}

/** The answer, then what happened while it was read. */
function admit(state: HubState, link: Link, made: Follow, { request, conversation }: OpenFrame, read: OpenRead): void {
  push(state, link, { type: 'opened', request, conversation, ...read })
  // Of two questions the one that was read first may be answered last.
  if (made.epoch !== read.epoch || read.head >= made.seenAt)
    Object.assign(made, { seenAt: read.head, floor: read.floor, hidden: read.hidden })
  // A client that misses the answer asks again.
  showed(made, read.epoch, read.head)
  const room = roomAt(state, { tenant: link.tenant, conversation })
  if (room && state.node) answered(state, room, read.epoch, read.head)
  else if (room && (room.epoch !== read.epoch || room.head < read.head)) moveRoom(room, read.epoch, read.head)
  const { held } = made
  made.held = undefined
  // An unfollow that overtook the answer has left nothing to follow.
  if (!held || link.follows.get(conversation) !== made) return
  const rest = held.filter((frame) => !covers(read, frame))
  if (room && state.node && isBehind(room, read, rest)) lapse(state, room, link, made)
  else for (const frame of rest) push(state, link, asSeen(made, frame))
}

/** The answer was read after this change. */
function covers(read: OpenRead, frame: ServerFrame): boolean {
  return frame.type === 'change' && frame.epoch === read.epoch && frame.seq <= read.to
}

type Found<T> = { kind: 'answer'; value: T } | { kind: 'absent' } | { kind: 'failed' }

/**
 * A removal that comes while the store is read makes its answer void. `deliver` runs in the very step in which that is
 * decided: one promise later `left` could already stand before the answer.
 */
async function reading<T>(
  state: HubState,
  link: Link,
  conversation: string,
  read: () => Promise<T | undefined>,
  deliver: (found: Found<T>) => void,
): Promise<void> {
  const mine: Reading = { conversation, cancelled: false }
  link.readings ??= new Set()
  link.readings.add(mine)
  let found: Found<T>
  try {
    const value = await read()
    found = value === undefined || mine.cancelled ? { kind: 'absent' } : { kind: 'answer', value }
  } catch (error) {
    const { logger = silentLogger } = state.options
    logger.error('read-failed', { conversation, ...errorFields(error) })
    found = { kind: 'failed' }
  }
  link.readings?.delete(mine)
  if (link.readings?.size === 0) link.readings = undefined
  deliver(found)
}

function joined(state: HubState, at: { tenant: string; conversation: string; user: string }): Promise<void> {
  return new Promise((resolve) =>
    state.writes.add({ kind: 'join', ...at }, (outcome) => {
      if (outcome?.kind === 'arranged') tellArranged(state, at, outcome)
      resolve()
    }),
  )
}
