/** What the other nodes say. All of it may be lost, doubled, late or out of order; nothing here may depend on it. */
import { topicOfUser } from '../bus.js'
import { errorFields, silentLogger } from '../logger.js'
import { tellLeft, tellMark, tellOwn, tellPerson, tellRoom } from './fan-out.js'
import { beyond, offer } from './gate.js'
import type { Hint, Told } from './hint.js'
import { touchRow } from './inbox.js'
import type { Link } from './link.js'
import { type HubState, linksOf, roomAt, say } from './state.js'

/** `supersede` closes a link of which a higher one is known elsewhere. */
export function hearHints(state: HubState, text: string, supersede: (link: Link) => void): void {
  try {
    const { from, hints } = JSON.parse(text) as Told
    if (from !== state.node?.name) for (const hint of hints) hearOne(state, hint, supersede)
  } catch (error) {
    const { logger = silentLogger } = state.options
    logger.error('hint-failed', errorFields(error))
  }
}

function hearOne(state: HubState, hint: Hint, supersede: (link: Link) => void): void {
  switch (hint.kind) {
    case 'change':
      return hearChange(state, hint)
    case 'marks':
      return tellMark(state, hint, hint.epoch, hint.mark)
    case 'typing':
      return hearTyping(state, hint)
    case 'person':
      return tellPerson(state, hint, hint.person, hint.stamp)
    case 'own':
      return tellOwn(state, hint, hint.epoch, hint.mark, hint.everyone, hint.stamp)
    case 'row':
      return touchRow(state, hint, hint.user, hint.stamp)
    case 'left':
      return tellLeft(state, hint, hint.user, hint.seq, hint.stamp)
    case 'link':
      return hearLink(state, hint, supersede)
  }
}

type HintOf<K extends Hint['kind']> = Extract<Hint, { kind: K }>

function hearChange(state: HubState, hint: HintOf<'change'>): void {
  const room = roomAt(state, hint)
  if (!room) return
  if (hint.told) offer(state, room, hint.epoch, hint.told)
  else beyond(state, room, hint.epoch, hint.seq)
}

/** Said after changes that are missing here, it may come from or go to somebody who is no member any more. */
function hearTyping(state: HubState, { tenant, conversation, epoch, head, user, on }: HintOf<'typing'>): void {
  const room = roomAt(state, { tenant, conversation })
  if (!room) return
  if (room.epoch !== epoch || head > room.head) return beyond(state, room, epoch, head)
  tellRoom(state, room, { type: 'typing', conversation, user, on }, user)
}

function hearLink(state: HubState, { tenant, user, lane, number }: HintOf<'link'>, supersede: (link: Link) => void): void {
  for (const link of linksOf(state, tenant, user).filter((one) => one.lane === lane)) {
    if (link.number < number) supersede(link)
    else if (link.number > number) sayLink(state, link)
  }
}

/** A higher link of a lane closes the older one wherever it is (R26). */
export function sayLink(state: HubState, { tenant, user, lane, number }: Link): void {
  if (state.node) say(state, topicOfUser(tenant, user), { kind: 'link', tenant, user, lane, number })
}
