/** §9 The inbox and people: the list, what continues it, and names. */
import type { InboxRow } from '../../protocol/frames.js'
import { type BackendCase, both, type Ground } from './ground.js'
import type { FrameOf, Guest } from './guest.js'
import { check, like, same } from './unmet.js'

type Inbox = FrameOf<'inbox'>

async function ask(guest: Guest, cursor?: string): Promise<Inbox> {
  const answer = await guest.ask({ type: 'inbox', cursor })
  check(answer.type === 'inbox', 'the answer inbox', answer)
  return answer
}

/** The list from `cursor` on to its end: every frame of it. */
async function list(guest: Guest, cursor?: string) {
  const frames = [await ask(guest, cursor)]
  for (let last = frames[0] as Inbox; last.more && frames.length < 100; last = frames.at(-1) as Inbox)
    frames.push(await ask(guest, last.next))
  return { frames, rows: frames.flatMap(({ rows }) => rows), next: (frames.at(-1) as Inbox).next }
}

const rowOf = (rows: readonly InboxRow[], conversation: string) => rows.filter((row) => row.conversation === conversation).at(-1)

/** The row of a conversation, told without being asked for. */
const told = (guest: Guest, conversation: string, fits: (row: InboxRow) => boolean = () => true) =>
  guest.next('inbox', `an inbox frame without request that tells of ${conversation}`, ({ request, rows }) => {
    const row = rowOf(rows, conversation)
    return request === undefined && row !== undefined && fits(row)
  })

/** Ann follows and writes; Bob only reads his list. */
async function listing(ground: Ground) {
  const { conversation, ann, bob: opener } = await both(ground)
  await opener.close()
  const { seq, localId } = await ann.send(conversation, 'newest')
  return { conversation, ann, seq, localId, bob: await ground.enter(ground.bob) }
}

const inboxed = (
  paragraph: string,
  name: string,
  run: (talk: Awaited<ReturnType<typeof listing>>, ground: Ground) => Promise<void>,
  more: Partial<BackendCase> = {},
): BackendCase => ({ paragraph, name, features: ['inbox'], run: async (ground) => run(await listing(ground), ground), ...more })

