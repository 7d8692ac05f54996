/** What outlives a process: §2.3, §4, §7.2, §7.8 and §10.4 over a restart, and over a backup that was brought back. */
import type { Opened } from '../../protocol/frames.js'
import { type BackendCase, type Ground, one } from './ground.js'
import { operation } from './guest.js'
import { check, like, same } from './unmet.js'

const positionOf = ({ epoch, to, tag }: Opened) => ({ epoch, seq: to, tag })

/** A message is kept in a backup, another is written, and the backup is brought back. */
async function restored(ground: Ground) {
  const { conversation, ann } = await one(ground)
  const kept = await ann.send(conversation, 'kept')
  const before = await ann.open(conversation)
  const restore = await ground.arrange.backup()
  const lost = await ann.send(conversation, 'lost')
  const after = await ann.open(conversation)
  await restore()
  return { conversation, kept, lost, before, after, ann: await ground.enter(ground.ann) }
}

const overRestore = (paragraph: string, name: string, run: (talk: Awaited<ReturnType<typeof restored>>) => Promise<void>): BackendCase => ({
  paragraph,
  name,
  needs: ['backup', 'fresh'],
  alone: true,
  run: async (ground) => run(await restored(ground)),
})

export const lifecycleCases: readonly BackendCase[] = [
  {
    paragraph: '10.4',
    name: 'announces by drain that it will end a link',
    needs: ['restart'],
    alone: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      await Promise.all([ann.next('drain', 'a drain frame'), ground.arrange.restart()])
    },
  },
  {
    paragraph: '4.2',
    name: 'closes with drain when the process stops, in the band that waits as told',
    needs: ['restart'],
    alone: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      const [end] = await Promise.all([ann.ended('the server to close 4100 drain'), ground.arrange.restart()])
      like(end, { code: 4100 }, 'a close drain')
    },
  },
  {
    paragraph: '7.3',
    name: 'has what it acknowledged after a restart',
    needs: ['restart'],
    alone: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { seq, localId } = await ann.send(conversation, 'durable')
      await ground.arrange.restart()
      const opened = await (await ground.enter(ground.ann)).open(conversation)
      like(opened, { head: seq }, 'the conversation')
      like(opened.rows.at(-1) ?? {}, { seq, localId, content: 'durable' } as object, 'its last message')
    },
  },
  {
    paragraph: '7.2',
    name: 'knows a local id after a restart',
    needs: ['restart'],
    features: ['idempotent'],
    alone: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const first = await ann.send(conversation)
      const taken = ground.id()
      ann.say(operation(conversation, taken, { kind: 'void' }))
      await ann.next('ack', 'an ack of the void', (ack) => ack.localId === taken)
      await ground.arrange.restart()
      const again = await ground.enter(ground.ann)
      const second = await again.send(conversation, 'again', { localId: first.localId, try: 2 })
      same(second.seq, first.seq, 'the seq of the second ack')
      again.say(operation(conversation, taken))
      const voided = await again.next('ack', 'an ack of what was taken back', (ack) => ack.localId === taken)
      like(voided, { seq: undefined }, 'the ack')
    },
  },
  {
    paragraph: '2.3',
    name: 'keeps its epochs over a restart, so that a position stays good',
    needs: ['restart'],
    alone: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      await ann.send(conversation)
      const position = positionOf(await ann.open(conversation))
      await ground.arrange.restart()
      const answer = await (await ground.enter(ground.ann)).open(conversation, position)
      like(answer, { reset: undefined, epoch: position.epoch, from: position.seq, rows: [] }, 'the answer')
    },
  },
  {
    paragraph: '8.1',
    name: 'keeps watermarks over a restart',
    needs: ['restart'],
    features: ['receipts'],
    alone: true,
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      const { seq } = await ann.send(conversation)
      ann.say({ type: 'receipt', conversation, epoch: opened.epoch, read: seq })
      await ann.next('marks')
      await ground.arrange.restart()
      const { marks } = await (await ground.enter(ground.ann)).open(conversation)
      like(marks.find(({ user }) => user === ground.ann) ?? {}, { read: seq, delivered: seq } as object, 'the own mark')
    },
  },
  overRestore('2.3', 'names a new epoch after a backup was brought back', async ({ conversation, before, ann }) => {
    const { epoch } = await ann.open(conversation)
    check(epoch !== before.epoch, `another epoch than ${before.epoch}`, epoch)
  }),
  overRestore('5.4', 'answers a position from before by a reset', async ({ conversation, after, ann }) => {
    const answer = await ann.open(conversation, positionOf(after))
    check(answer.reset !== undefined, 'a reset', answer)
    like(answer, { to: answer.head, more: false }, 'the answer')
  }),
  overRestore('5.4', 'resets also where another change took the place of the lost one', async ({ conversation, after, ann }) => {
    await ann.send(conversation, 'instead')
    const answer = await ann.open(conversation, positionOf(after))
    check(answer.reset !== undefined, 'a reset', answer)
    same(answer.rows.at(-1)?.content, 'instead', 'the content of the last row')
  }),
  overRestore('7.8', 'takes what was acknowledged and lost again, once', async ({ conversation, kept, lost, ann }) => {
    const again = await ann.send(conversation, 'lost', { localId: lost.localId, try: 2 })
    const third = await ann.send(conversation, 'lost', { localId: lost.localId, try: 3 })
    same(third.seq, again.seq, 'the seq of a repetition')
    const { rows } = await ann.open(conversation)
    same(
      rows.map(({ localId }) => localId),
      [kept.localId, lost.localId],
      'the messages',
    )
  }),
  overRestore('8.1', 'ignores a receipt that names the epoch from before', async ({ conversation, after, ann }) => {
    if (!ann.welcome.features.includes('receipts')) return
    const { marks: held } = await ann.open(conversation)
    ann.say({ type: 'receipt', conversation, epoch: after.epoch, read: after.head })
    await ann.settle()
    const { marks } = await ann.open(conversation)
    same(marks, held, 'the marks')
  }),
]
