/** §6.1 History: pages by place. */
import * as limits from '../../protocol/limits.js'
import type { MessageRow, Page } from '../../protocol/frames.js'
import { type BackendCase, fill, type Ground, one } from './ground.js'
import { check, like, same } from './unmet.js'

/** A conversation with so many messages behind what it began with; `from` is the place below the first. */
export async function told(ground: Ground, count: number, content: (n: number) => unknown = (n) => n) {
  const { conversation, ann, opened } = await one(ground)
  const last = await fill(ann, conversation, count, content, ground.id)
  return { conversation, ann, epoch: opened.epoch, from: opened.head, last }
}

/** What every page promises: rows within its range, by place, their indexes without a hole. */
export function isWhole({ rows, from, to }: Page): void {
  check(from <= to, 'from at most to', { from, to })
  check(
    rows.every(({ seq }) => seq > from && seq <= to),
    `places in (${from}, ${to}]`,
    rows,
  )
  same(
    rows.map(({ index }) => index),
    rows.map((_, n) => (rows[0]?.index ?? 0) + n),
    'the indexes of the rows, without a hole,',
  )
}

export const places = (rows: readonly MessageRow[]) => rows.map(({ seq }) => seq)

export const historyCases: readonly BackendCase[] = [
  {
    paragraph: '6.1',
    name: 'ends a page just under before',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 8)
      const page = await ann.page(conversation, epoch, { before: last }, 3)
      isWhole(page)
      like(page, { to: last - 1 }, 'the page')
      same(places(page.rows), [last - 3, last - 2, last - 1], 'its places')
    },
  },
  {
    paragraph: '6.1',
    name: 'begins a page just above after',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, epoch, from } = await told(ground, 8)
      const page = await ann.page(conversation, epoch, { after: from }, 3)
      isWhole(page)
      like(page, { from }, 'the page')
      same(places(page.rows), [from + 1, from + 2, from + 3], 'its places')
    },
  },
  {
    paragraph: '6.1',
    name: 'holds the place of around, with rows on both sides',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, epoch, from } = await told(ground, 9)
      const page = await ann.page(conversation, epoch, { around: from + 5 }, 4)
      isWhole(page)
      const at = places(page.rows)
      check(at.includes(from + 5) && at.includes(from + 6), `the places ${from + 5} and ${from + 6}`, at)
    },
  },
  {
    paragraph: '6.1',
    name: 'gives no more messages than asked',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 6)
      for (const limit of [1, 2, 5]) {
        const { rows } = await ann.page(conversation, epoch, { before: last + 1 }, limit)
        check(rows.length >= 1 && rows.length <= limit, `1 to ${limit} rows`, rows.length)
      }
    },
  },
  {
    paragraph: '6.1',
    name: 'gives at most pageRows messages, however many are asked',
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 110)
      const page = await ann.page(conversation, epoch, { before: last + 1 }, 1_000)
      isWhole(page)
      check(page.rows.length <= limits.pageRows, `at most ${limits.pageRows} rows`, page.rows.length)
    },
  },
  {
    paragraph: '12.1',
    name: 'ends a page at pageBytes of rows',
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 12, () => 'x'.repeat(30_000))
      const page = await ann.page(conversation, epoch, { before: last + 1 }, 12)
      isWhole(page)
      const bytes = page.rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0)
      check(page.rows.length >= 1 && bytes <= 262_144, 'at least one row and at most 262,144 bytes of rows', bytes)
    },
  },
  {
    paragraph: '6.1',
    name: 'answers several requests of one link each by its number',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 3)
      const asked = [last + 1, last, last - 1].map((before) => ann.page(conversation, epoch, { before }, 1))
      same(
        (await Promise.all(asked)).map(({ to }) => to),
        [last, last - 1, last - 2],
        'the ends of the three pages',
      )
    },
  },
]