export const inboxCases: readonly BackendCase[] = [
  inboxed('9.1', 'lists a conversation with its last message and its head', async ({ conversation, seq, localId, bob }) => {
    const row = rowOf((await list(bob)).rows, conversation)
    check(row !== undefined, `a row of ${conversation}`, row)
    like(row, { head: seq }, 'the row')
    like(row.last ?? {}, { seq, localId, content: 'newest' } as object, 'its last message')
  }),
  inboxed('9.1', 'begins the list anew where no cursor is given', async ({ bob }) => {
    for (let n = 0; n < 2; n++) like(await ask(bob), { prev: undefined }, 'the first frame')
  }),
  inboxed('9.1', 'lists each conversation once', async ({ bob }) => {
    const named = (await list(bob)).rows.map(({ conversation }) => conversation)
    same(new Set(named).size, named.length, 'the number of conversations')
  }),
  inboxed('9.1', 'continues the list from a cursor, with what changed since', async ({ conversation, ann, bob }, ground) => {
    const { next } = await list(bob)
    await bob.close()
    const { seq } = await ann.send(conversation, 'since')
    const again = await list(await ground.enter(ground.bob), next)
    like(again.frames[0] ?? {}, { prev: next } as object, 'the first frame')
    like(rowOf(again.rows, conversation) ?? {}, { head: seq } as object, 'the row that changed')
  }),
  inboxed('9.1', 'tells from a cursor nothing of what did not change', async ({ conversation, bob }) => {
    const { next } = await list(bob)
    const { rows } = await list(bob, next)
    same(rowOf(rows, conversation), undefined, 'the row that did not change')
  }),
  inboxed('9.1', 'answers a cursor that it does not know like none', async ({ conversation, bob }) => {
    const { frames, rows } = await list(bob, 'a-cursor-of-nobody')
    like(frames[0] ?? {}, { prev: undefined } as object, 'the first frame')
    check(rowOf(rows, conversation) !== undefined, `a row of ${conversation}`, rows)
  }),
  inboxed('9.1', 'counts the unread messages of a row', async ({ conversation, ann, bob }) => {
    await ann.send(conversation)
    const row = rowOf((await list(bob)).rows, conversation)
    check((row?.unread.count ?? 0) >= 2, 'at least two unread messages', row)
  }),
  inboxed('9.1', 'tells the own read, and nothing unread once all is', async ({ conversation, seq, bob }) => {
    const { epoch } = await bob.open(conversation)
    bob.say({ type: 'receipt', conversation, epoch, read: seq })
    await bob.next('marks')
    const row = rowOf((await list(bob)).rows, conversation)
    like(row ?? {}, { read: seq, unread: { count: 0, more: false } } as object, 'the row')
  }),
  inboxed(
    '9.1',
    'lists no conversation of others',
    async ({ conversation }, ground) => {
      const { rows } = await list(await ground.enter(ground.eve))
      same(rowOf(rows, conversation), undefined, 'the row of a conversation of others')
    },
    { needs: ['closed'] },
  ),
  inboxed('9.2', 'tells a row that changes, unasked, after the last page', async ({ conversation, ann, bob }) => {
    await list(bob)
    const { seq } = await ann.send(conversation, 'live')
    like(
      rowOf((await told(bob, conversation, ({ head }) => head === seq)).rows, conversation)?.last ?? {},
      { seq } as object,
      'its last message',
    )
  }),
  inboxed('9.2', 'continues with each such frame the one before', async ({ conversation, ann, bob }) => {
    let { next } = await list(bob)
    for (let n = 0; n < 3; n++) {
      const { seq } = await ann.send(conversation, n)
      await told(bob, conversation, ({ head }) => head >= seq)
    }
    for (const frame of bob.heard) {
      if (frame.type !== 'inbox' || frame.request !== undefined) continue
      same(frame.prev, next, 'prev of a frame, beside the next of the one before,')
      next = frame.next
    }
  }),
  inboxed('9.2', 'tells nothing unasked before the list was read', async ({ conversation, ann, bob }) => {
    const { seq } = await ann.send(conversation)
    await bob.settle()
    same(
      bob.heard.filter(({ type }) => type === 'inbox'),
      [],
      `inbox frames after message ${seq}`,
    )
  }),
  inboxed('9.3', 'raises the rev of a row with each change', async ({ conversation, ann, bob }) => {
    const first = rowOf((await list(bob)).rows, conversation)
    await ann.send(conversation)
    const second = rowOf((await list(bob)).rows, conversation)
    check((second?.rev ?? 0) > (first?.rev ?? 0), `a rev above ${first?.rev}`, second)
  }),
  inboxed(
    '9.2',
    'lists a conversation that left as gone',
    async ({ conversation, bob }, ground) => {
      await list(bob)
      await ground.arrange.put({ id: conversation, members: [ground.ann] })
      await bob.next('inbox', `an inbox frame with ${conversation} in gone`, ({ gone }) => gone.includes(conversation))
    },
    { needs: ['put'] },
  ),
  inboxed(
    '9.2',
    'tells of a conversation that comes new to the list',
    async ({ bob }, ground) => {
      await list(bob)
      const id = ground.id()
      await ground.arrange.put({ id, members: [ground.ann, ground.bob] })
      await told(bob, id)
    },
    { needs: ['put'] },
  ),
  {
    paragraph: '9.4',
    name: 'names the members of a conversation as they are called',
    needs: ['put'],
    async run(ground) {
      const id = ground.id()
      await ground.arrange.put({ id, members: [ground.ann, { user: ground.bob, profile: { name: 'Bob', color: 'red' } }] })
      const { people } = await (await ground.enter(ground.ann)).open(id)
      same(people.find(({ user }) => user === ground.bob)?.profile, { name: 'Bob', color: 'red' }, 'the profile')
    },
  },
  {
    paragraph: '9.4',
    name: 'tells followers of a profile that changes',
    needs: ['put'],
    async run(ground) {
      const { conversation: id, ann } = await both(ground)
      await ground.arrange.put({ id, members: [ground.ann, { user: ground.bob, profile: { name: 'Robert' } }] })
      const { people } = await ann.next('people', 'a people frame', (frame) => frame.people.some(({ user }) => user === ground.bob))
      same(people.find(({ user }) => user === ground.bob)?.profile, { name: 'Robert' }, 'the profile')
    },
  },
]
