/** §5.3 and §5.4 Catching up: a delta for a good position, a reset for any other. */
import * as limits from '../../protocol/limits.js'
import type { Opened, Position } from '../../protocol/frames.js'
import { type BackendCase, both, fill, type Ground, one } from './ground.js'
import { type Guest, messagesHeard } from './guest.js'
import { check, like, same } from './unmet.js'

const positionOf = ({ epoch, to, tag }: Opened): Position => ({ epoch, seq: to, tag })

/** Opens from a position that is not good. */
const resets = (name: string, reason: string, spoil: (good: Position) => Position): BackendCase => ({
  paragraph: '5.4',
  name: `answers ${name} by a reset: ${reason}`,
  core: true,
  async run(ground) {
    const { conversation, ann } = await one(ground)
    await ann.send(conversation)
    const good = positionOf(await ann.open(conversation))
    const answer = await ann.open(conversation, spoil(good))
    like(answer, { reset: reason }, 'the answer')
    isNewestPage(answer)
  },
})

function isNewestPage({ rows, from, to, head, more }: Opened): void {
  like({ to, more }, { to: head, more: false }, 'a reset that reaches the head')
  check(rows.length > 0, 'the newest messages', rows)
  check(
    rows.every(({ seq }) => seq > from && seq <= to),
    `places in (${from}, ${to}]`,
    rows,
  )
  same(
    rows.map(({ index }) => index),
    rows.map((_, n) => (rows[0]?.index ?? 0) + n),
    'the indexes of the page',
  )
}

/** Opens on and on from `position` until nothing more is told. */
async function catchUp(guest: Guest, conversation: string, position: Position, most = 100) {
  const answers: Opened[] = []
  for (let at = position; answers.length < most; at = positionOf(answers.at(-1) as Opened)) {
    const answer = await guest.open(conversation, at)
    like(answer, { reset: undefined, from: at.seq }, 'a delta')
    answers.push(answer)
    if (!answer.more) return answers
    check(answer.to > at.seq, `to above ${at.seq} while more is true`, answer)
  }
  return answers
}

/** Enough that one answer cannot hold it; gives the position before. */
async function long(ground: Ground, count: number, content: (n: number) => unknown) {
  const { conversation, ann, opened } = await one(ground)
  await fill(ann, conversation, count, content, ground.id)
  return { conversation, ann, before: positionOf(opened) }
}

