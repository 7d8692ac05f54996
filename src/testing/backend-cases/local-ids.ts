/** §7.1 and §7.2: one local id, one effect. */
import { type BackendCase, both, type Ground, one } from './ground.js'
import { type Guest, messagesHeard, operation } from './guest.js'
import { check, like, same } from './unmet.js'

/** Says the same operation again by `again`: one effect, the first answer. */
const repeats = (name: string, again: (ground: Ground, talk: Awaited<ReturnType<typeof one>>) => Promise<Guest>): BackendCase => ({
  paragraph: '7.2',
  name: `answers a known local id by the first outcome: ${name}`,
  core: true,
  features: ['idempotent'],
  async run(ground) {
    const talk = await one(ground)
    const { conversation, ann } = talk
    const first = await ann.send(conversation, 'once')
    const guest = await again(ground, talk)
    guest.say(operation(conversation, first.localId, { kind: 'send', content: 'once' }, { try: 2 }))
    const second = await guest.next('ack', 'an ack of the repetition', (ack) => ack.localId === first.localId)
    like(second, { seq: first.seq, epoch: first.epoch }, 'the second ack')
    like(await guest.open(conversation), { head: first.seq }, 'the conversation')
  },
})

const rowsOf = async (guest: Guest, conversation: string, localId: string) =>
  (await guest.open(conversation)).rows.filter((row) => row.localId === localId)

export const localIdCases: readonly BackendCase[] = [
  {
    paragraph: '7.1',
    name: 'keeps the same local id of two users apart',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const localId = ground.id()
      const mine = await ann.send(conversation, 'a', { localId })
      const other = await bob.send(conversation, 'b', { localId })
      check(mine.seq !== other.seq, 'two messages', [mine, other])
    },
  },
  repeats('on the same link', async (_ground, { ann }) => ann),
  repeats('on another link of the user', (ground) => ground.enter(ground.ann)),
  repeats('after the link ended', async (ground, { ann }) => {
    await ann.close()
    return ground.enter(ground.ann)
  }),
  {
    paragraph: '7.2',
    name: 'makes one message of the same operation twice in one text',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const asked = operation(conversation, ground.id())
      ann.say(asked, asked)
      const first = await ann.next('ack', 'a first ack', (ack) => ack.localId === asked.localId)
      const second = await ann.next('ack', 'a second ack', (ack) => ack.localId === asked.localId)
      same(second.seq, first.seq, 'the seq of the second ack')
      same((await rowsOf(ann, conversation, asked.localId)).length, 1, 'the number of messages')
    },
  },
  {
    paragraph: '7.2',
    name: 'makes one message of the same operation from two links at once',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const other = await ground.enter(ground.ann)
      const asked = operation(conversation, ground.id())
      ann.say(asked)
      other.say(asked)
      const acks = await Promise.all([ann, other].map((guest) => guest.next('ack', 'an ack', (ack) => ack.localId === asked.localId)))
      same(acks[1]?.seq, acks[0]?.seq, 'the seq of the second ack')
      same((await rowsOf(ann, conversation, asked.localId)).length, 1, 'the number of messages')
    },
  },
  {
    paragraph: '7.2',
    name: 'keeps the first content where a known local id brings another',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId, seq } = await ann.send(conversation, 'first')
      const again = await ann.send(conversation, 'second', { localId, try: 2 })
      same(again.seq, seq, 'the seq of the second ack')
      const rows = await rowsOf(ann, conversation, localId)
      same(
        rows.map(({ content }) => content),
        ['first'],
        'the contents stored',
      )
    },
  },
  {
    paragraph: '7.2',
    name: 'tells nobody of a repetition',
    core: true,
    features: ['idempotent', 'echo'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const { localId } = await ann.send(conversation)
      await ann.send(conversation, 'again', { localId, try: 2 })
      const { seq } = await ann.send(conversation, 'next')
      await bob.next('change', `the change ${seq}`, (frame) => frame.seq === seq)
      same(messagesHeard(bob, conversation).length, 2, 'the number of messages heard')
    },
  },
  {
    paragraph: '7.2',
    name: 'knows a local id by its conversation',
    core: true,
    features: ['idempotent'],
    needs: ['fresh'],
    async run(ground) {
      const [first, second] = [await one(ground), await one(ground)]
      const { localId } = await first.ann.send(first.conversation, 'here')
      const other = await second.ann.send(second.conversation, 'there', { localId })
      const rows = await rowsOf(second.ann, second.conversation, localId)
      same(
        rows.map(({ seq, content }) => [seq, content]),
        [[other.seq, 'there']],
        'the message of the second conversation',
      )
    },
  },
]
