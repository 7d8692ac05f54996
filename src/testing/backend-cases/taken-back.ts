/** §7.6: `void` takes back what may have arrived. */
import { type BackendCase, both, one } from './ground.js'
import { type Guest, operation, type OperationFrame } from './guest.js'
import { check, like, same } from './unmet.js'

const acked = (guest: Guest, localId: string) => guest.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)

const takesBack = (conversation: string, localId: string, more: Partial<OperationFrame> = {}) =>
  operation(conversation, localId, { kind: 'void' }, more)

export const takenBackCases: readonly BackendCase[] = [
  {
    paragraph: '7.6',
    name: 'acknowledges a void of a local id it does not know without a seq',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { head } = await ann.open(conversation)
      const localId = ground.id()
      ann.say(takesBack(conversation, localId))
      like(await acked(ann, localId), { seq: undefined, message: undefined }, 'the ack')
      like(await ann.open(conversation), { head }, 'the conversation: a void takes no seq')
    },
  },
  {
    paragraph: '7.6',
    name: 'makes no message of a send that comes after its void',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      ann.say(takesBack(conversation, localId))
      await acked(ann, localId)
      ann.say(operation(conversation, localId, undefined, { try: 2 }))
      like(await acked(ann, localId), { seq: undefined }, 'the answer to the late send')
      const { rows } = await ann.open(conversation)
      check(!rows.some((row) => row.localId === localId), 'no such message', rows.at(-1))
    },
  },
  {
    paragraph: '7.6',
    name: 'makes no message of a send and its void when the void comes first in one text',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      ann.say(takesBack(conversation, localId), operation(conversation, localId))
      like(await acked(ann, localId), { seq: undefined }, 'the answer to the void')
      like(await acked(ann, localId), { seq: undefined }, 'the answer to the send')
    },
  },
  {
    paragraph: '7.6',
    name: 'answers a void of what took effect by its first outcome, and keeps the message',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId, seq } = await ann.send(conversation)
      ann.say(takesBack(conversation, localId, { try: 2 }))
      like(await acked(ann, localId), { seq }, 'the answer to the void')
      const { rows, head } = await ann.open(conversation)
      same(head, seq, 'the head')
      check(
        rows.some((row) => row.localId === localId),
        'the message to stay',
        rows.at(-1),
      )
    },
  },
  {
    paragraph: '7.6',
    name: 'answers a second void like the first',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      for (let transmission = 1; transmission < 3; transmission++) {
        ann.say(takesBack(conversation, localId, { try: transmission }))
        like(await acked(ann, localId), { seq: undefined }, `the answer to void ${transmission}`)
      }
    },
  },
  {
    paragraph: '7.6',
    name: "takes nothing of another user's back",
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const localId = ground.id()
      ann.say(takesBack(conversation, localId))
      await acked(ann, localId)
      await bob.send(conversation, 'mine', { localId })
    },
  },
]
