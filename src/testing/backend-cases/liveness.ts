/** §10 Liveness and ephemera, and §14 what a later client may add. */
import { type BackendCase, both, closes, one } from './ground.js'
import { operation } from './guest.js'
import { check, like, same } from './unmet.js'

/** Above this a test of silence would take too long. */
const quickMs = 2_000

/** A frame of version 1 with a field that is not known yet. */
const tolerates = (name: string, frameOf: (conversation: string, id: string) => object): BackendCase => ({
  paragraph: '14.2',
  name: `ignores a field that it does not know in ${name}`,
  core: true,
  async run(ground) {
    const { conversation, ann } = await one(ground)
    ann.say({ ...frameOf(conversation, ground.id()), later: { deep: [1, null] }, constructor: 'x' })
    await ann.lives('an unknown field is ignored')
    check(!ann.heard.some(({ type }) => type === 'failed' || type === 'reject'), 'no refusal', ann.heard)
  },
})

export const livenessCases: readonly BackendCase[] = [
  {
    paragraph: '10.1',
    name: 'answers a ping by its number, on a link that follows nothing too',
    core: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      for (const n of [0, 41, 9007199254740991]) {
        ann.say({ type: 'ping', n })
        await ann.next('pong', `a pong with n ${n}`, (pong) => pong.n === n)
      }
    },
  },
  {
    paragraph: '10.1',
    name: 'closes a link that is silent for two heartbeats and more',
    slow: true,
    async run(ground) {
      const silent = await ground.enter(ground.ann)
      const { heartbeatMs } = silent.welcome
      if (heartbeatMs > quickMs) ground.skip(`welcome.heartbeatMs is ${heartbeatMs}: silence can be waited for with ${quickMs} at most`)
      let waited = 0
      const start = Date.now()
      const listen = (): Promise<{ code: number | undefined }> =>
        silent.ended(`the server to close a link that was silent for ${waited} ms, at a heartbeat of ${heartbeatMs} ms`).catch((error) => {
          waited = Date.now() - start
          if (waited > heartbeatMs * 5) throw error
          return listen()
        })
      const { code } = await listen()
      check(Date.now() - start >= heartbeatMs * 2, 'two heartbeats of patience', Date.now() - start)
      check(code !== undefined && code >= 4000 && code < 4100, 'a close in the band retry', code)
    },
  },
  {
    paragraph: '10.2',
    name: 'lists a head that the client has not shown to know of, though the change was sent',
    core: true,
    async run(ground) {
      const { conversation, ann, bob, opened } = await both(ground)
      const { seq } = await ann.send(conversation)
      await bob.next('change', `the change ${seq}`, (frame) => frame.seq === seq)
      bob.say({ type: 'ping', n: 1 })
      const { heads } = await bob.next('pong')
      const head = heads.find((one) => one.conversation === conversation)
      like(head ?? {}, { epoch: opened.epoch, seq } as object, 'the head in pong')
    },
  },
  {
    paragraph: '10.2',
    name: 'lists it again until it is shown: a pong can be lost',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const { seq } = await ann.send(conversation)
      for (const n of [1, 2]) {
        bob.say({ type: 'ping', n })
        const { heads } = await bob.next('pong', `pong ${n}`, (pong) => pong.n === n)
        check(
          heads.some((head) => head.conversation === conversation && head.seq >= seq),
          `the head ${seq} in pong ${n}`,
          heads,
        )
      }
    },
  },
  {
    paragraph: '10.2',
    name: 'lists it on each link that has not shown it',
    core: true,
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const other = await ground.enter(ground.bob)
      await other.open(conversation)
      const { seq } = await ann.send(conversation)
      await bob.open(conversation)
      other.say({ type: 'ping', n: 1 })
      const { heads } = await other.next('pong')
      check(
        heads.some((head) => head.conversation === conversation && head.seq >= seq),
        `the head ${seq} on the link that has not shown it`,
        heads,
      )
    },
  },
  {
    paragraph: '10.3',
    name: 'tells other followers who types, and when it ends',
    features: ['typing'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      for (const on of [true, false]) {
        ann.say({ type: 'typing', conversation, on })
        like(await bob.next('typing'), { conversation, user: ground.ann, on }, 'typing')
      }
    },
  },
  {
    paragraph: '10.3',
    name: 'tells typing to no other link of the same user',
    features: ['typing'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const other = await ground.enter(ground.ann)
      await other.open(conversation)
      ann.say({ type: 'typing', conversation, on: true })
      await bob.next('typing')
      await other.settle()
      await ann.settle()
      const own = [...ann.heard, ...other.heard].filter(({ type }) => type === 'typing')
      same(own, [], "typing told to its own user's links")
    },
  },
  {
    paragraph: '10.3',
    name: 'tells typing to no link that does not follow',
    features: ['typing'],
    async run(ground) {
      const { conversation, ann, bob } = await both(ground)
      const other = await ground.enter(ground.bob)
      ann.say({ type: 'typing', conversation, on: true })
      await bob.next('typing')
      await other.settle()
      same(
        other.heard.filter(({ type }) => type === 'typing'),
        [],
        'typing told to a link that does not follow',
      )
    },
  },
  {
    paragraph: '10.3',
    name: 'stores no typing and gives it no seq',
    features: ['typing'],
    async run(ground) {
      const { conversation, ann, bob, opened } = await both(ground)
      ann.say({ type: 'typing', conversation, on: true })
      await bob.next('typing')
      const late = await ground.enter(ground.bob)
      like(await late.open(conversation), { head: opened.head }, 'the conversation')
      await late.settle()
      same(
        late.heard.filter(({ type }) => type === 'typing'),
        [],
        'typing told to who came later',
      )
    },
  },
  tolerates('ping', () => ({ type: 'ping', n: 1 })),
  tolerates('open', (conversation) => ({ type: 'open', request: 77, conversation })),
  tolerates('unfollow', (conversation) => ({ type: 'unfollow', conversation })),
  tolerates('history', (conversation) => ({ type: 'history', request: 77, conversation, epoch: 'e', anchor: { before: 1 }, limit: 1 })),
  tolerates('operation', (conversation, id) => operation(conversation, id)),
  tolerates('receipt', (conversation) => ({ type: 'receipt', conversation, epoch: 'e', read: 0 })),
  {
    paragraph: '14.2',
    name: 'ignores a field that it does not know in hello',
    core: true,
    async run(ground) {
      const ann = await ground.dial()
      ann.say({ ...ground.hello(ground.ann), wishes: ['compression'] })
      await ann.next('welcome')
    },
  },
  {
    paragraph: '14.2',
    name: 'ignores a field that it does not know inside an operation',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const localId = ground.id()
      const asked = operation(conversation, localId)
      ann.say({ ...asked, operation: { ...asked.operation, urgent: true } })
      await ann.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)
    },
  },
  {
    paragraph: '4.1',
    name: 'keeps what a link sent before its client closed it',
    core: true,
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const { localId } = await ann.send(conversation)
      await ann.close()
      const { rows } = await (await ground.enter(ground.ann)).open(conversation)
      check(
        rows.some((row) => row.localId === localId),
        'the message',
        rows.at(-1),
      )
    },
  },
  {
    paragraph: '4.2',
    name: 'closes with the code of the table, which says its band: bad-frame to come back, wrong-user to stop, unauthorized to refresh',
    core: true,
    async run(ground) {
      const bad = await ground.enter(ground.ann)
      bad.raw('{')
      await closes(bad, 4002, 'bad-frame')
      const wrong = await ground.dial(ground.ann)
      wrong.say(ground.hello(ground.bob, { token: ground.hello(ground.ann).token }))
      await closes(wrong, 4300, 'wrong-user')
      const nobody = await ground.dial(ground.ann, undefined)
      nobody.say(ground.hello(ground.ann, { token: undefined }))
      await closes(nobody, 4200, 'unauthorized')
    },
  },
  {
    paragraph: '4.3',
    name: 'takes what was in flight when a link ended again, as one message',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const { conversation, ann } = await one(ground)
      const asked = Array.from({ length: 4 }, () => operation(conversation, ground.id()))
      ann.say(...asked)
      await ann.close()
      const again = await ground.enter(ground.ann)
      for (const frame of asked) again.say({ ...frame, try: 2 })
      for (const { localId } of asked) await again.next('ack', `an ack of ${localId}`, (ack) => ack.localId === localId)
      const { rows } = await again.open(conversation)
      const landed = rows.filter((row) => asked.some(({ localId }) => localId === row.localId)).map(({ localId }) => localId)
      same(
        landed,
        asked.map(({ localId }) => localId),
        'the messages, in order',
      )
    },
  },
]
