/** §1 The wire: texts, lists, order, ids, and what a server must shrug at. */
import { type BackendCase, both, one } from './ground.js'
import { changesHeard, operation } from './guest.js'
import { check, like, same } from './unmet.js'

const longest = 128

/** A local id that is taken: the server acknowledges a message under exactly it. */
const takes = (name: string, localIdOf: (id: string) => string): BackendCase => ({
  paragraph: '1.5',
  name: `takes ${name} as an id and compares it exactly`,
  core: true,
  async run(ground) {
    const { conversation, ann } = await one(ground)
    const localId = localIdOf(ground.id())
    const ack = await ann.send(conversation, 'named', { localId })
    like(ack, { localId }, 'the ack')
  },
})

export const wireCases: readonly BackendCase[] = [
  {
    paragraph: '1.1',
    name: 'reads a list as its frames one after another',
    core: true,
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      const [a, b] = [operation(conversation, ground.id()), operation(conversation, ground.id())]
      ann.say({ type: 'ping', n: 1 }, a, b, { type: 'ping', n: 2 })
      await ann.next('pong', 'a pong for the first ping of a list', (pong) => pong.n === 1)
      await ann.next('pong', 'a pong for the last ping of a list', (pong) => pong.n === 2)
      const first = await ann.next('ack', 'an ack of the first operation', (ack) => ack.localId === a.localId)
      const second = await ann.next('ack', 'an ack of the second operation', (ack) => ack.localId === b.localId)
      check((first.seq ?? 0) > opened.head && (second.seq ?? 0) > (first.seq ?? 0), 'the list to be applied in its order', [first, second])
    },
  },
  {
    paragraph: '1.1',
    name: 'reads a list of one frame as that frame',
    core: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      ann.raw('[{"type":"ping","n":7}]')
      like(await ann.next('pong'), { n: 7 }, 'the pong')
    },
  },
  {
    paragraph: '1.1',
    name: 'ends a link that sends a binary message',
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      if (!ann.binary) return ground.skip('this door carries texts alone')
      ann.binary(new TextEncoder().encode('{"type":"ping","n":1}'))
      await ann.ended('the server to close the link')
    },
  },
  {
    paragraph: '1.2',
    name: 'answers the pings of one link in their order',
    core: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      for (let n = 1; n <= 20; n++) ann.say({ type: 'ping', n })
      await ann.next('pong', 'a pong for ping 20', (pong) => pong.n === 20)
      const told = ann.heard.flatMap((frame) => (frame.type === 'pong' ? [frame.n] : []))
      same(
        told,
        Array.from({ length: 20 }, (_, n) => n + 1),
        'the pongs',
      )
    },
  },
  {
    paragraph: '1.2',
    name: 'applies what one link sends in its order',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const asked = Array.from({ length: 8 }, () => operation(conversation, ground.id()))
      for (const frame of asked) ann.say(frame)
      const seqs: number[] = []
      for (const { localId } of asked)
        seqs.push((await ann.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)).seq ?? -1)
      same(
        seqs,
        [...seqs].sort((a, b) => a - b),
        'the seqs of eight operations sent in a row',
      )
    },
  },
  {
    paragraph: '1.2',
    name: 'carries two links of one user apart',
    core: true,
    async run(ground) {
      const [first, second] = [await ground.enter(ground.ann), await ground.enter(ground.ann)]
      first.say({ type: 'ping', n: 1 })
      await first.next('pong')
      await second.settle()
      check(!second.heard.some((frame) => frame.type === 'pong' && frame.n === 1), 'no answer on another link', second.heard)
      await first.close()
      await second.lives('another link of the user ended')
    },
  },
  {
    paragraph: '1.3',
    name: 'keeps the keys constructor and prototype as data',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const content = { constructor: { name: 'x' }, prototype: [1], toString: 'y' }
      const { seq } = await ann.send(conversation, content)
      const { rows } = await ann.open(conversation)
      same(rows.find((row) => row.seq === seq)?.content, content, 'the content')
    },
  },
  {
    paragraph: '1.4',
    name: 'ignores a frame of an unknown type',
    core: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      ann.say({ type: 'teleport', to: 'mars' })
      await ann.lives('a frame of an unknown type is ignored')
    },
  },
  {
    paragraph: '1.4',
    name: 'applies what stands beside a frame of an unknown type',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const asked = operation(conversation, ground.id())
      ann.say({ type: 'teleport', to: 'mars' }, asked, { type: 'teleport' })
      await ann.next('ack', 'an ack of the operation in the middle', (ack) => ack.localId === asked.localId)
    },
  },
  {
    paragraph: '1.4',
    name: 'applies nothing of a text that holds a frame it cannot read',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const asked = operation(conversation, ground.id())
      ann.say(asked, { type: 'ping', n: 'one' })
      await ann.ended('the server to close bad-frame')
      const again = await ground.enter(ground.ann)
      const { rows } = await again.open(conversation)
      check(!rows.some((row) => row.localId === asked.localId), 'nothing of that text to be applied', rows.at(-1))
    },
  },
  {
    paragraph: '1.4',
    name: 'leaves other links alone when one sends what cannot be read',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      ann.raw('{"type":')
      await ann.ended('the server to close bad-frame')
      await bob.lives('another link was closed bad-frame')
      await bob.send(conversation)
    },
  },
  takes('128 characters', (id) => id.padEnd(longest, 'x')),
  takes('an emoji', (id) => `${id} 👩‍🚀`),
  takes('a blank and a quote', (id) => `${id} "\\/ `),
  takes('a right-to-left text', (id) => `${id} שלום`),
  takes('the name of a built-in property', (id) => `${id}.hasOwnProperty`),
  {
    paragraph: '1.5',
    name: 'keeps ids apart that differ in case or in composition alone',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const id = ground.id()
      const seqs: number[] = []
      for (const end of ['a', 'A', '\u00e9', 'e\u0301', ' ']) seqs.push((await ann.send(conversation, end, { localId: `${id}${end}` })).seq)
      check(new Set(seqs).size === seqs.length, 'five messages', seqs)
    },
  },
  {
    paragraph: '1.6',
    name: 'takes the author from the token, not from a frame',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const localId = ground.id()
      ann.say({ ...operation(conversation, localId), author: ground.bob, user: ground.bob })
      const { change } = await bob.next('change', 'the message of the other', ({ change }) => {
        return change.kind === 'message' && change.message.localId === localId
      })
      check(change.kind === 'message', 'a message', change)
      like(change.message, { author: ground.ann }, 'the message')
    },
  },
  {
    paragraph: '1.2',
    name: 'tells the changes of one conversation in the order of the log',
    core: true,
    features: ['dense', 'echo'],
    async run(ground) {
      const { conversation, ann, bob, openedByBob } = await both(ground)
      for (let n = 0; n < 8; n++) (n % 2 ? ann : bob).say(operation(conversation, ground.id()))
      await bob.next('change', 'the change of the eighth message', ({ seq }) => seq === openedByBob.head + 8)
      same(
        changesHeard(bob, conversation).map(({ seq }) => seq),
        Array.from({ length: 8 }, (_, n) => openedByBob.head + 1 + n),
        'the seqs of the changes in the order heard',
      )
    },
  },
]
