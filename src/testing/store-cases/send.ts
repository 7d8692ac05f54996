/** Owns the cases of messages and local ids: dense numbers, one effect for ever, order by `after` (R1, R2, R12, R13, R15). */
import { place, type StoreCase, same, seqOf } from './ground.js'

const sendOf = (user: string, localId: string, after?: string) =>
  ({ kind: 'send', ...place, user, localId, after, content: localId, at: 1 }) as const

export const sendCases: readonly StoreCase[] = [
  {
    name: 'seq and index are dense, per conversation and tenant',
    async run(talk) {
      await talk.put(['ann'])
      await talk.put(['ann'], { conversation: 'd' })
      await talk.put(['ann'], { tenant: 'u' })
      for (const n of [1, 2, 3]) same(seqOf(await talk.send('ann', `l${n}`)), n, `send ${n}`)
      same(seqOf(await talk.send('ann', 'l1', { conversation: 'd' })), 1, 'another conversation')
      same(seqOf(await talk.send('ann', 'l1', { tenant: 'u' })), 1, 'another tenant')
      const { rows } = await talk.open('ann')
      same(
        rows.map((row) => [row.seq, row.index, row.rev, row.localId, row.content]),
        [
          [1, 0, 1, 'l1', 'l1'],
          [2, 1, 2, 'l2', 'l2'],
          [3, 2, 3, 'l3', 'l3'],
        ],
        'rows',
      )
    },
  },
  {
    name: 'a NUL ends no name: of two that differ behind it each is its own',
    async run(talk) {
      const [a, b] = ['x', 'x\0y']
      for (const tenant of [a, b]) {
        for (const conversation of [a, b]) {
          await talk.put([a, b, 'x\0z'], { tenant, conversation })
          await talk.send(b, b, { tenant, conversation, content: tenant + conversation })
          same(seqOf(await talk.send(b, a, { tenant, conversation })), 2, 'another local id')
          same(seqOf(await talk.send(b, b, { tenant, conversation })), 'known 1', 'the same local id')
          const opened = await talk.store.open({ tenant, conversation, user: b })
          same(opened?.members.map(({ user }) => user).sort(), [a, b, 'x\0z'], 'members')
          same(
            opened?.own.map(({ localId }) => localId),
            [b, a],
            'own',
          )
          const { author, localId, content } = opened?.rows[0] ?? {}
          same([author, localId, content], [b, b, tenant + conversation], 'row')
        }
        const { rows } = await talk.store.inbox({ tenant, user: b })
        same(rows.map((row) => row.conversation).sort(), [a, b], 'list')
      }
      await talk.put([a], { tenant: a, conversation: a })
      same(await talk.store.open({ tenant: a, conversation: a, user: b }), undefined, 'who is no member any more')
      same(await talk.store.open({ tenant: a, conversation: 'x\0', user: a }), undefined, 'what was never put')
      same(await talk.store.members({ tenant: a, conversation: a }), [a], 'who is left')
    },
  },
  {
    name: 'a known local id gets the first answer with the stored message',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      await talk.send('ann', 'l', { content: { text: 'first' } })
      const again = await talk.send('ann', 'l', { content: { text: 'second' }, after: 'never' })
      same(seqOf(again), 'known 1', 'the second send')
      same(again.kind === 'known' && again.message?.content, { text: 'first' }, 'its content')
      same(seqOf(await talk.send('bob', 'l')), 2, 'the same local id of another author')
      same((await talk.open('ann')).head, 2, 'head')
    },
  },
  {
    name: 'one local id twice in one batch is one message',
    async run(talk) {
      await talk.put(['ann'])
      const outcomes = await talk.write(sendOf('ann', 'a'), sendOf('ann', 'a'), sendOf('ann', 'b', 'a'))
      same(outcomes.map(seqOf), [1, 'known 1', 2], 'the batch')
    },
  },
  {
    name: 'a missing predecessor is out of order, a voided one is not',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      same(seqOf(await talk.send('ann', 'b', { after: 'a' })), 'out-of-order', 'before its predecessor')
      same(seqOf(await talk.send('bob', 'a')), 1, "another's local id")
      same(seqOf(await talk.send('ann', 'b', { after: 'a' })), 'out-of-order', 'after another author')
      same(seqOf(await talk.takeBack('ann', 'a')), 'void', 'taking back what never came')
      same(seqOf(await talk.send('ann', 'b', { after: 'a' })), 2, 'after a voided one')
    },
  },
  {
    name: 'a local id taken back stays void; one that landed answers with its message',
    async run(talk) {
      await talk.put(['ann'])
      same(seqOf(await talk.takeBack('ann', 'a')), 'void', 'first void')
      same(seqOf(await talk.send('ann', 'a')), 'void', 'send after void')
      same(seqOf(await talk.send('ann', 'b')), 1, 'another')
      same(seqOf(await talk.takeBack('ann', 'b')), 'known 1', 'void after send')
      same(seqOf(await talk.takeBack('ann', 'c', 'x')), 'out-of-order', 'void before its predecessor')
      same((await talk.open('ann')).rows.length, 1, 'rows')
    },
  },
  {
    name: 'strangers, former members and absent conversations look alike',
    async run(talk) {
      same(seqOf(await talk.send('ann', 'a')), 'not-found', 'no conversation')
      await talk.put(['ann', 'bob'])
      same(seqOf(await talk.send('eve', 'a')), 'not-found', 'a stranger')
      await talk.put(['ann'])
      same(seqOf(await talk.send('bob', 'a')), 'not-found', 'a former member')
      same(await talk.store.open({ ...place, user: 'bob' }), undefined, 'open')
      same(await talk.store.page({ ...place, user: 'bob', anchor: { after: 0 }, limit: 1 }), undefined, 'page')
    },
  },
  {
    name: 'a post is one message per id, and is revised in place by other content',
    async run(talk) {
      await talk.put(['ann'])
      same(seqOf(await talk.post('p', { n: 1 })), 1, 'first')
      same(seqOf(await talk.post('p', { n: 1 })), 'known 1', 'the same again')
      same(seqOf(await talk.send('ann', 'p')), 2, 'a local id equal to a post id')
      same(seqOf(await talk.post('p', { n: 2 })), 3, 'other content')
      const { rows } = await talk.open('ann')
      same(
        rows.map((row) => [row.seq, row.index, row.rev]),
        [
          [1, 0, 3],
          [2, 1, 2],
        ],
        'places',
      )
      same(rows[0]?.content, { n: 2 }, 'content')
    },
  },
]
