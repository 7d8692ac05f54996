/** Owns the cases of what several nodes over one store ask: which changes were missed, and what was written lately. */
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import type { News, StoredChange } from '../../server/store.js'
import { place, type StoreCase, type StoreTalk, same } from './ground.js'

const changesOf = async (talk: StoreTalk, after: number) => (await talk.store.changes({ ...place, after }))?.changes ?? []
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const untold = ({ seq, tag, change }: StoredChange) => ({ seq, tag, change })
const counts = ({ moved, marks, left, people }: News) => [moved.length, marks.length, left.length, people.length]

/** What is news from now on. */
async function newsOf(talk: StoreTalk): Promise<() => Promise<News>> {
  let { next } = await talk.store.news()
  return async () => {
    const news = await talk.store.news(next)
    next = news.next
    return news
  }
}

export const newsCases: readonly StoreCase[] = [
  {
    needs: 'nodes',
    name: 'changes are read as they were told, from any place on',
    async run(talk) {
      same(await talk.store.changes({ ...place, after: 0 }), undefined, 'no conversation')
      const told: StoredChange[] = []
      const put = async (members: readonly string[], more = {}) => {
        const outcome = await talk.put(members, more)
        if (outcome.kind === 'arranged') told.push(...outcome.changes)
      }
      const send = async (user: string, localId: string) => {
        const outcome = await talk.send(user, localId)
        if (outcome.kind === 'stored') told.push(outcome.stored)
      }
      await put(['ann', 'bob'])
      await send('ann', 'a')
      await put(['ann', 'cid'])
      await send('cid', 'b')
      await put(['ann', 'bob'], { profile: { name: 'N' } })
      await send('bob', 'c')
      same((await changesOf(talk, 0)).map(untold), told, 'all')
      same((await changesOf(talk, 3)).map(untold), told.slice(3), 'some')
      same(await changesOf(talk, told.length), [], 'none')
      const read = await talk.store.changes({ ...place, after: 99 })
      same([read?.head, read?.epoch, read?.changes], [told.length, (await talk.open('ann')).epoch, []], 'above the head')
    },
  },
  {
    needs: 'nodes',
    name: 'changes end before one that has made what was changed again since',
    async run(talk) {
      await talk.put(['ann'])
      await talk.send('ann', 'a')
      await talk.post('p', 'old')
      await talk.send('ann', 'b')
      await talk.post('p', 'new')
      const rows = async (after: number) =>
        (await changesOf(talk, after)).map(({ seq, change }) =>
          change.kind === 'message' ? [seq, change.message.seq, change.message.rev, change.message.content] : change.kind,
        )
      same(await rows(0), [[1, 1, 1, 'a']], 'up to the message')
      same(await rows(1), [], 'from the message on')
      const rest = [
        [3, 3, 3, 'b'],
        [4, 2, 4, 'new'],
      ]
      same(await rows(2), rest, 'behind the message')
      await talk.put(['ann'], { profile: { name: 'N' } })
      await talk.put(['ann'], { profile: { name: 'M' } })
      same(await rows(2), rest, 'up to the name')
      same(await rows(5), ['profile'], 'the last name')
    },
  },
  {
    needs: 'nodes',
    name: 'a change names who joined, and who wrote without being there',
    async run(talk) {
      for (const user of ['bob', 'system']) await talk.write({ kind: 'person', tenant: place.tenant, user, profile: { name: user } })
      await talk.put(['ann'])
      await talk.put(['ann', 'bob'])
      await talk.post('p', 1)
      await talk.send('bob', 'b')
      const people = (await changesOf(talk, 0)).map(({ person }) => person?.user)
      same(people, ['bob', 'system', undefined], 'people')
    },
  },
  {
    needs: 'nodes',
    name: 'many changes come in several answers, by their count and by their bytes, without a hole',
    async run(talk) {
      await talk.put(['ann'])
      for (let n = 0; n < limits.pageRows + 20; n++) await talk.send('ann', `a${n}`)
      const first = await changesOf(talk, 0)
      same([first.length, first.at(-1)?.seq], [limits.pageRows, limits.pageRows], 'the first')
      same(
        (await changesOf(talk, limits.pageRows)).map(({ seq }) => seq),
        range(limits.pageRows + 1, limits.pageRows + 20),
        'the rest',
      )
      for (let n = 0; n < 20; n++) await talk.send('ann', `b${n}`, { content: 'x'.repeat(30_000) })
      const large = await changesOf(talk, limits.pageRows + 20)
      same([large.length > 1 && large.length < 20, JSON.stringify(large).length < serverLimits.pageBytes], [true, true], 'large ones')
    },
  },
  {
    needs: 'nodes',
    name: 'news is what was written since, each thing once and in its newest state',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      const news = await newsOf(talk)
      same(counts(await news()), [0, 0, 0, 0], 'nothing')
      for (const localId of ['a', 'b', 'c']) await talk.send('ann', localId)
      const { epoch } = await talk.open('ann')
      await talk.mark('bob', { delivered: 2 })
      await talk.mark('bob', { delivered: 3 })
      const { moved, marks, stamps } = await news()
      const row = (await talk.inbox('bob')).rows[0]
      same(
        moved.map(({ members, ...one }) => ({ ...one, members: [...members].sort() })),
        [{ ...place, epoch, head: 3, stamp: row?.rev, members: ['ann', 'bob'] }],
        'moved',
      )
      same(
        marks.map(({ mark, stamp, memberCount }) => [mark, stamp, memberCount]),
        [[{ user: 'bob', delivered: 3, read: 0 }, undefined, 2]],
        'marks',
      )
      same([stamps, counts(await news())], [[{ tenant: 't', stamp: row?.rev }], [0, 0, 0, 0]], 'all is told')
    },
  },
  {
    needs: 'nodes',
    name: 'a register that moves its own row keeps the stamp of that, whatever follows',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      for (const localId of ['a', 'b']) await talk.send('ann', localId)
      const news = await newsOf(talk)
      const outcome = await talk.mark('bob', { read: 1, marked: { at: 1, rev: 1 } })
      await talk.mark('bob', { delivered: 2 })
      await talk.mark('bob', { delivered: 1 })
      const { marks } = await news()
      const stamp = outcome.kind === 'marked' ? outcome.stamp : undefined
      same(
        marks.map((one) => [one.mark, one.stamp]),
        [[{ user: 'bob', delivered: 2, read: 1, marked: { at: 1, rev: 1 } }, stamp]],
        'marks',
      )
    },
  },
  {
    needs: 'nodes',
    name: 'news names who left and stayed away, who is there, and whose name is new where',
    async run(talk) {
      await talk.put(['ann', 'bob', 'cid'])
      const news = await newsOf(talk)
      await talk.put(['ann'])
      await talk.put(['ann', 'cid'])
      await talk.write({ kind: 'person', tenant: place.tenant, user: 'cid', profile: { name: 'Cid' } })
      const { moved, left, people } = await news()
      same(
        left.map(({ user, conversation }) => [user, conversation]),
        [['bob', 'c']],
        'left',
      )
      same(
        moved.map(({ head, members }) => [head, [...members].sort()]),
        [[3, ['ann', 'cid']]],
        'moved',
      )
      same(
        people.map(({ person, conversations }) => [person, conversations]),
        [[{ user: 'cid', profile: { name: 'Cid' } }, ['c']]],
        'people',
      )
    },
  },
  {
    needs: 'nodes',
    name: 'what changes nothing is no news, and a cursor of another store is worth nothing',
    async run(talk) {
      await talk.put(['ann'])
      await talk.send('ann', 'a')
      const news = await newsOf(talk)
      await talk.put(['ann'])
      await talk.send('ann', 'a')
      await talk.takeBack('ann', 'b')
      await talk.mark('ann', { epoch: 'other', read: 1 })
      same(counts(await news()), [0, 0, 0, 0], 'news')
      same((await talk.store.news('elsewhere')).lost, true, 'a strange cursor')
    },
  },
]
