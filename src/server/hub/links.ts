/** The links of a hub: kept while they live, found by their lane, closed from this side, forgotten. */
import type { CloseCode } from '../../protocol/codes.js'
import { topicOfUser } from '../bus.js'
import { keyOf } from '../key.js'
import { unfollow } from './follow.js'
import type { Link } from './link.js'
import { ignore, listen } from './node.js'
import { type HubState, linksOf } from './state.js'

/** The living link of the same device and lane, of which there is at most one (R26). */
export function sameLane(state: HubState, link: Link): Link | undefined {
  return linksOf(state, link.tenant, link.user).find((other) => other.lane === link.lane)
}

export function register(state: HubState, link: Link): void {
  state.links.add(link)
  state.users.set(keyOf(link.tenant, link.user), [...linksOf(state, link.tenant, link.user), link])
  if (state.node) listen(state.node, topicOfUser(link.tenant, link.user))
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
  link.out = []
  link.held = undefined
  state.unsent.delete(link)
  state.asking.delete(link)
  state.stale.delete(link)
  for (const reading of link.readings ?? []) reading.cancelled = true
  for (const conversation of [...link.follows.keys()]) unfollow(state, link, conversation)
  state.links.delete(link)
  const key = keyOf(link.tenant, link.user)
  const rest = linksOf(state, link.tenant, link.user).filter((other) => other !== link)
  if (rest.length) state.users.set(key, rest)
  else {
    state.users.delete(key)
    if (state.node) ignore(state.node, topicOfUser(link.tenant, link.user))
  }
}
