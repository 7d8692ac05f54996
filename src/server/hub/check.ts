/** The look at the news of the store, every few seconds: whatever the bus has lost is found here. */
import { keyOf } from '../key.js'
import { serverLimits } from '../../protocol/server-limits.js'
import { errorFields, silentLogger } from '../logger.js'
import type { MovedNews, News } from '../store.js'
import { tellLeft, tellMark, tellOwn, tellPerson } from './fan-out.js'
import { beyond, catchUp } from './gate.js'
import { touchRow } from './inbox.js'
import { type ChatNode, listen } from './node.js'
import { type HubState, roomAt } from './state.js'

/** False: nothing that was told so far is sure to be complete. */
export async function check(state: HubState): Promise<boolean> {
  const { node, options } = state
  if (!node || node.cursor === undefined || planted.headsUnchecked) return true
  retry(state, node)
  // What is heard from now on may be of writes that this answer does not know of.
  node.earlier = node.heard
  node.heard = new Map()
  try {
    const news = await options.store.news(node.cursor)
    if (!news.lost) take(state, news)
    node.cursor = news.next
    return !news.lost
  } catch (error) {
    const { logger = silentLogger } = options
    logger.error('news-failed', errorFields(error))
    return true
  }
}

function retry(state: HubState, node: ChatNode): void {
  const { behind } = node
  for (const topic of [...node.unheard]) listen(node, topic)
  for (const room of behind) {
    if (roomAt(state, room) === room) void catchUp(state, room)
    else behind.delete(room)
  }
}

function take(state: HubState, { people, moved, marks, left, stamps }: News): void {
  for (const { tenant, person, conversations, stamp } of people)
    for (const conversation of conversations) tellPerson(state, { tenant, conversation }, person, stamp)
  for (const one of moved) takeMoved(state, one)
  for (const one of marks) {
    const everyone = one.memberCount <= serverLimits.members
    if (everyone) tellMark(state, one, one.epoch, one.mark)
    tellOwn(state, one, one.epoch, one.mark, everyone, one.stamp)
  }
  for (const one of left) tellLeft(state, one, one.user, one.seq, one.stamp)
  for (const { tenant, stamp } of stamps) state.settled.set(tenant, stamp)
  state.writes.wake()
}

function takeMoved(state: HubState, one: MovedNews): void {
  const { epoch, head, stamp, members } = one
  const key = keyOf(one.tenant, one.conversation)
  if (state.rosters.has(key)) state.rosters.set(key, { epoch, members, read: Promise.resolve(members) })
  const room = roomAt(state, one)
  if (room) beyond(state, room, epoch, head)
  for (const user of members) touchRow(state, one, user, stamp)
}
