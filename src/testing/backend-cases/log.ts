/** §2 The log: one dense order, epochs, tags. */
import { type BackendCase, both, fill, one } from './ground.js'
import { changesHeard, messagesHeard, operation } from './guest.js'
import { check, isSame, like, same } from './unmet.js'

const upFrom = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n)

export const logCases: readonly BackendCase[] = [
  {
    paragraph: '2.1',
    name: 'gives every change the next seq, without holes',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      const seqs: number[] = []
      for (let n = 0; n < 5; n++) seqs.push((await ann.send(conversation, n)).seq)
      same(seqs, upFrom(opened.head + 1, 5), 'the seqs of five messages')
    },
  },
  {
    paragraph: '2.1',
    name: 'gives dense seqs to two authors who send at the same time',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, bob, openedByBob } = await both(ground)
      const asked = upFrom(0, 8).map(() => operation(conversation, ground.id()))
      for (const frame of asked) (frame === asked[0] || asked.indexOf(frame) % 3 === 0 ? ann : bob).say(frame)
      await bob.next('change', 'the last change', ({ seq }) => seq === openedByBob.head + 8)
      const { rows, head } = await ann.open(conversation)
      const mine = rows.filter(({ localId }) => asked.some((frame) => frame.localId === localId))
      same(
        mine.map(({ seq }) => seq),
        upFrom(openedByBob.head + 1, 8),
        'the places of eight messages',
      )
      same(head, openedByBob.head + 8, 'the head')
    },
  },
  {
    paragraph: '2.1',
    name: 'tells all members one order',
    core: true,
    features: ['dense', 'echo'],
    async run(ground) {
      const { conversation, ann, bob, openedByBob } = await both(ground)
      for (let n = 0; n < 4; n++) {
        ann.say(operation(conversation, ground.id()))
        bob.say(operation(conversation, ground.id()))
      }
      const last = openedByBob.head + 8
      await Promise.all([ann, bob].map((guest) => guest.next('change', `the change ${last}`, ({ seq }) => seq === last)))
      const order = (guest: typeof ann) => messagesHeard(guest, conversation).map(({ seq, localId }) => [seq, localId])
      same(order(ann), order(bob), 'the order that both heard')
    },
  },
  {
    paragraph: '2.1',
    name: 'numbers each conversation by itself',
    core: true,
    needs: ['fresh'],
    features: ['dense'],
    async run(ground) {
      const [first, second] = [await one(ground), await one(ground)]
      for (let n = 0; n < 3; n++) await first.ann.send(first.conversation, n)
      const { seq } = await second.ann.send(second.conversation, 'other')
      same(seq, second.opened.head + 1, 'the seq in the other conversation')
    },
  },
  {
    paragraph: '2.1',
    name: 'gives a seq to members who join and leave, and to a profile',
    needs: ['put'],
    features: ['dense'],
    async run(ground) {
      const { conversation: id, bob, openedByBob } = await both(ground)
      const { ann, eve, arrange } = ground
      await arrange.put({ id, members: [ann, ground.bob, eve] })
      await arrange.put({ id, members: [ann, ground.bob] })
      await arrange.put({ id, members: [ann, ground.bob], profile: { name: 'new' } })
      await bob.next('change', 'the third change', ({ seq }) => seq === openedByBob.head + 3)
      const changes = changesHeard(bob, id).map(({ change }) => change)
      const expected = [
        { kind: 'member', user: eve, joined: true },
        { kind: 'member', user: eve, joined: false },
        { kind: 'profile', profile: { name: 'new' } },
      ]
      same(changes, expected, 'the changes')
    },
  },
  {
    paragraph: '2.3',
    name: 'names the same epoch in every frame with a seq',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann, bob, opened, openedByBob } = await both(ground)
      const ack = await ann.send(conversation)
      const change = await bob.next('change', 'the change', ({ seq }) => seq === ack.seq)
      const page = await ann.page(conversation, opened.epoch, { before: ack.seq + 1 }, 1)
      const told = { opened: opened.epoch, other: openedByBob.epoch, ack: ack.epoch, change: change.epoch, page: page.epoch }
      check(new Set(Object.values(told)).size === 1, 'one epoch', told)
    },
  },
  {
    paragraph: '2.3',
    name: 'gives conversations epochs of their own life, the same for all links',
    core: true,
    async run(ground) {
      const { conversation, opened, bob } = await both(ground)
      await bob.close()
      const again = await (await ground.enter(ground.bob)).open(conversation)
      like(again, { epoch: opened.epoch }, 'opened later')
    },
  },
  {
    paragraph: '2.3',
    name: 'tells the tag of a change alike live and in answers',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const { seq } = await ann.send(conversation)
      const change = await bob.next('change', 'the change', (frame) => frame.seq === seq)
      like(await ann.open(conversation), { to: seq, tag: change.tag }, 'the answer')
    },
  },
  {
    paragraph: '2.3',
    name: 'gives every change a tag of its own',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const last = await fill(ann, conversation, 6, (n) => n, ground.id)
      await bob.next('change', 'the last change', ({ seq }) => seq === last)
      const tags = changesHeard(bob, conversation).map(({ tag }) => tag)
      check(new Set(tags).size === 6, 'six tags', tags)
    },
  },
  {
    paragraph: '2.4',
    name: 'takes seq 0 and an empty tag as the position before the first change',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      await ann.send(conversation)
      const answer = await ann.open(conversation, { epoch: opened.epoch, seq: 0, tag: '' })
      // A server may have forgotten what came so early.
      if (answer.reset === 'too-old') return
      like(answer, { reset: undefined, from: 0 }, 'the answer')
    },
  },
  {
    paragraph: '2.5',
    name: 'tells a change with the whole message that results',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const { seq, localId } = await ann.send(conversation, { text: 'whole', list: [1, 2] })
      const { change } = await bob.next('change', 'the change', (frame) => frame.seq === seq)
      const row = (await bob.open(conversation)).rows.find((row) => row.seq === seq)
      check(change.kind === 'message' && isSame(change.message, row), 'the same message live as in the answer of open', change)
      like(change.message, { localId, seq, rev: seq, author: ground.ann }, 'the message')
    },
  },
  {
    paragraph: '2.5',
    name: 'tells a message that changed in its present state, at its old place',
    needs: ['put', 'post'],
    features: ['echo'],
    async run(ground) {
      const { conversation, bob } = await both(ground)
      const post = { id: ground.id(), conversation, author: 'system', content: { paid: false, sum: 5 } }
      await ground.arrange.post(post)
      const first = await bob.next('change')
      await ground.arrange.post({ ...post, content: { paid: true, sum: 5 } })
      const { change, seq } = await bob.next('change')
      check(change.kind === 'message', 'a message', change)
      like(change.message, { seq: first.seq, rev: seq, content: { paid: true, sum: 5 } }, 'the message')
    },
  },
]
