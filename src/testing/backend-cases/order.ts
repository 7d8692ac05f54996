/** §7.4: `after` keeps a lane's order whatever fails. */
import { type BackendCase, both, one } from './ground.js'
import { type Guest, operation, type OperationFrame } from './guest.js'
import { check, like, same } from './unmet.js'

const outOfOrder = async (guest: Guest, asked: OperationFrame) => {
  guest.say(asked)
  const reject = await guest.next('reject', `a reject of ${asked.localId}`, (frame) => frame.localId === asked.localId)
  like(reject, { code: 'out-of-order', final: false, try: asked.try }, 'the reject')
}

const acked = (guest: Guest, localId: string) => guest.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)

const takesBack = (conversation: string, localId: string, more: Partial<OperationFrame> = {}) =>
  operation(conversation, localId, { kind: 'void' }, more)

export const orderCases: readonly BackendCase[] = [
  {
    paragraph: '7.4',
    name: 'rejects in passing what comes after an operation it does not know',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      await outOfOrder(ann, operation(conversation, ground.id(), undefined, { after: 'never-sent', try: 2 }))
      const { head } = await ann.open(conversation)
      await ann.send(conversation)
      like(await ann.open(conversation), { head: head + 1 }, 'the conversation: nothing stored of what was out of order')
    },
  },
  {
    paragraph: '7.4',
    name: 'applies what comes after an operation that took effect',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId } = await ann.send(conversation)
      await ann.send(conversation, 'next', { after: localId })
    },
  },
  {
    paragraph: '7.4',
    name: 'applies a chain sent in a row',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const ids = Array.from({ length: 6 }, () => ground.id())
      for (const [n, localId] of ids.entries()) ann.say(operation(conversation, localId, undefined, { after: ids[n - 1] }))
      const seqs: number[] = []
      for (const localId of ids) seqs.push((await acked(ann, localId)).seq ?? -1)
      same(
        seqs,
        [...seqs].sort((a, b) => a - b),
        'the seqs of the chain',
      )
    },
  },
  {
    paragraph: '7.4',
    name: 'lets nothing overtake an operation that was rejected',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { head } = await ann.open(conversation)
      const [first, second, third] = [ground.id(), ground.id(), ground.id()]
      ann.raw(JSON.stringify({ ...operation(conversation, first), operation: { kind: 'explode' } }))
      ann.say(operation(conversation, second, undefined, { after: first }))
      ann.say(operation(conversation, third, undefined, { after: second }))
      for (const localId of [first, second, third]) {
        const { code } = await ann.next('reject', `a reject of ${localId}`, (frame) => frame.localId === localId)
        like({ code }, { code: localId === first ? 'unsupported' : 'out-of-order' }, `the reject of ${localId}`)
      }
      like(await ann.open(conversation), { head }, 'the conversation: nothing stored')
    },
  },
  {
    paragraph: '7.4',
    name: 'applies the same operation later, once its predecessor is settled',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const [first, second] = [ground.id(), ground.id()]
      await outOfOrder(ann, operation(conversation, second, undefined, { after: first }))
      const { seq } = await ann.send(conversation, 'first', { localId: first })
      const later = await ann.send(conversation, 'second', { localId: second, after: first, try: 2 })
      check(later.seq > seq, 'the second message behind the first', [seq, later.seq])
    },
  },
  {
    paragraph: '7.4',
    name: 'applies the same operation later without a predecessor',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      await outOfOrder(ann, operation(conversation, localId, undefined, { after: 'never-sent' }))
      await ann.send(conversation, 'again', { localId, try: 2 })
    },
  },
  {
    paragraph: '7.4',
    name: 'looks for the predecessor among the own operations alone',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const { localId } = await bob.send(conversation)
      await outOfOrder(ann, operation(conversation, ground.id(), undefined, { after: localId }))
    },
  },
  {
    paragraph: '7.4',
    name: 'looks for the predecessor in the same conversation alone',
    core: true,
    features: ['after'],
    needs: ['fresh'],
    async run(ground) {
      const [first, second] = [await one(ground), await one(ground)]
      const { localId } = await first.ann.send(first.conversation)
      await outOfOrder(second.ann, operation(second.conversation, ground.id(), undefined, { after: localId }))
    },
  },
  {
    paragraph: '7.4',
    name: 'takes a predecessor that another link of the user has sent',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId } = await ann.send(conversation)
      const other = await ground.enter(ground.ann)
      await other.send(conversation, 'next', { after: localId })
    },
  },
  {
    paragraph: '7.4',
    name: 'takes a predecessor that was taken back',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      ann.say(takesBack(conversation, localId))
      await acked(ann, localId)
      await ann.send(conversation, 'next', { after: localId })
    },
  },
  {
    paragraph: '7.4',
    name: 'answers a known local id by its outcome, whatever its after',
    core: true,
    features: ['after', 'idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId, seq } = await ann.send(conversation)
      const again = await ann.send(conversation, 'again', { localId, after: 'never-sent', try: 2 })
      same(again.seq, seq, 'the seq of the second ack')
    },
  },
  {
    paragraph: '7.4',
    name: 'holds a void to its predecessor as well',
    core: true,
    features: ['after'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      await outOfOrder(ann, takesBack(conversation, ground.id(), { after: 'never-sent' }))
    },
  },
]
