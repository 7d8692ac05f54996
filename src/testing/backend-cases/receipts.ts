/** §8.1–§8.4: watermarks that only rise, who is told of them, and what counts as unread. */
import type { Mark } from '../../protocol/frames.js'
import { type BackendCase, both, fill, type Ground } from './ground.js'
import type { Guest } from './guest.js'
import { check, like, same } from './unmet.js'

const markOf = (marks: readonly Mark[], user: string) => marks.find((mark) => mark.user === user)

/** A case with one message of Ann that Bob has not read, and Bob's way to say receipts and hear his mark. */
const receiving = (
  paragraph: string,
  name: string,
  run: (talk: Awaited<ReturnType<typeof unread>>, ground: Ground) => Promise<void>,
): BackendCase => ({
  paragraph,
  name,
  core: true,
  features: ['receipts'],
  run: async (ground) => run(await unread(ground), ground),
})

async function unread(ground: Ground) {
  const talk = await both(ground)
  const { conversation, ann, bob, opened } = talk
  const first = await ann.send(conversation, 1)
  const { seq } = await ann.send(conversation, 2)
  const { epoch } = opened
  const say = (more: { delivered?: number; read?: number; epoch?: string }) => bob.say({ type: 'receipt', conversation, epoch, ...more })
  const hears = (guest: Guest, fields: Partial<Mark>, what: string) =>
    guest.next('marks', `marks with ${JSON.stringify(fields)} of ${ground.bob} ${what}`, (frame) => {
      const mark = frame.conversation === conversation ? markOf(frame.marks, ground.bob) : undefined
      return mark !== undefined && Object.entries(fields).every(([key, value]) => mark[key as keyof Mark] === value)
    })
  /** What a new answer says of Bob. */
  const stored = async () => {
    const opened = await (await ground.enter(ground.bob)).open(conversation)
    return { opened, mark: markOf(opened.marks, ground.bob) ?? { user: ground.bob, delivered: -1, read: -1 } }
  }
  return { ...talk, epoch, first: first.seq, seq, say, hears, stored }
}

