/** §7.3, §7.5 and §7.6: what is acknowledged, what is refused for good, and that content stays as it is. */
import { type BackendCase, one } from './ground.js'
import { changesHeard, operation } from './guest.js'
import { check, like, same } from './unmet.js'

const contents: Readonly<Record<string, unknown>> = {
  'an object': { text: 'hi', list: [1, { deep: null }] },
  'a text': 'hello',
  'an empty text': '',
  'an emoji and a line break': '👩‍🚀\n\u2028"\\',
  'a number': -1.5e-7,
  zero: 0,
  'a large exact number': 9007199254740991,
  false: false,
  null: null,
  'an empty list': [],
  'an empty object': {},
  'what nests 24 deep': JSON.parse('['.repeat(24) + ']'.repeat(24)),
}

const keeps = (name: string, content: unknown): BackendCase => ({
  paragraph: '7.6',
  name: `keeps content that is ${name} as it is`,
  core: true,
  async run(ground) {
    const { conversation, ann } = await one(ground)
    const { seq } = await ann.send(conversation, content)
    const { rows } = await ann.open(conversation)
    same(rows.find((row) => row.seq === seq)?.content, content, 'the content')
  },
})

export const operationCases: readonly BackendCase[] = [
  {
    paragraph: '7.3',
    name: 'has stored a message when it acknowledges it',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const bob = await ground.enter(ground.bob)
      for (let n = 0; n < 5; n++) {
        const { seq, localId } = await ann.send(conversation, n)
        const opened = await bob.open(conversation)
        check(opened.head >= seq && opened.rows.some((row) => row.localId === localId), `the message ${seq}`, opened.rows.at(-1))
      }
    },
  },
  {
    paragraph: '7.3',
    name: 'answers each transmission once',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId } = await ann.send(conversation)
      await ann.send(conversation)
      await ann.settle()
      const told = ann.heard.filter((frame) => (frame.type === 'ack' || frame.type === 'reject') && frame.localId === localId)
      same(told.length, 1, 'the number of answers to one transmission')
    },
  },
  {
    paragraph: '7.3',
    name: 'acknowledges with the stored message where the link does not follow',
    core: true,
    async run(ground) {
      const conversation = await ground.conversation()
      const ann = await ground.enter(ground.ann)
      const ack = await ann.send(conversation, { text: 'stored' })
      check(ack.message !== undefined, 'the message in the ack', ack)
      like(ack.message, { seq: ack.seq, author: ground.ann, localId: ack.localId, content: { text: 'stored' } }, 'the message')
    },
  },
  {
    paragraph: '7.3',
    name: 'tells the author the own change where it declares echo',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { seq, localId } = await ann.send(conversation)
      const { change } = await ann.next('change', `the own change ${seq}`, (frame) => frame.seq === seq)
      check(change.kind === 'message', 'a message', change)
      like(change.message, { localId, author: ground.ann }, 'the message')
    },
  },
  {
    paragraph: '7.3',
    name: "tells the author's other links the change where it declares echo",
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const other = await ground.enter(ground.ann)
      await other.open(conversation)
      const { seq } = await ann.send(conversation)
      await other.next('change', `the change ${seq} on another link of its author`, (frame) => frame.seq === seq)
    },
  },
  {
    paragraph: '7.3',
    name: 'leaves the message out of an ack only behind its change',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const ack = await ann.send(conversation, 'told')
      if (ack.message) return like(ack.message, { seq: ack.seq, content: 'told' }, 'the message of the ack')
      const place = ann.heard.findIndex((frame) => frame.type === 'ack' && frame.localId === ack.localId)
      const told = changesHeard({ heard: ann.heard.slice(0, place) }, conversation).some(({ seq }) => seq === ack.seq)
      check(told, 'the change before an ack without the message', ann.heard)
    },
  },
  {
    paragraph: '7.5',
    name: 'rejects content above 32 KiB as too-large, for good',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      const { contentBytes } = ann.welcome.limits
      ann.say(operation(conversation, localId, { kind: 'send', content: 'x'.repeat(contentBytes - 1) }, { try: 3 }))
      const reject = await ann.next('reject', 'a reject', (frame) => frame.localId === localId)
      like(reject, { conversation, try: 3, code: 'too-large', final: true }, 'the reject')
      await ann.lives('one operation was too large')
    },
  },
  {
    paragraph: '12.1',
    name: 'counts the bytes of content, not its characters',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      ann.say(operation(conversation, localId, { kind: 'send', content: 'é'.repeat(ann.welcome.limits.contentBytes / 2) }))
      const reject = await ann.next('reject', 'a reject', (frame) => frame.localId === localId)
      like(reject, { code: 'too-large', final: true }, 'the reject')
    },
  },
  {
    paragraph: '12.1',
    name: 'takes content of as many bytes as it says',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const content = 'x'.repeat(ann.welcome.limits.contentBytes - 2)
      const { seq } = await ann.send(conversation, content)
      const { rows } = await ann.open(conversation)
      same((rows.find((row) => row.seq === seq)?.content as string | undefined)?.length, content.length, 'the length of the content')
    },
  },
  {
    paragraph: '7.5',
    name: 'goes on with the next operation after a reject',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      ann.raw(JSON.stringify({ ...operation(conversation, ground.id()), operation: { kind: 'explode' } }))
      await ann.next('reject')
      await ann.send(conversation)
    },
  },
  ...Object.entries(contents).map(([name, content]) => keeps(name, content)),
  {
    paragraph: '7.7',
    name: 'takes a whole window of operations at once',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const asked = Array.from({ length: ann.welcome.limits.window }, () => operation(conversation, ground.id()))
      ann.say(...asked)
      for (const { localId } of asked) await ann.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)
    },
  },
]
