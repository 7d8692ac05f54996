/** What a user did in every recorded session, and what the server's side did meanwhile. Never changed: a recording is held against it. */
import type { Chat, Conversation } from '../../src/client/api.js'
import type { VirtualClock } from '../../src/testing/virtual-clock.js'
import { quiet } from '../fuzz/tally.js'
import type { ServerDoor } from '../fakes/server-door.js'

export const user = 'ann'
const tenant = ''
const parts = {
  text: 'hi',
  parts: [
    { type: 'later', raw: { '': [1, 'ü\u2028', null] } },
    { type: 'text', text: '…' },
  ],
}

/** Lets things happen until it is so. */
async function until(clock: VirtualClock, what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 2_000) throw new Error(`It did not come to be so: ${what}`)
    await quiet()
    if (!isSo() && tries % 10 === 9) clock.advance(100)
  }
}

/** Conversations that were there before. */
export async function found({ hub }: ServerDoor): Promise<void> {
  await hub.put({
    tenant,
    conversation: 'team',
    members: [{ user }, { user: 'bob', profile: { name: 'Bob' } }],
    profile: { title: 'Team' },
  })
  await hub.put({ tenant, conversation: 'old', members: [{ user }, { user: 'bob' }] })
  for (let i = 0; i < 120; i++) await hub.post({ tenant, conversation: 'old', id: `p${i}`, author: 'bob', content: { text: `old ${i}` } })
}

/** `server` is there while it is recorded; in a replay it says by itself what it said then. */
export async function live(chat: Chat, clock: VirtualClock, server?: ServerDoor): Promise<string> {
  const hub = server?.hub
  const [team, old] = [chat.conversation('team'), chat.conversation('old')]
  const ends = [team.timeline, team.typing, team.details, old.timeline, chat.inbox].map((each) =>
    (each as typeof chat.inbox).subscribe(() => {}),
  )
  const says = (id: string, content: unknown) => hub?.post({ tenant, conversation: 'team', id, author: 'bob', content })
  // Or more: a recording does not wait for what is only looked at.
  const shows = (count: number) => until(clock, `${count} messages of team`, () => settledOf(team).length >= count)
  chat.connect()
  await until(clock, 'online', () => chat.session.get().phase === 'online' && chat.inbox.get().state === 'ready')
  await until(clock, 'both are ready', () => [team, old].every(({ timeline }) => timeline.get().state === 'ready'))
  team.send({ text: 'one' })
  team.send(parts)
  await shows(2)
  await says('b1', { text: 'two' })
  await says('b1', { text: 'two, revised' })
  await shows(3)
  await until(clock, 'the revision', () => settledOf(team).some(({ rev, seq }) => rev !== seq))
  team.markRead()
  await old.loadOlder({ limit: 50 })
  await old.jumpTo(5)
  await old.jumpToLatest()
  await hub?.put({
    tenant,
    conversation: 'team',
    members: [{ user }, { user: 'bob', profile: { name: 'Bob' } }, { user: 'cid' }],
    profile: { title: 'All' },
  })
  await until(clock, 'the new member', () => team.details.get().members.includes('cid'))
  await hub?.stop('going-away')
  await until(clock, 'offline', () => chat.session.get().phase === 'waiting')
  team.send({ text: 'offline' })
  await says('b2', parts)
  await until(clock, 'online again', () => chat.session.get().phase === 'online')
  await shows(5)
  await until(clock, 'all is quiet', () => chat.outbox.get().length === 0 && chat.inbox.get().state === 'ready')
  for (const end of ends) end()
  return shown(chat)
}

const settledOf = ({ timeline }: Conversation) => timeline.get().messages.filter(({ seq }) => seq !== undefined)

/** What stood on the screen at the end; local ids are of each run. */
function shown(chat: Chat): string {
  const told = ['team', 'old'].map((id) => {
    const { timeline, details } = chat.conversation(id)
    const { messages, hasOlder, state } = timeline.get()
    const { members, profile } = details.get()
    const rows = messages.map(({ id: name, seq, rev, author, at, content }) => ({ id: name, seq, rev, author, at, content }))
    return { id, state, hasOlder, members, profile, rows }
  })
  return `${JSON.stringify(told, null, 1)}\n`
}
