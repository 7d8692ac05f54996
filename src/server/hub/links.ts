/** The links of a hub: kept while they live, found by their lane, closed from this side, forgotten. */
import type { CloseCode } from '../../protocol/codes.js'
import { topicOfUser } from '../bus.js'
import { unfollow } from './follow.js'
import { type Link, nothing } from './link.js'
import { ignore, listen } from './node.js'
import { type HubState, linksOf } from './state.js'

/** The living link of the same device and lane, of which there is at most one (R26). */
export function sameLane(state: HubState, link: Link): Link | undefined {
  return linksOf(state, link.tenant, link.user).find((other) => other.lane === link.lane)
}

export function register(state: HubState, link: Link): void {
  state.links.add(link)
  const { tenant, user } = link
  const others = linksOf(state, tenant, user)
  const users = state.users.get(tenant) ?? new Map<string, readonly Link[]>()
  state.users.set(tenant, users.set(user, [...others, link]))
  if (state.node) listen(state.node, topicOfUser(tenant, user))
}

/** Closes a link from this side. What it was sent before leaves first. */
export function shut(state: HubState, link: Link, as: 'closed' | 'fenced', code: CloseCode, retryAfterMs?: number): void {
  if (link.state !== 'open') return
  if (link.out.length) link.send(link.out, link.shared)
  link.state = as
  forget(state, link)
  link.close(code, retryAfterMs)
}

export function forget(state: HubState, link: Link): void {
  link.out = nothing
  link.held = undefined
  link.inbox = undefined
  state.asking.delete(link)
  state.stale.delete(link)
  for (const reading of link.readings ?? []) reading.cancelled = true
  for (const conversation of [...link.follows.keys()]) unfollow(state, link, conversation)
  state.links.delete(link)
  const { tenant, user } = link
  const users = state.users.get(tenant)
  const rest = linksOf(state, tenant, user).filter((other) => other !== link)
  if (rest.length) return void users?.set(user, rest)
  users?.delete(user)
  if (users?.size === 0) state.users.delete(tenant)
  if (state.node) ignore(state.node, topicOfUser(tenant, user))
}
