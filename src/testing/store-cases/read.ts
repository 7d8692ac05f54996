/** Owns the cases of `open` and `history`: resets, deltas, pages, unread, bounds (R3, R5, R6, R22, R32). */
import { serverLimits } from '../../protocol/server-limits.js'
import { place, type StoreCase, type StoreTalk, same } from './ground.js'

const fill = (talk: StoreTalk, count: number, content: unknown = 'x', user = 'ann') =>
  talk.write(
    ...Array.from({ length: count }, (_, n) => ({ kind: 'send', ...place, user, localId: `${user}${n + 1}`, content, at: n }) as const),
  )

const seqs = (rows: readonly { seq: number }[]) => rows.map((row) => row.seq)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

export const readCases: readonly StoreCase[] = [
  {
    name: 'a position of another epoch, another tag or above the head is answered by a reset',
    async run(talk) {
      await talk.put(['ann'])
      await fill(talk, 3)
      const { epoch, tag } = await talk.open('ann')
      const why = async (seq: number, other: { epoch?: string; tag?: string } = {}) =>
        (await talk.open('ann', { epoch, seq, tag, ...other })).reset
      same([await why(3), await why(0, { tag: '' })], [undefined, undefined], 'good positions')
      same(
        [await why(3, { epoch: 'x' }), await why(4), await why(3, { tag: 'x' }), await why(2), await why(0)],
        ['epoch', 'ahead', 'tag', 'tag', 'tag'],
        'bad ones',
      )
      same((await talk.open('ann')).reset, 'first', 'none')
    },
  },
  {
    name: 'a reset shows the newest page and where it begins',
    async run(talk) {
      await talk.put(['ann'])
      await fill(talk, 120)
      const opened = await talk.open('ann')
      same([opened.from, opened.to, opened.head, opened.more], [70, 120, 120, false], 'range')
      same(seqs(opened.rows), range(71, 120), 'rows')
    },
  },
  {
    name: 'deltas page to the head, each going on where the last ended, with own changes',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      const { epoch } = await talk.open('bob')
      await fill(talk, 230)
      await talk.post('p', 'late')
      const seen: number[] = []
      let at = { epoch, seq: 0, tag: '' }
      let own = 0
      for (let more = true; more; ) {
        const delta = await talk.open('ann', at)
        same([delta.reset, delta.from], [undefined, at.seq], 'continues')
        seen.push(...seqs(delta.rows))
        own += delta.own.length
        at = { epoch, seq: delta.to, tag: delta.tag }
        more = delta.more
      }
      same([seen, own, at.seq], [range(1, 231), 230, 231], 'all of it')
    },
  },
  {
    name: 'a delta names a message touched in its range in its present state, wherever its place is, in the order of last changes',
    async run(talk) {
      await talk.put(['ann'])
      await talk.post('p', 1)
      await fill(talk, 3)
      const { epoch, tag } = await talk.open('ann')
      await talk.post('p', 2)
      await talk.post('q', 4)
      await talk.post('p', 3)
      const { rows } = await talk.open('ann', { epoch, seq: 4, tag })
      same(
        rows.map((row) => [row.seq, row.rev, row.content]),
        [
          [6, 6, 4],
          [1, 7, 3],
        ],
        'rows',
      )
    },
  },
  {
    name: 'history goes before, after and around a place, and says what range it covers',
    async run(talk) {
      await talk.put(['ann'])
      await fill(talk, 30)
      const page = async (anchor: Parameters<StoreTalk['page']>[1], limit: number) => {
        const { from, to, rows, asOf } = await talk.page('ann', anchor, limit)
        return [from, to, seqs(rows), asOf]
      }
      same(await page({ before: 11 }, 4), [6, 10, range(7, 10), 30], 'before')
      same(await page({ before: 4 }, 10), [0, 3, range(1, 3), 30], 'before, to the floor')
      same(await page({ before: 0 }, 10), [0, 0, [], 30], 'before all there is')
      same(await page({ after: 10 }, 4), [10, 14, range(11, 14), 30], 'after')
      same(await page({ after: 27 }, 10), [27, 30, range(28, 30), 30], 'after, to the head')
      same(await page({ around: 15 }, 6), [12, 18, range(13, 18), 30], 'around')
      same(await page({ before: 99 }, 2), [28, 30, range(29, 30), 30], 'before what is not there yet')
      same(await page({ after: 99 }, 2), [30, 30, [], 30], 'after the head')
    },
  },
  {
    name: 'an answer ends at its bytes and goes on',
    async run(talk) {
      await talk.put(['ann'])
      const { epoch } = await talk.open('ann')
      await fill(talk, 20, 'x'.repeat(30_000))
      const delta = await talk.open('ann', { epoch, seq: 0, tag: '' })
      same([delta.to < 20, delta.more, delta.rows.length], [true, true, delta.to], 'a delta')
      const bytes = Buffer.byteLength(JSON.stringify(delta.rows))
      same(bytes <= serverLimits.pageBytes + 100, true, `${bytes} bytes`)
      const { rows, from } = await talk.page('ann', { before: 21 }, 20)
      same([from, rows[0]?.seq, rows.at(-1)?.seq], [20 - rows.length, 21 - rows.length, 20], 'a page')
    },
  },
  {
    name: 'unread counts messages of others above the own watermark, exact to 100',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      await fill(talk, 100)
      await fill(talk, 5, 'x', 'bob')
      same((await talk.open('bob')).unread, { count: 100, more: false }, 'a hundred')
      await talk.send('ann', 'one more')
      same((await talk.open('bob')).unread, { count: 100, more: true }, 'above')
      await talk.mark('bob', { read: 98 })
      same((await talk.open('bob')).unread, { count: 3, more: false }, 'after reading')
    },
  },
  {
    name: 'unread counts from the mark on where that is lower than the watermark',
    async run(talk) {
      await talk.put(['ann', 'bob'])
      await fill(talk, 9)
      await talk.mark('bob', { read: 8, marked: { at: 5, rev: 1 } })
      const unread = async () => {
        const { unread, read } = (await talk.inbox('bob')).rows[0] ?? {}
        return [(await talk.open('bob')).unread.count, unread?.count, read]
      }
      same(await unread(), [5, 5, 8], 'marked')
      await talk.mark('bob', { marked: { at: 9, rev: 2 } })
      same(await unread(), [1, 1, 8], 'marked above the watermark')
      await talk.mark('bob', { marked: { at: 0, rev: 3 } })
      same(await unread(), [1, 1, 8], 'no longer')
    },
  },
]
