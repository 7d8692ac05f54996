/** §5.1 and §5.6 Opening: subscribing without a hole, and what an answer describes. */
import { type BackendCase, both, one } from './ground.js'
import { changesHeard, operation } from './guest.js'
import { check, like, same } from './unmet.js'

export const openCases: readonly BackendCase[] = [
  {
    paragraph: '5.1',
    name: 'tells a link that opened what happens from then on',
    core: true,
    async run(ground) {
      const { conversation, ann, bob, openedByBob } = await both(ground)
      const { seq } = await ann.send(conversation)
      like(await bob.next('change', 'the change to a follower'), { conversation, seq, epoch: openedByBob.epoch }, 'the change')
    },
  },
  {
    paragraph: '5.1',
    name: 'leaves no hole between its answer and what follows live',
    core: true,
    features: ['dense'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const bob = await ground.enter(ground.bob)
      for (let n = 0; n < 4; n++) ann.say(operation(conversation, ground.id()))
      const opening = bob.open(conversation)
      for (let n = 0; n < 4; n++) ann.say(operation(conversation, ground.id()))
      const opened = await opening
      const { seq } = await ann.send(conversation, 'last')
      if (seq > opened.to) await bob.next('change', `the change ${seq}`, (frame) => frame.seq === seq)
      const live = changesHeard(bob, conversation).flatMap((frame) => (frame.seq > opened.to ? [frame.seq] : []))
      same(
        live,
        Array.from({ length: seq - opened.to }, (_, n) => opened.to + 1 + n),
        `the changes above ${opened.to}, in order`,
      )
    },
  },
  {
    paragraph: '5.1',
    name: 'lets no change of a conversation through before its answer',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const bob = await ground.enter(ground.bob)
      for (let n = 0; n < 4; n++) ann.say(operation(conversation, ground.id()))
      await bob.open(conversation)
      const place = (type: string) => bob.heard.findIndex((frame) => frame.type === type)
      check(place('change') === -1 || place('change') > place('opened'), 'opened before any change', bob.heard)
    },
  },
  {
    paragraph: '5.1',
    name: 'answers anew when what is followed is opened again, and tells each change on',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      await ann.send(conversation)
      const again = await bob.open(conversation)
      like(again, { reset: 'first', head: again.to }, 'the second answer')
      const { seq } = await ann.send(conversation)
      await bob.next('change', `the change ${seq}`, (frame) => frame.seq === seq)
    },
  },
  {
    paragraph: '5.1',
    name: 'tells nothing live to a link that has not opened',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const other = await ground.enter(ground.bob)
      const { seq } = await ann.send(conversation)
      await bob.next('change', 'the change to the link that opened', (frame) => frame.seq === seq)
      await other.settle()
      same(changesHeard(other, conversation), [], 'changes on the link that did not open')
    },
  },
  {
    paragraph: '5.1',
    name: 'tells each link its own conversations',
    core: true,
    needs: ['fresh'],
    async run(ground) {
      const [first, second] = [await both(ground), await both(ground)]
      await second.ann.send(second.conversation)
      await second.bob.next('change')
      await first.bob.settle()
      same(changesHeard(first.bob, second.conversation), [], 'changes of a conversation the link did not open')
    },
  },
  {
    paragraph: '5.6',
    name: 'names both members, their marks and their number',
    core: true,
    async run(ground) {
      const { opened } = await both(ground)
      const users = opened.members.map(({ user }) => user)
      check(users.includes(ground.ann) && users.includes(ground.bob), 'both members', opened.members)
      same(opened.memberCount, opened.members.length, 'memberCount')
      check(
        opened.marks.some(({ user }) => user === ground.ann),
        "the asker's own marks",
        opened.marks,
      )
    },
  },
  {
    paragraph: '5.6',
    name: 'tells the profile as it is',
    needs: ['put'],
    async run(ground) {
      const id = ground.id()
      await ground.arrange.put({ id, members: [ground.ann], profile: { name: 'Lunch', deep: { list: [1] } } })
      const opened = await (await ground.enter(ground.ann)).open(id)
      same(opened.profile, { name: 'Lunch', deep: { list: [1] } }, 'the profile')
    },
  },
  {
    paragraph: '5.6',
    name: 'names of more than 256 members none, and the marks of the asker alone',
    needs: ['put'],
    async run(ground) {
      const id = ground.id()
      const crowd = Array.from({ length: 260 }, (_, n) => `${id}-${n}`)
      await ground.arrange.put({ id, members: [ground.ann, ...crowd] })
      const opened = await (await ground.enter(ground.ann)).open(id)
      like(opened, { memberCount: 261, members: [] }, 'the answer')
      same(
        opened.marks.map(({ user }) => user),
        [ground.ann],
        'the users of marks',
      )
    },
  },
]
