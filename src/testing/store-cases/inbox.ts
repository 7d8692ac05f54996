/** Owns the cases of the inbox: pages, cursors, what changed, what is gone (R24). */
import type { InboxRead } from '../../server/store.js'
import { place, type StoreCase, type StoreTalk, same } from './ground.js'

const names = (read: InboxRead) => read.rows.map((row) => row.conversation)

/** Reads on until there is no more. */
async function readAll(talk: StoreTalk, user: string, cursor?: string): Promise<{ rows: InboxRead['rows']; next: string; pages: number }> {
  const rows: InboxRead['rows'][number][] = []
  let next = cursor
  for (let pages = 1; ; pages++) {
    const read: InboxRead = await talk.inbox(user, next)
    same(read.prev, next, 'prev')
    rows.push(...read.rows)
    next = read.next
    if (!read.more) return { rows, next, pages }
  }
}

export const inboxCases: readonly StoreCase[] = [
  {
    name: 'a row says what a list shows',
    async run(talk) {
      await talk.write({ kind: 'person', tenant: place.tenant, user: 'bob', profile: { name: 'Bob' } })
      await talk.put(['ann', 'bob'], { profile: { name: 'C' } })
      await talk.send('bob', 'a')
      await talk.send('bob', 'b')
      await talk.mark('ann', { read: 1 })
      const [row] = (await talk.inbox('ann')).rows
      same([row?.conversation, row?.head, row?.last?.localId, row?.unread, row?.read], ['c', 2, 'b', { count: 1, more: false }, 1], 'row')
      same([row?.profile, row?.people], [{ name: 'C' }, [{ user: 'bob', profile: { name: 'Bob' } }]], 'profiles')
    },
  },
  {
    name: 'the first reading is newest first, in pages, and nothing that changes meanwhile is missed',
    async run(talk) {
      for (let n = 1; n <= 250; n++) await talk.put(['ann'], { conversation: `c${n}` })
      const first = await talk.inbox('ann')
      same([first.rows.length, first.more, first.rows[0]?.conversation, first.prev], [100, true, 'c250', undefined], 'first page')
      await talk.send('ann', 'x', { conversation: 'c1' })
      const rest = await readAll(talk, 'ann', first.next)
      const later = await talk.inbox('ann', rest.next)
      const all = new Set([...names(first), ...rest.rows.map((row) => row.conversation), ...names(later)])
      same([all.size, names(later), later.more], [250, ['c1'], false], 'all rows')
    },
  },
  {
    name: 'a cursor brings what changed since, with a higher rev, and what is gone',
    async run(talk) {
      for (const conversation of ['c', 'd', 'e']) await talk.put(['ann', 'bob'], { conversation })
      const before = await readAll(talk, 'ann')
      same(names(await talk.inbox('ann', before.next)), [], 'nothing yet')
      await talk.send('bob', 'a', { conversation: 'd' })
      await talk.put(['bob'], { conversation: 'e' })
      await talk.send('bob', 'b', { conversation: 'e' })
      const read = await talk.inbox('ann', before.next)
      same([names(read), read.gone, read.more], [['d'], ['e'], false], 'changed')
      const old = before.rows.find((row) => row.conversation === 'd')
      same((read.rows[0]?.rev ?? 0) > (old?.rev ?? 0), true, 'rev rises')
      const again = await talk.inbox('ann', read.next)
      same([names(again), again.gone], [[], []], 'only once')
    },
  },
  {
    name: 'a new profile changes the rows where its user is a member, and keeps their order',
    async run(talk) {
      for (const conversation of ['c', 'd', 'e', 'f']) await talk.put(['ann', 'bob'], { conversation })
      await talk.put(['ann'], { conversation: 'd' })
      await talk.put(['ann'], { conversation: 'g' })
      const before = await readAll(talk, 'ann')
      const [named] = await talk.write({ kind: 'person', tenant: place.tenant, user: 'bob', profile: { name: 'Bob' } })
      const { rows, next } = await talk.inbox('ann', before.next)
      same(
        [named?.kind === 'named' && named.rows, rows.map((row) => row.conversation)],
        [
          ['c', 'e', 'f'],
          ['c', 'e', 'f'],
        ],
        'rows',
      )
      for (const { people, conversation, rev } of rows) {
        same(people, [{ user: 'bob', profile: { name: 'Bob' } }], 'people')
        same(rev > (before.rows.find((row) => row.conversation === conversation)?.rev ?? 0), true, 'rev rises')
      }
      same(named?.kind === 'named' && named.stamp, Math.max(...rows.map(({ rev }) => rev)), 'stamp')
      await talk.write({ kind: 'person', tenant: place.tenant, user: 'bob', profile: { name: 'Bob' } })
      same(names(await talk.inbox('ann', next)), [], 'the same profile')
    },
  },
  {
    name: 'a new profile changes a bounded number of rows, the newest',
    async run(talk) {
      const put = (n: number) => ({ kind: 'put', ...place, conversation: `c${n}`, members: ['ann', 'bob'] }) as const
      await talk.write(...Array.from({ length: 1_005 }, (_, n) => put(n)))
      const [named] = await talk.write({ kind: 'person', tenant: place.tenant, user: 'bob', profile: { name: 'Bob' } })
      if (named?.kind !== 'named') throw new Error(`expected named, got ${named?.kind}`)
      same([named.conversations.length, named.rows.length, named.rows[0], named.rows.at(-1)], [1_005, 1_000, 'c5', 'c1004'], 'rows')
    },
  },
  {
    name: 'reading and marking unread move a row; being told does not; other users and tenants are apart',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      await talk.put(['ann'], { tenant: 'u' })
      await talk.send('bob', 'a')
      const { next } = await talk.inbox('ann')
      const { next: bobs } = await talk.inbox('bob')
      await talk.mark('ann', { delivered: 1 })
      same(names(await talk.inbox('ann', next)), [], 'delivered')
      await talk.mark('ann', { read: 1 })
      const read = await talk.inbox('ann', next)
      same(names(read), ['c'], 'read')
      await talk.mark('ann', { marked: { at: 1, rev: 1 } })
      same(names(await talk.inbox('ann', read.next)), ['c'], 'marked unread')
      same(names(await talk.inbox('bob', bobs)), [], 'the other user')
      same((await talk.store.inbox({ tenant: 'v', user: 'ann' })).rows, [], 'another tenant')
    },
  },
  {
    name: 'a cursor of another version or from the future begins anew',
    async run(talk) {
      await talk.put(['ann'])
      for (const cursor of ['', '3.1', 'nonsense', '2.999', '2.1..', '3.1.0.999.', '3.1.0.1.nobody']) {
        const read = await talk.inbox('ann', cursor)
        same([read.prev, names(read)], [undefined, [place.conversation]], cursor)
      }
    },
  },
  {
    name: 'of news alone it tells those conversations in the order asked, and the cursor comes to their stamp',
    async run(talk) {
      for (const conversation of ['c', 'd', 'e', 'f']) await talk.put(['ann', 'bob'], { conversation })
      const { next } = await readAll(talk, 'ann')
      const stamps: number[] = []
      for (const conversation of ['d', 'e', 'c']) {
        const stored = await talk.send('bob', conversation, { conversation })
        stamps.push(stored.kind === 'stored' ? stored.stamp : 0)
      }
      await talk.put(['bob'], { conversation: 'd' })
      const [, second = 0, third = 0] = stamps
      const news = (conversations: readonly string[], stamp: number) =>
        talk.store.inbox({ tenant: place.tenant, user: 'ann', cursor: next, news: { conversations, stamp } })
      const read = await news(['e', 'd'], second)
      same([names(read), read.gone, read.prev, read.more], [['e'], ['d'], next, false], 'news')
      const rest = await talk.inbox('ann', read.next)
      same([[...names(rest)].sort(), rest.gone], [['c'], ['d']], 'what came later')
      const again = await talk.inbox('ann', (await news(['c'], third)).next)
      same([names(again), again.gone], [[], ['d']], 'a later stamp')
      const future = await news(['c'], 1_000_000)
      same((await talk.inbox('ann', future.next)).prev, future.next, 'no cursor from the future')
      const anew = await talk.store.inbox({
        tenant: place.tenant,
        user: 'ann',
        cursor: '1.999',
        news: { conversations: ['c'], stamp: 999 },
      })
      same([anew.prev, [...names(anew)].sort()], [undefined, ['c', 'e', 'f']], 'a cursor that is not known')
    },
  },
  {
    name: 'news beyond the rows or bytes of one answer are left over',
    async run(talk) {
      const content = 'x'.repeat(30_000)
      const conversations = Array.from({ length: 30 }, (_, n) => `c${n}`)
      for (const conversation of conversations) await talk.put(['ann', 'bob'], { conversation })
      const { next } = await readAll(talk, 'ann')
      for (const conversation of conversations) await talk.send('bob', 'a', { conversation, content })
      const read = await talk.store.inbox({ tenant: place.tenant, user: 'ann', cursor: next, news: { conversations, stamp: 60 } })
      same([read.more, names(read)], [true, conversations.slice(0, read.rows.length)], 'the first')
      same(read.rows.length > 0 && read.rows.length < 10, true, `${read.rows.length} rows`)
      const { rows } = await readAll(talk, 'ann', read.next)
      same(
        rows.map(({ conversation }) => conversation),
        conversations,
        'the cursor passes none of them',
      )
    },
  },
]