export const receiptCases: readonly BackendCase[] = [
  receiving('8.1', 'raises read and tells it', async ({ bob, seq, say, hears, stored }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    like((await stored()).mark, { read: seq }, 'the mark in a new answer')
  }),
  receiving('8.1', 'raises delivered alone', async ({ bob, seq, say, hears, stored }) => {
    const { mark } = await stored()
    say({ delivered: seq })
    await hears(bob, { delivered: seq }, 'to their author')
    like((await stored()).mark, { delivered: seq, read: mark.read }, 'the mark in a new answer')
  }),
  receiving('8.1', 'raises delivered with read', async ({ bob, seq, say, hears, stored }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    check((await stored()).mark.delivered >= seq, `delivered at least ${seq}`, (await stored()).mark)
  }),
  receiving('8.1', 'lowers no watermark', async ({ bob, first, seq, say, hears, stored }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    say({ read: first, delivered: first })
    await hears(bob, { read: seq, delivered: seq }, 'after a lower receipt')
    like((await stored()).mark, { read: seq, delivered: seq }, 'the mark in a new answer')
  }),
  receiving('8.1', 'raises no watermark above the head', async ({ bob, seq, say, hears, stored }) => {
    say({ read: seq + 1_000 })
    await hears(bob, { read: seq }, 'after a receipt above the head')
    like((await stored()).mark, { read: seq }, 'the mark in a new answer')
  }),
  receiving('8.1', 'gives receipts no seq', async ({ conversation, ann, bob, seq, say, hears }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    const next = await ann.send(conversation)
    same(next.seq, seq + 1, 'the seq of the next message')
  }),
  receiving('8.1', 'ignores a receipt for another epoch', async ({ bob, first, seq, say, hears, stored }) => {
    const { mark } = await stored()
    say({ read: seq, epoch: 'another-life' })
    // Behind it one that is good: what the first did is told by then.
    say({ read: first })
    await hears(bob, { read: Math.max(first, mark.read) }, 'after a receipt for another epoch')
    like((await stored()).mark, { read: Math.max(first, mark.read) }, 'the mark in a new answer')
  }),
  receiving('8.1', "raises the asker's own watermarks alone", async ({ opened, bob, seq, say, hears, stored }, ground) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    const others = markOf((await stored()).opened.marks, ground.ann)
    like(others ?? {}, { read: markOf(opened.marks, ground.ann)?.read }, 'the mark of the other member')
  }),
  receiving('8.2', 'tells every follower', async ({ ann, seq, say, hears }) => {
    say({ read: seq })
    await hears(ann, { read: seq }, 'to the other member')
  }),
  receiving('8.2', 'answers also when nothing rose', async ({ bob, seq, say, hears }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    say({ read: seq })
    await hears(bob, { read: seq }, 'once more')
  }),
  receiving('8.2', 'tells the links of its author that do not follow', async ({ seq, say, hears }, ground) => {
    const other = await ground.enter(ground.bob)
    say({ read: seq })
    await hears(other, { read: seq }, 'to another link of their author')
  }),
  receiving('8.2', 'takes receipts on a link that does not follow', async ({ conversation, epoch, seq, hears }, ground) => {
    const other = await ground.enter(ground.bob)
    other.say({ type: 'receipt', conversation, epoch, read: seq })
    await hears(other, { read: seq }, 'to that link')
  }),
  receiving('8.2', 'names the epoch in marks', async ({ ann, epoch, seq, say, hears }) => {
    say({ read: seq })
    like(await hears(ann, { read: seq }, 'to the other member'), { epoch }, 'marks')
  }),
  receiving('8.3', "keeps delivered apart from another member's read", async ({ ann, seq, say, hears }, ground) => {
    say({ delivered: seq })
    const { marks } = await hears(ann, { delivered: seq }, 'to the other member')
    check((markOf(marks, ground.bob)?.read ?? 0) < seq, `a read below ${seq}`, marks)
  }),
  receiving('8.4', 'counts the messages of others above the own read', async ({ conversation, bob, first, say, hears, stored }) => {
    say({ read: first })
    await hears(bob, { read: first }, 'to their author')
    same((await stored()).opened.unread, { count: 1, more: false }, `unread in ${conversation}`)
  }),
  receiving('8.4', 'counts nothing once all is read', async ({ bob, seq, say, hears, stored }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    same((await stored()).opened.unread, { count: 0, more: false }, 'unread')
  }),
  receiving('8.4', 'counts no own messages', async ({ conversation, bob, seq, say, hears, stored }) => {
    say({ read: seq })
    await hears(bob, { read: seq }, 'to their author')
    await bob.send(conversation)
    same((await stored()).opened.unread, { count: 0, more: false }, 'unread')
  }),
  receiving('8.4', 'does not raise the own read by sending', async ({ conversation, bob, first, say, hears, stored }) => {
    say({ read: first })
    await hears(bob, { read: first }, 'to their author')
    await bob.send(conversation)
    const { mark, opened } = await stored()
    like(mark, { read: first }, 'the mark after an own message')
    same(opened.unread, { count: 1, more: false }, 'unread')
  }),
  {
    paragraph: '8.4',
    name: 'counts exactly to 100, and says more above',
    features: ['receipts'],
    async run(ground) {
      const { conversation, ann, bob, seq, say, hears, stored } = await unread(ground)
      say({ read: seq })
      await hears(bob, { read: seq }, 'to their author')
      await fill(ann, conversation, 100, (n) => n, ground.id)
      same((await stored()).opened.unread, { count: 100, more: false }, 'unread of 100 messages')
      await ann.send(conversation)
      same((await stored()).opened.unread, { count: 100, more: true }, 'unread of 101 messages')
    },
  },
  {
    paragraph: '8.2',
    name: 'tells of more than 256 members only their own author',
    features: ['receipts'],
    needs: ['put'],
    async run(ground) {
      const id = ground.id()
      const crowd = Array.from({ length: 256 }, (_, n) => `${id}-${n}`)
      await ground.arrange.put({ id, members: [ground.ann, ground.bob, ...crowd] })
      const [ann, bob] = [await ground.enter(ground.ann), await ground.enter(ground.bob)]
      const { epoch } = await ann.open(id)
      const { seq } = await ann.send(id)
      await bob.open(id)
      bob.say({ type: 'receipt', conversation: id, epoch, read: seq })
      await bob.next('marks', 'marks to their author')
      await ann.settle()
      same(
        ann.heard.filter(({ type }) => type === 'marks'),
        [],
        'marks told to another member',
      )
    },
  },
]
