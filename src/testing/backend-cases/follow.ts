/** §5.7 and §5.8: how much a link follows, and who may not. */
import { type BackendCase, both, type Ground, one } from './ground.js'
import { changesHeard, type Guest, operation } from './guest.js'
import { check, like, same } from './unmet.js'

/** What a user who is no member is told when they ask this of a conversation that is there, and of one that is not. */
const alike = (name: string, ask: (guest: Guest, conversation: string, localId: string) => Promise<object>): BackendCase => ({
  paragraph: '5.8',
  name: `answers ${name} of a stranger as if there were no such conversation`,
  core: true,
  needs: ['closed'],
  async run(ground) {
    const { conversation } = await one(ground)
    const eve = await ground.enter(ground.eve)
    const [there, absent] = [await ask(eve, conversation, ground.id()), await ask(eve, ground.id(), ground.id())]
    like(there as { code?: unknown }, { code: 'not-found' }, 'the answer')
    const bare = (answer: object) => ({ ...answer, request: 0, conversation: '', localId: '' })
    same(bare(there), bare(absent), 'the answer about a conversation that is there, beside one that is not,')
    await eve.lives('a stranger was answered')
  },
})

/** Bob is removed while he follows. */
async function removal(ground: Ground) {
  const talk = await both(ground)
  await ground.arrange.put({ id: talk.conversation, members: [ground.ann] })
  const left = await talk.bob.next('left', 'left for the member who was removed')
  return { ...talk, left }
}