export const catchUpCases: readonly BackendCase[] = [
  {
    paragraph: '5.3',
    name: 'answers a position at the head with nothing',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { seq } = await ann.send(conversation)
      const first = await ann.open(conversation)
      const answer = await ann.open(conversation, positionOf(first))
      like(answer, { reset: undefined, from: seq, to: seq, head: seq, more: false, rows: [], own: [], tag: first.tag }, 'the answer')
    },
  },
  {
    paragraph: '5.3',
    name: 'answers a good position with every message since, and no other',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      await ann.send(conversation, 'before')
      const before = positionOf(await bob.open(conversation))
      await bob.close()
      const sent: number[] = []
      for (let n = 0; n < 3; n++) sent.push((await ann.send(conversation, n)).seq)
      const answer = await (await ground.enter(ground.bob)).open(conversation, before)
      like(answer, { reset: undefined, from: before.seq, to: sent[2], head: sent[2], more: false, epoch: before.epoch }, 'the answer')
      same(
        answer.rows.map(({ seq }) => seq),
        sent,
        'the places of its rows',
      )
    },
  },
  {
    paragraph: '5.3',
    name: 'begins a delta at the position that was asked from',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      const positions = [positionOf(opened)]
      for (let n = 0; n < 3; n++) {
        await ann.send(conversation, n)
        positions.push(positionOf(await ann.open(conversation)))
      }
      for (const position of positions) {
        const answer = await ann.open(conversation, position)
        like(answer, { from: position.seq, reset: undefined }, `the answer to position ${position.seq}`)
        check(
          answer.rows.every(({ rev }) => rev > position.seq),
          `rows changed after ${position.seq}`,
          answer.rows,
        )
      }
    },
  },
  {
    paragraph: '5.3',
    name: 'gives a tag with each delta from which the next goes on',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      await ann.send(conversation, 1)
      const first = await ann.open(conversation, positionOf(opened))
      await ann.send(conversation, 2)
      const second = await ann.open(conversation, positionOf(first))
      like(second, { reset: undefined, from: first.to }, 'the delta that goes on')
      same(second.rows.length, 1, 'the number of its rows')
    },
  },
  {
    paragraph: '5.3',
    name: "lists the asker's own changes of the range, and no one else's",
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann, bob, opened } = await both(ground)
      const mine = await ann.send(conversation)
      const other = await bob.send(conversation)
      const own = (await ann.open(conversation, positionOf(opened))).own
      same(own, [{ localId: mine.localId, seq: mine.seq }], 'own of the first author')
      const others = (await bob.open(conversation, positionOf(opened))).own
      same(others, [{ localId: other.localId, seq: other.seq }], 'own of the second author')
    },
  },
  {
    paragraph: '5.3',
    name: 'tells an old message again when a change touched it, once, by its rev',
    needs: ['put', 'post'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const post = { id: ground.id(), conversation, author: 'system', content: 1 }
      await ground.arrange.post(post)
      const { seq: between } = await ann.send(conversation)
      const before = positionOf(await ann.open(conversation))
      const { seq: later } = await ann.send(conversation)
      await ground.arrange.post({ ...post, content: 2 })
      await ground.arrange.post({ ...post, content: 3 })
      const { rows } = await ann.open(conversation, before)
      const touched = rows.map(({ seq, rev, content }) => (seq < between ? [rev, content] : [rev]))
      same(touched, [[later], [later + 2, 3]], 'the rows: the new message, then the old one in its present state')
    },
  },
  {
    paragraph: '5.3',
    name: 'covers a long absence in several answers, without a hole',
    features: ['dense'],
    async run(ground) {
      const { conversation, ann, before } = await long(ground, 230, (n) => n)
      const answers = await catchUp(ann, conversation, before)
      const told = answers.flatMap(({ rows }) => rows.map(({ seq }) => seq))
      same(
        told,
        Array.from({ length: 230 }, (_, n) => before.seq + 1 + n),
        'the places of all rows',
      )
      like(answers.at(-1) ?? {}, { more: false, to: before.seq + 230 }, 'the last answer')
    },
  },
  {
    paragraph: '12.1',
    name: 'gives at most pageRows messages in one catch-up',
    async run(ground) {
      const { conversation, ann, before } = await long(ground, 130, (n) => n)
      for (const { rows } of await catchUp(ann, conversation, before))
        check(rows.length <= ann.welcome.limits.pageRows, `at most ${ann.welcome.limits.pageRows} rows`, rows.length)
    },
  },
  {
    paragraph: '12.1',
    name: 'ends a catch-up at pageBytes of rows',
    async run(ground) {
      const { conversation, ann, before } = await long(ground, 12, () => 'x'.repeat(30_000))
      const answers = await catchUp(ann, conversation, before)
      for (const { rows } of answers) {
        const bytes = rows.reduce((sum, row) => sum + JSON.stringify(row).length, 0)
        check(rows.length === 1 || bytes <= 262_144, 'at most 262,144 bytes of rows', bytes)
      }
      same(answers.flatMap(({ rows }) => rows).length, 12, 'the number of messages told in all')
    },
  },
  {
    paragraph: '5.4',
    name: 'answers an open without a position by a reset: first',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      await ann.send(conversation)
      const answer = await ann.open(conversation)
      like(answer, { reset: 'first' }, 'the answer')
      isNewestPage(answer)
    },
  },
  resets('a position of another epoch', 'epoch', (good) => ({ ...good, epoch: 'another-life' })),
  resets('a position above the head', 'ahead', (good) => ({ ...good, seq: good.seq + 7 })),
  resets('a position with the tag of another change', 'tag', (good) => ({ ...good, tag: 'another-tag' })),
  resets('a position of another epoch above the head', 'epoch', ({ seq }) => ({ epoch: 'another-life', seq: seq + 7, tag: 'x' })),
  {
    paragraph: '5.4',
    name: 'follows after a reset as after a delta',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      await bob.open(conversation, { epoch: 'another-life', seq: 3, tag: 'x' })
      const { seq } = await ann.send(conversation)
      await bob.next('change', `the change ${seq}`, (frame) => frame.seq === seq)
    },
  },
  {
    paragraph: '5.4',
    name: 'gives at least the newest 20 messages, and every one from the first of them on',
    features: ['index'],
    async run(ground) {
      const { conversation, ann } = await long(ground, 120, (n) => n)
      const answer = await ann.open(conversation)
      isNewestPage(answer)
      check(answer.rows.length >= 20 && answer.rows.length <= limits.pageRows, `20 to ${limits.pageRows} rows`, answer.rows.length)
      same(answer.rows.at(-1)?.content, 119, 'the content of the last row')
    },
  },
  {
    paragraph: '5.3',
    name: 'tells a follower and one who was away the same messages',
    core: true,
    features: ['echo'],
    async run(ground) {
      const { conversation, ann, bob, openedByBob } = await both(ground)
      const last = await fill(ann, conversation, 5, (n) => ({ n }), ground.id)
      await bob.next('change', `the change ${last}`, ({ seq }) => seq === last)
      const away = await (await ground.enter(ground.bob)).open(conversation, positionOf(openedByBob))
      same(away.rows, messagesHeard(bob, conversation), 'the rows of the catch-up beside the changes heard live')
    },
  },
]
