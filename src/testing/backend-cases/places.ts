/** §2.2 and §2.6 Places of messages, and which of them a reader may see. */
import { type BackendCase, both, one } from './ground.js'
import { check, like, same } from './unmet.js'

const upFrom = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n)

export const placeCases: readonly BackendCase[] = [
  {
    paragraph: '2.2',
    name: 'numbers messages alone from 0, without holes',
    core: true,
    needs: ['fresh'],
    features: ['index'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      for (let n = 0; n < 4; n++) await ann.send(conversation, n)
      const { rows } = await ann.open(conversation)
      same(
        rows.map(({ index }) => index),
        [0, 1, 2, 3],
        'the indexes of the first four messages',
      )
    },
  },
  {
    paragraph: '2.2',
    name: 'gives each message the index after the one before',
    core: true,
    features: ['index'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      for (const guest of [ann, bob, ann]) await guest.send(conversation)
      const { rows } = await ann.open(conversation)
      const last = rows.slice(-3).map(({ index }) => index)
      same(last, upFrom(last[0] ?? 0, 3), 'the last three indexes')
    },
  },
  {
    paragraph: '2.2',
    name: 'leaves the index alone when a member joins',
    needs: ['put'],
    features: ['index'],
    async run(ground) {
      const { conversation: id, ann } = await one(ground)
      await ann.send(id)
      await ground.arrange.put({ id, members: [ground.ann, ground.bob, ground.eve] })
      await ann.send(id)
      const { rows } = await ann.open(id)
      same(
        rows.map(({ index }) => index),
        [0, 1],
        'the indexes of a message before and one after',
      )
    },
  },
  {
    paragraph: '2.2',
    name: 'stores a message with its author, its local id and its first rev',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { seq, localId } = await ann.send(conversation, { text: 'hi' })
      const { rows } = await ann.open(conversation)
      const row = rows.find((row) => row.seq === seq)
      check(row !== undefined, `a row at place ${seq}`, rows)
      like(row, { author: ground.ann, localId, rev: seq, content: { text: 'hi' }, deleted: undefined }, 'the row')
    },
  },
  {
    paragraph: '2.2',
    name: 'gives each message an id of its own',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      for (let n = 0; n < 3; n++) await ann.send(conversation, 'same')
      const { rows } = await ann.open(conversation)
      check(new Set(rows.map(({ id }) => id)).size === rows.length, 'as many ids as messages', rows)
    },
  },
  {
    paragraph: '2.2',
    name: 'keeps place, index and id of a message that is changed, and raises its rev',
    needs: ['put', 'post'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const post = { id: ground.id(), conversation, author: 'system', content: 1 }
      await ground.arrange.post(post)
      const first = (await ann.open(conversation)).rows.at(-1)
      await ann.send(conversation)
      await ground.arrange.post({ ...post, content: 2 })
      const { rows, head } = await ann.open(conversation)
      const row = rows.find(({ id }) => id === first?.id)
      check(row !== undefined && first !== undefined, 'the message in the newest page', rows)
      like(row, { seq: first.seq, index: first.index, author: 'system', content: 2, rev: head }, 'the changed message')
    },
  },
  {
    paragraph: '2.6',
    name: 'shows who came late nothing at or below the floor, and lists what is hidden above',
    needs: ['put', 'closed'],
    async run(ground) {
      const { ann, bob, eve, arrange } = ground
      const id = ground.id()
      await arrange.put({ id, members: [ann, bob], history: 'from-join' })
      const author = await ground.enter(ann)
      const secret = await author.send(id, 'before')
      await arrange.put({ id, members: [ann, bob, eve], history: 'from-join' })
      const late = await ground.enter(eve)
      await author.send(id, 'after')
      const { rows, floor, hidden } = await late.open(id)
      check(floor >= secret.seq, `a floor at or above ${secret.seq}`, { floor })
      const isShown = (place: number) => place > floor && !hidden.some(({ from, to }) => place >= from && place <= to)
      check(rows.length === 1 && rows.every(({ seq }) => isShown(seq)), 'only the message that came after the join', rows)
      const { rows: older } = await late.page(id, secret.epoch, { before: secret.seq + 1 }, 10)
      same(older, [], 'the rows of a page below the floor')
    },
  },
  {
    paragraph: '2.6',
    name: 'lists what came while a member was away, with the number of its messages',
    needs: ['put', 'closed'],
    async run(ground) {
      const { ann, bob, eve, arrange } = ground
      const id = ground.id()
      const put = (...members: string[]) => arrange.put({ id, members, history: 'from-join' })
      await put(ann, bob, eve)
      const author = await ground.enter(ann)
      const seen = await author.send(id, 'seen')
      await put(ann, bob)
      const [first, second] = [await author.send(id, 'secret 1'), await author.send(id, 'secret 2')]
      await put(ann, bob, eve)
      await author.send(id, 'seen again')
      const { rows, floor, hidden } = await (await ground.enter(eve)).open(id)
      const away = hidden.find(({ from, to }) => from <= first.seq && to >= second.seq)
      // A server may put the floor above all of it.
      if (floor >= second.seq) return
      check(away !== undefined, `a hidden range around ${first.seq} to ${second.seq}`, hidden)
      like(away, { messages: 2 }, 'the hidden range')
      check(!rows.some(({ seq }) => seq >= away.from && seq <= away.to), 'no row inside the hidden range', rows)
      check(
        rows.some(({ seq }) => seq === seen.seq),
        'the message from before',
        rows,
      )
    },
  },
]
