/** Owns the cases of membership, what it shows and hides, and watermarks (R7, R21). */
import type { Outcome } from '../../server/store.js'
import { place, type StoreCase, type StoreTalk, same } from './ground.js'

const changesOf = (outcome: Outcome) =>
  outcome.kind === 'arranged' ? outcome.changes.map(({ seq, change }) => [seq, change]) : outcome.kind
const markOf = (outcome: Outcome) => (outcome.kind === 'marked' ? [outcome.mark.delivered, outcome.mark.read, outcome.moved] : outcome.kind)

export const arrangeCases: readonly StoreCase[] = [
  {
    name: 'founders are there from place 0; the same put again changes nothing',
    async run(talk) {
      same(changesOf(await talk.put(['ann', 'bob'], { profile: { name: 'C' } })), [], 'the first put')
      same(changesOf(await talk.put(['bob', 'ann'], { profile: { name: 'C' } })), [], 'the second put')
      const opened = await talk.open('ann')
      same([opened.head, opened.floor, opened.memberCount, opened.profile], [0, 0, 2, { name: 'C' }], 'opened')
      same(
        opened.members,
        [
          { user: 'ann', joined: 0 },
          { user: 'bob', joined: 0 },
        ],
        'members',
      )
    },
  },
  {
    name: 'joining, leaving and a new profile each take a seq and no index',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      await talk.send('ann', 'a')
      same(
        changesOf(await talk.put(['ann', 'cid'], { profile: { name: 'N' } })),
        [
          [2, { kind: 'member', user: 'bob', joined: false }],
          [3, { kind: 'member', user: 'cid', joined: true }],
          [4, { kind: 'profile', profile: { name: 'N' } }],
        ],
        'changes',
      )
      await talk.send('ann', 'b')
      const opened = await talk.open('cid')
      same(
        opened.rows.map((row) => [row.seq, row.index]),
        [
          [1, 0],
          [5, 1],
        ],
        'a joiner of an open history sees all',
      )
      same([opened.memberCount, opened.floor, opened.unread.count], [2, 0, 1], 'and has the past as read')
    },
  },
  {
    name: 'where history begins at joining, the floor hides the past and a pause is a hidden range',
    async run(talk) {
      await talk.put(['ann'], { history: 'from-join' })
      await talk.send('ann', 'a')
      await talk.put(['ann', 'bob'])
      await talk.send('ann', 'b')
      await talk.put(['ann'])
      await talk.send('ann', 'c')
      await talk.put(['ann', 'bob'])
      await talk.send('ann', 'd')
      const opened = await talk.open('bob')
      same(
        opened.rows.map((row) => row.localId),
        ['b', 'd'],
        'rows',
      )
      same([opened.floor, opened.hidden], [2, [{ from: 4, to: 6, messages: 1 }]], 'bounds')
      same(
        (await talk.page('bob', { before: 8 }, 10)).rows.map((row) => row.localId),
        ['b', 'd'],
        'history',
      )
      await talk.mark('bob', { marked: { at: 3, rev: 9 } })
      same((await talk.open('bob')).unread, { count: 2, more: false }, 'unread, as marked before the pause')
      same((await talk.inbox('bob')).rows[0]?.unread, { count: 2, more: false }, 'unread in the list')
      const delta = await talk.open('bob', { epoch: opened.epoch, seq: 0, tag: '' })
      same(
        delta.rows.map((row) => row.localId),
        ['b', 'd'],
        'catch-up',
      )
      same((await talk.open('ann')).rows.length, 4, 'the founder sees all')
    },
  },
  {
    name: 'who holds a log with a hidden pause begins anew where a later return has opened the past',
    async run(talk) {
      await talk.put(['ann', 'bob'], { history: 'from-join' })
      await talk.put(['ann'])
      await talk.send('ann', 'hidden')
      await talk.put(['ann', 'bob'])
      const { epoch, head: seq, tag } = await talk.open('bob')
      const again = async () => {
        const { reset, rows } = await talk.open('bob', { epoch, seq, tag })
        return [reset, rows.map((row) => row.localId)]
      }
      same(await again(), [undefined, []], 'nothing is new')
      await talk.put(['ann'])
      await talk.put(['ann'], { history: 'full' })
      await talk.put(['ann', 'bob'])
      same(await again(), ['too-old', ['hidden']], 'what was hidden is shown')
    },
  },
  {
    name: 'watermarks rise, never above the head, never from another epoch; read is delivered',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      for (const localId of ['a', 'b', 'c']) await talk.send('ann', localId)
      same(markOf(await talk.mark('bob', { delivered: 2 })), [2, 0, true], 'delivered')
      same(markOf(await talk.mark('bob', { read: 3 })), [3, 3, true], 'read')
      same(markOf(await talk.mark('bob', { delivered: 1, read: 1 })), [3, 3, false], 'lower')
      same(markOf(await talk.mark('ann', { read: 99 })), [3, 3, true], 'above the head')
      await talk.send('ann', 'd')
      same(markOf(await talk.mark('bob', { epoch: 'other', read: 4 })), [3, 3, false], 'another epoch')
      same(
        await talk.write({ kind: 'mark', ...place, user: 'eve', epoch: 'e', read: 1 }),
        [{ kind: 'refused', code: 'not-found' }],
        'a stranger',
      )
      same(
        (await talk.open('ann')).marks,
        [
          { user: 'ann', delivered: 3, read: 3 },
          { user: 'bob', delivered: 3, read: 3 },
        ],
        'marks',
      )
    },
  },
  {
    name: 'the mark of unread: the higher rev wins, never above the head, never from another epoch, and nobody else is told',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      for (const localId of ['a', 'b', 'c']) await talk.send('ann', localId)
      const mark = async (more: Parameters<StoreTalk['mark']>[1]) => {
        const outcome = await talk.mark('bob', more)
        return outcome.kind === 'marked' ? [outcome.mark, outcome.moved, outcome.stamp !== undefined] : outcome.kind
      }
      const bob = (read: number, at: number, rev: number) => ({ user: 'bob', delivered: read, read, marked: { at, rev } })
      same(await mark({ read: 3 }), [{ user: 'bob', delivered: 3, read: 3 }, true, true], 'never set')
      same(await mark({ marked: { at: 2, rev: 1 } }), [bob(3, 2, 1), false, true], 'set')
      same(await mark({ marked: { at: 1, rev: 1 } }), [bob(3, 2, 1), false, false], 'another set of the same rev')
      same(await mark({ marked: { at: 99, rev: 5 } }), [bob(3, 3, 5), false, true], 'above the head')
      same(await mark({ marked: { at: 1, rev: 4 } }), [bob(3, 3, 5), false, false], 'an older one')
      same(await mark({ epoch: 'other', marked: { at: 1, rev: 6 } }), [bob(3, 3, 5), false, false], 'another epoch')
      const marksOf = async (user: string) => (await talk.open(user)).marks.find((one) => one.user === 'bob')
      same(await marksOf('bob'), bob(3, 3, 5), 'told to its user')
      same(await marksOf('ann'), { user: 'bob', delivered: 3, read: 3 }, 'told to another')
      await talk.put(['ann'])
      await talk.put(['ann', 'bob'])
      same((await marksOf('bob'))?.marked, { at: 0, rev: 6 }, 'over once its user has left')
      const rev = Number.MAX_SAFE_INTEGER
      await talk.mark('bob', { marked: { at: 1, rev } })
      await talk.put(['ann'])
      await talk.put(['ann', 'bob'])
      same((await marksOf('bob'))?.marked, { at: 0, rev }, 'over, though no number is left')
      same((await talk.open('ann')).memberCount, 2, 'read by another')
    },
  },
  {
    name: 'profiles of people are kept per tenant and come with answers',
    async run(talk) {
      await talk.write({ kind: 'person', tenant: 't', user: 'ann', profile: { name: 'Ann' } })
      await talk.put(['ann', 'bob'])
      const [named, again] = [
        await talk.write({ kind: 'person', tenant: 't', user: 'bob', profile: { name: 'Bob' } }),
        await talk.write({ kind: 'person', tenant: 't', user: 'bob', profile: { name: 'Bob' } }),
      ]
      const shownIn = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => outcome.kind === 'named' && outcome.conversations)
      same([shownIn(named), shownIn(again)], [[['c']], [[]]], 'outcomes')
      same(
        (await talk.open('ann')).people,
        [
          { user: 'ann', profile: { name: 'Ann' } },
          { user: 'bob', profile: { name: 'Bob' } },
        ],
        'people',
      )
    },
  },
  {
    name: 'join makes a conversation, then adds to it, then changes nothing',
    async run(talk) {
      const join = async (user: string) => changesOf((await talk.write({ kind: 'join', ...place, user }))[0] as Outcome)
      same(
        [await join('ann'), await join('bob'), await join('bob')],
        [[], [[1, { kind: 'member', user: 'bob', joined: true }]], []],
        'joins',
      )
      same([...(await talk.store.members(place))].sort(), ['ann', 'bob'], 'members')
    },
  },
  {
    name: 'of many people an answer names the authors of its rows first, then who joined last',
    async run(talk) {
      const users = Array.from({ length: 300 }, (_, n) => `u${String(n).padStart(3, '0')}`)
      const profile = (user: string) => ({ name: user })
      await talk.write(...users.map((user) => ({ kind: 'person', tenant: place.tenant, user, profile: profile(user) }) as const))
      await talk.put(users.slice(0, 200))
      await talk.put(users.slice(0, 201))
      await talk.put(['u100', 'u200', 'u150'])
      await talk.put(['u150', 'u200', 'u100', 'u050'])
      for (const [n, user] of ['u200', 'u150', 'u200'].entries()) await talk.send(user, `a${n}`)
      const names = ({ people }: { people: readonly { user: string }[] }) => people.map(({ user }) => user)
      const row = async () => (await talk.inbox('u100')).rows[0] ?? { people: [] }
      same(names(await talk.open('u100')), ['u200', 'u150', 'u050', 'u100'], 'opened')
      same(names(await row()), ['u200', 'u050', 'u100', 'u150'], 'a row')
      await talk.put(users)
      const opened = await talk.open('u100')
      same([opened.members, opened.marks.map(({ user }) => user), opened.memberCount], [[], ['u100'], 300], 'a large one')
      const newest = users
        .filter((user) => !['u050', 'u100', 'u150', 'u200'].includes(user))
        .slice(-8)
        .reverse()
      same(names(opened), ['u200', 'u150', ...newest], 'people of a large one')
      same(names(await row()), ['u200', ...newest], 'a row of a large one')
    },
  },
  {
    name: 'profiles that are too many for one answer leave out no author',
    async run(talk) {
      const users = Array.from({ length: 100 }, (_, n) => `u${String(n).padStart(2, '0')}`)
      const profile = { about: 'x'.repeat(3_000) }
      await talk.write(...users.map((user) => ({ kind: 'person', tenant: place.tenant, user, profile }) as const))
      await talk.put(users)
      await talk.send('u99', 'a')
      await talk.send('u98', 'b')
      const { people } = await talk.open('u50')
      same([people.length < 60, people.slice(0, 3).map(({ user }) => user)], [true, ['u98', 'u99', 'u00']], 'people')
    },
  },
]
