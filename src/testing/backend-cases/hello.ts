/** §3 Starting a link: who comes in, who does not, and what is told first. */
import * as limits from '../../protocol/limits.js'
import { serverLimits } from '../../protocol/server-limits.js'
import { type BackendCase, closes, one, refused } from './ground.js'
import { operation } from './guest.js'
import { check, like, same } from './unmet.js'

const badFrame = 4002
const helloTimeout = 4003
const features = ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox']

/** A first text after which the server must close `bad-frame`. */
const firstText = (name: string, text: (hello: object) => string): BackendCase => ({
  paragraph: '3.1',
  name: `closes bad-frame when the first text is ${name}`,
  core: true,
  async run(ground) {
    const guest = await ground.dial()
    guest.raw(text(ground.hello(ground.ann)))
    await closes(guest, badFrame, 'bad-frame')
    check(!guest.heard.some((frame) => frame.type === 'welcome'), 'no welcome', guest.heard)
  },
})

export const helloCases: readonly BackendCase[] = [
  {
    paragraph: '3.1',
    name: 'closes hello-timeout on a link that says nothing for 5 s',
    slow: true,
    async run(ground) {
      const silent = await ground.dial()
      const end = await silent.ended('the server to close a silent socket after 5 s').catch(() => silent.ended('… or a little later'))
      like(end, { code: helloTimeout }, 'a close hello-timeout')
    },
  },
  firstText('no hello', () => '{"type":"ping","n":1}'),
  firstText('a frame of an unknown type', () => '{"type":"later"}'),
  firstText('a hello and more', (hello) => JSON.stringify([hello, { type: 'ping', n: 1 }])),
  firstText('a hello behind something else', (hello) => JSON.stringify([{ type: 'ping', n: 1 }, hello])),
  firstText('no JSON', () => 'hello'),
  firstText('longer than 8 KiB', (hello) => JSON.stringify(hello).padEnd(serverLimits.helloBytes + 1)),
  firstText('a hello without a user', (hello) => JSON.stringify({ ...hello, user: undefined })),
  firstText('a hello without a lane', (hello) => JSON.stringify({ ...hello, lane: undefined })),
  firstText('a hello whose link is no count', (hello) => JSON.stringify({ ...hello, link: -1 })),
  {
    paragraph: '3.2',
    name: 'welcomes a good hello, as the first frame it says',
    core: true,
    async run(ground) {
      const ann = await ground.enter(ground.ann)
      like(ann.heard[0] ?? {}, { type: 'welcome' }, 'the first frame')
      like(ann.welcome, { version: 1, user: ground.ann }, 'the welcome')
    },
  },
  {
    paragraph: '3.2',
    name: 'tells its clock and how often to ask whether the link lives',
    core: true,
    async run(ground) {
      const { welcome } = await ground.enter(ground.ann)
      check(welcome.heartbeatMs > 0, 'a heartbeatMs above 0', welcome)
      check(welcome.time > 0, 'the time of the server in milliseconds', welcome)
    },
  },
  {
    paragraph: '3.2',
    name: 'refuses a hello without a token as unauthorized',
    core: true,
    run: (ground) => refused(ground, ground.hello(ground.ann, { token: undefined }), 'unauthorized', 4200),
  },
  {
    paragraph: '3.2',
    name: 'refuses a wrong token as unauthorized',
    needs: ['wrong'],
    run: (ground) => refused(ground, ground.hello(ground.ann, { token: ground.badTokens.wrong }), 'unauthorized', 4200),
  },
  {
    paragraph: '3.2',
    name: 'refuses a token whose time is over, in the band that fetches a fresh one',
    needs: ['expired'],
    async run(ground) {
      const token = ground.badTokens.expired
      const guest = await ground.dial(ground.ann, token)
      guest.say(ground.hello(ground.ann, { token }))
      const code = await guest.refusal('refused token-expired or unauthorized')
      check(code === 'token-expired' || code === 'unauthorized', 'refused token-expired or unauthorized', code)
      await closes(guest, code === 'unauthorized' ? 4200 : 4201, code)
    },
  },
  {
    paragraph: '3.2',
    name: 'refuses who names another user than their token as wrong-user',
    core: true,
    run(ground) {
      const { token } = ground.hello(ground.bob)
      return refused(ground, ground.hello(ground.ann, { token }), 'wrong-user', 4300)
    },
  },
  {
    paragraph: '3.2',
    name: 'says nothing after a refusal',
    core: true,
    async run(ground) {
      const guest = await ground.dial(ground.ann, undefined)
      guest.say(ground.hello(ground.ann, { token: undefined }))
      const { refused } = await guest.ended('the server to close unauthorized')
      same(
        guest.heard.map(({ type }) => type),
        refused === undefined ? ['refused'] : [],
        'all that was told',
      )
    },
  },
  {
    paragraph: '3.3',
    name: 'closes the older link of a lane as superseded when a higher one comes',
    core: true,
    async run(ground) {
      const lane = { device: ground.id(), lane: ground.id() }
      const older = await ground.enter(ground.ann, { ...lane, link: 1 })
      await ground.enter(ground.ann, { ...lane, link: 2 })
      await closes(older, 4303, 'superseded')
    },
  },
  {
    paragraph: '3.3',
    name: 'refuses a lower link of a lane as superseded, and keeps the higher',
    core: true,
    async run(ground) {
      const lane = { device: ground.id(), lane: ground.id() }
      const higher = await ground.enter(ground.ann, { ...lane, link: 5 })
      await refused(ground, ground.hello(ground.ann, { ...lane, link: 4 }), 'superseded', 4303)
      await higher.lives('a lower link of its lane was refused')
    },
  },
  {
    paragraph: '3.3',
    name: 'applies nothing from a link after it welcomed a newer of its lane',
    core: true,
    features: ['idempotent'],
    async run(ground) {
      const lane = { device: ground.id(), lane: ground.id() }
      const { conversation } = await one(ground)
      const older = await ground.enter(ground.ann, { ...lane, link: 1 })
      await older.open(conversation)
      const newer = await ground.enter(ground.ann, { ...lane, link: 2 })
      const late = ground.id()
      older.say(operation(conversation, late))
      await newer.send(conversation)
      const { rows } = await newer.open(conversation)
      check(!rows.some((row) => row.localId === late), 'nothing from the older link to be applied', rows.at(-1))
    },
  },
  {
    paragraph: '3.3',
    name: 'keeps two lanes of one user beside each other',
    core: true,
    async run(ground) {
      const device = ground.id()
      const [a, b] = [
        await ground.enter(ground.ann, { device, lane: 'a', link: 1 }),
        await ground.enter(ground.ann, { device, lane: 'b', link: 9 }),
      ]
      await a.lives('another lane was welcomed')
      await b.lives('it was welcomed')
    },
  },
  {
    paragraph: '3.3',
    name: 'keeps the same lane of two users apart',
    core: true,
    async run(ground) {
      const lane = { device: ground.id(), lane: ground.id() }
      const ann = await ground.enter(ground.ann, { ...lane, link: 1 })
      await ground.enter(ground.bob, { ...lane, link: 2 })
      await ann.lives('another user came with the same lane')
    },
  },
  {
    paragraph: '3.4',
    name: 'raises no limit above those of the page',
    core: true,
    async run(ground) {
      const told = (await ground.enter(ground.ann)).welcome.limits
      const { followed, window, contentBytes, pageRows } = limits
      for (const [name, most] of Object.entries({ followed, window, contentBytes, pageRows })) {
        const own = told[name as keyof typeof told]
        check(own > 0 && own <= most, `${name} from 1 to ${most}`, own)
      }
    },
  },
  {
    paragraph: '3.4',
    name: 'names its features, each once',
    core: true,
    async run(ground) {
      const { welcome } = await ground.enter(ground.ann)
      check(new Set(welcome.features).size === welcome.features.length, 'each feature once', welcome.features)
      check(
        welcome.features.some((feature) => features.includes(feature)),
        `some of ${features.join(', ')}`,
        welcome.features,
      )
    },
  },
  {
    paragraph: '3.4',
    name: 'lives through typing, receipts and inbox, whether it declares them or not',
    core: true,
    async run(ground) {
      const { conversation, ann, opened } = await one(ground)
      ann.say({ type: 'typing', conversation, on: true })
      ann.say({ type: 'receipt', conversation, epoch: opened.epoch, read: 0 })
      ann.say({ type: 'inbox', request: 99 })
      await ann.lives('frames of features that it lacks are ignored')
    },
  },
  {
    paragraph: '14.1',
    name: 'refuses a version it does not speak as unsupported-version',
    core: true,
    run: (ground) => refused(ground, ground.hello(ground.ann, { version: 999 }), 'unsupported-version', 4302),
  },
  {
    paragraph: '14.1',
    name: 'reads a hello of a later version far enough to refuse it',
    core: true,
    run(ground) {
      const later = { ...ground.hello(ground.ann, { version: 999 }), wishes: ['compression'], resume: { cursor: 'x' } }
      return refused(ground, later, 'unsupported-version', 4302)
    },
  },
]