export const followCases: readonly BackendCase[] = [
  {
    paragraph: '5.7',
    name: 'follows as many conversations as it says, and fails one more as too-large',
    needs: ['fresh'],
    async run(ground) {
      const { ann } = ground
      const guest = await ground.enter(ann)
      const { followed } = guest.welcome.limits
      const ids = Array.from({ length: followed + 1 }, () => ground.id())
      const { put } = ground.arrange
      if (put) await Promise.all(ids.map((id) => put({ id, members: [ann] })))
      const last = ids.pop() as string
      for (const id of ids) await guest.open(id)
      like(await guest.ask({ type: 'open', conversation: last }), { type: 'failed', code: 'too-large' } as object, 'the answer to one more')
      guest.say({ type: 'unfollow', conversation: ids[0] })
      await guest.open(last)
    },
  },
  {
    paragraph: '5.7',
    name: 'tells no changes of a conversation after unfollow',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      bob.say({ type: 'unfollow', conversation })
      await bob.settle()
      await ann.send(conversation)
      await ann.settle()
      await bob.settle()
      same(changesHeard(bob, conversation), [], 'changes heard')
    },
  },
  {
    paragraph: '5.7',
    name: 'tells them again after another open, from the position held',
    core: true,
    async run(ground) {
      const { conversation, ann, bob, openedByBob } = await both(ground)
      bob.say({ type: 'unfollow', conversation })
      const { seq } = await ann.send(conversation)
      const position = { epoch: openedByBob.epoch, seq: openedByBob.to, tag: openedByBob.tag }
      const again = await bob.open(conversation, position)
      same(
        again.rows.map((row) => row.seq),
        [seq],
        'the places caught up',
      )
      const next = await ann.send(conversation)
      await bob.next('change', `the change ${next.seq}`, (frame) => frame.seq === next.seq)
    },
  },
  {
    paragraph: '5.7',
    name: 'ignores an unfollow of what is not followed',
    core: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      ann.say({ type: 'unfollow', conversation: ground.id() })
      await ann.lives('an unfollow without effect')
    },
  },
  alike('an open', (eve, conversation) => eve.ask({ type: 'open', conversation })),
  alike('an open from a position', (eve, conversation) =>
    eve.ask({ type: 'open', conversation, position: { epoch: 'e', seq: 1, tag: 't' } }),
  ),
  alike('a history', (eve, conversation) => eve.ask({ type: 'history', conversation, epoch: 'e', anchor: { before: 9 }, limit: 9 })),
  alike('a message', async (eve, conversation, localId) => {
    eve.say(operation(conversation, localId))
    return eve.next('reject', 'a reject', (frame) => frame.localId === localId)
  }),
  alike('a void', async (eve, conversation, localId) => {
    eve.say(operation(conversation, localId, { kind: 'void' }))
    return eve.next('reject', 'a reject', (frame) => frame.localId === localId)
  }),
  {
    paragraph: '5.8',
    name: 'stores nothing that a stranger sends, raises nothing by their receipts, tells nobody of their typing',
    core: true,
    needs: ['closed'],
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      const eve = await ground.enter(ground.eve)
      eve.say({ type: 'typing', conversation, on: true }, { type: 'receipt', conversation, epoch: opened.epoch, read: 1 })
      eve.say(operation(conversation, ground.id()))
      await eve.next('reject', 'a reject of the message of a stranger')
      await ann.settle()
      const after = await ann.open(conversation)
      like(after, { head: opened.head, memberCount: opened.memberCount }, 'the conversation afterwards')
      check(!ann.heard.some(({ type }) => type === 'typing' || type === 'change'), 'nothing told to a member', ann.heard)
    },
  },
  {
    paragraph: '5.8',
    name: 'tells a stranger nothing that happens',
    core: true,
    needs: ['closed'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const eve = await ground.enter(ground.eve)
      await eve.ask({ type: 'open', conversation })
      const { seq } = await ann.send(conversation)
      await bob.next('change', 'the change to a member', (frame) => frame.seq === seq)
      await eve.settle()
      const heard = eve.heard.filter((frame) => 'conversation' in frame && frame.conversation === conversation)
      same(heard, [], 'frames of that conversation')
    },
  },
  {
    paragraph: '5.8',
    name: 'tells a member who is removed left, as the last frame of that conversation',
    needs: ['put'],
    async run(ground) {
      const { conversation, ann, bob, left } = await removal(ground)
      like(left, { conversation }, 'left')
      await ann.send(conversation)
      await ann.settle()
      await bob.settle()
      const last = bob.heard.filter((frame) => 'conversation' in frame && frame.conversation === conversation).at(-1)
      like(last ?? {}, { type: 'left' } as object, 'the last frame of that conversation')
    },
  },
  {
    paragraph: '5.8',
    name: 'treats a member who was removed as a stranger from then on',
    needs: ['put'],
    async run(ground) {
      const { conversation, bob } = await removal(ground)
      like(await bob.ask({ type: 'open', conversation }), { type: 'failed', code: 'not-found' } as object, 'the answer to open')
      const localId = ground.id()
      bob.say(operation(conversation, localId))
      const reject = await bob.next('reject', 'a reject', (frame) => frame.localId === localId)
      like(reject, { code: 'not-found', final: true }, 'the reject')
    },
  },
  {
    paragraph: '5.8',
    name: 'answers nothing of a conversation behind left, not even what was on its way',
    needs: ['put'],
    async run(ground) {
      const { conversation, bob, openedByBob } = await both(ground)
      const gone = ground.arrange.put({ id: conversation, members: [ground.ann] })
      for (let request = 500; request < 520; request++)
        bob.say({ type: 'history', request, conversation, epoch: openedByBob.epoch, anchor: { before: 9 }, limit: 9 })
      await gone
      await bob.next('left', 'left for the member who was removed')
      await bob.settle()
      const from = bob.heard.findIndex(({ type }) => type === 'left')
      const behind = bob.heard.slice(from + 1).filter((frame) => 'conversation' in frame && frame.conversation === conversation)
      same(behind, [], 'frames of that conversation behind left')
    },
  },
  {
    paragraph: '5.8',
    name: 'tells who stays that a member left',
    needs: ['put'],
    async run(ground) {
      const { ann, left } = await removal(ground)
      const { seq, change } = await ann.next('change', 'the change to who stays')
      same(change, { kind: 'member', user: ground.bob, joined: false }, 'the change')
      same(seq, left.seq, 'the seq of left')
    },
  },
]
