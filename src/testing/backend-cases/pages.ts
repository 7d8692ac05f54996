/** §6.2 and §6.3: pages are whole and dense, and of a state that is named. */
import type { MessageRow } from '../../protocol/frames.js'
import { type BackendCase, one } from './ground.js'
import { isWhole, places, told } from './history.js'
import { check, like, same } from './unmet.js'

export const pageCases: readonly BackendCase[] = [
  {
    paragraph: '6.2',
    name: 'gives all of the past, once, to who pages backwards',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, epoch, from, last } = await told(ground, 25)
      const rows: MessageRow[] = []
      for (let before = last + 1; before > from + 1; ) {
        const page = await ann.page(conversation, epoch, { before }, 7)
        isWhole(page)
        check(page.from < before - 1, `a page that goes on below ${before}`, page)
        rows.unshift(...page.rows)
        before = page.from + 1
      }
      const held = rows.filter(({ seq }) => seq > from)
      same(
        held.map(({ content }) => content),
        Array.from({ length: 25 }, (_, n) => n),
        'the contents from the first to the last',
      )
    },
  },
  {
    paragraph: '6.2',
    name: 'gives all that came since, once, to who pages forwards',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, epoch, from, last } = await told(ground, 20)
      const rows: MessageRow[] = []
      for (let after = from; after < last; ) {
        const page = await ann.page(conversation, epoch, { after }, 6)
        isWhole(page)
        check(page.to > after, `a page that goes on above ${after}`, page)
        rows.push(...page.rows)
        after = page.to
      }
      same(
        rows.map(({ content }) => content),
        Array.from({ length: 20 }, (_, n) => n),
        'the contents from the first to the last',
      )
    },
  },
  {
    paragraph: '6.2',
    name: 'joins neighbouring pages without a hole between their indexes',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 10)
      const newer = await ann.page(conversation, epoch, { before: last + 1 }, 4)
      const older = await ann.page(conversation, epoch, { before: newer.from + 1 }, 4)
      same(older.to, newer.from, 'the end of the older page')
      same(older.rows.at(-1)?.index, (newer.rows[0]?.index ?? 0) - 1, 'its last index')
    },
  },
  {
    paragraph: '6.2',
    name: 'says by from that nothing older is to be seen',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 3)
      const { floor } = await ann.open(conversation)
      let page = await ann.page(conversation, epoch, { before: last + 1 }, 100)
      for (let turns = 0; page.rows.length > 0 && page.from > floor && turns < 100; turns++)
        page = await ann.page(conversation, epoch, { before: page.from + 1 }, 100)
      check(page.from <= floor, `from at most the floor ${floor}`, page)
    },
  },
  {
    paragraph: '6.2',
    name: 'answers with no rows where nothing is visible',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 2)
      const { floor } = await ann.open(conversation)
      const older = await ann.page(conversation, epoch, { before: floor + 1 }, 5)
      same(older.rows, [], 'the rows below the floor')
      const newer = await ann.page(conversation, epoch, { after: last }, 5)
      same(newer.rows, [], 'the rows above the head')
    },
  },
  {
    paragraph: '6.2',
    name: 'gives the same rows in a page as in the answer of open',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 4, (n) => ({ n, text: 'ü' }))
      const { rows } = await ann.open(conversation)
      const page = await ann.page(conversation, epoch, { before: last + 1 }, 4)
      same(page.rows, rows.slice(-page.rows.length), 'the rows')
    },
  },
  {
    paragraph: '6.2',
    name: 'gives messages in their present state',
    needs: ['put', 'post'],
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      const post = { id: ground.id(), conversation, author: 'system', content: 'old' }
      await ground.arrange.post(post)
      await ground.arrange.post({ ...post, content: 'new' })
      const { rows, asOf } = await ann.page(conversation, opened.epoch, { after: opened.head }, 5)
      same(
        rows.map(({ content, rev }) => [content, rev]),
        [['new', asOf]],
        'content and rev',
      )
    },
  },
  {
    paragraph: '6.3',
    name: 'names the head of the state that it read',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 3)
      like(await ann.page(conversation, epoch, { before: 1 }, 1), { asOf: last, epoch }, 'the page')
    },
  },
  {
    paragraph: '6.3',
    name: 'shows with atLeast a state that is no older',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 3)
      const page = await ann.page(conversation, epoch, { before: last + 1 }, 5, last)
      check(page.asOf >= last, `asOf at least ${last}`, page)
      check(places(page.rows).includes(last), `the message at ${last}`, page.rows)
    },
  },
  {
    paragraph: '6.3',
    name: 'waits, or fails as unavailable with a time, where it cannot show the state of atLeast yet',
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 2)
      const asked = { type: 'history', conversation, epoch, anchor: { before: last + 1 }, limit: 5, atLeast: last + 1 }
      const [answer] = await Promise.all([ann.ask(asked), ann.send(conversation)])
      if (answer.type === 'page') return check(answer.asOf > last, `no page of a state below ${last + 1}`, answer)
      like(answer, { type: 'failed', code: 'unavailable' } as object, 'the answer')
      check('retryAfterMs' in answer && typeof answer.retryAfterMs === 'number', 'retryAfterMs', answer)
    },
  },
  {
    paragraph: '6.3',
    name: "names the log's own epoch where another was asked for",
    core: true,
    async run(ground) {
      const { conversation, ann, epoch, last } = await told(ground, 2)
      like(await ann.page(conversation, 'another-life', { before: last + 1 }, 5), { epoch }, 'the page')
    },
  },
]
