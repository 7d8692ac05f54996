/** A server among whose clients one is hostile. Whatever that one says, the others are served, and what is stored stays a log. */
import { decodeServerFrames, encodeFrames } from '../../src/protocol/codec.js'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { isFields } from '../../src/protocol/guards.js'
import * as limits from '../../src/protocol/limits.js'
import { type Dialled, serverDoor, type ServerDoor } from '../fakes/server-door.js'
import { endGroup, quiet, type Tally, timed } from './tally.js'
import type { Texts } from './texts.js'
import { clientVerdict } from './verdicts.js'

const hostile = 'eve'
const honest = 'ann'
const tenant = ''
/** Eve is a member of these; of `secret` she is none. */
const shared = ['c', 'd'] as const
const secret = 'secret'
/** Frames that a server may say for each that it hears. */
const mostSaid = 20

interface Ear {
  readonly frames: ServerFrame[]
  line: Dialled
  isOpen: boolean
}

interface Life {
  readonly texts: Texts
  readonly server: ServerDoor
  readonly wrong: string[]
  readonly ann: Ear
  readonly eve: Ear
  now: number
  links: number
  pings: number
  sent: number
}

export async function hostileLife(texts: Texts, count: number, tally: Tally): Promise<void> {
  const life = await begin(texts)
  for (let said = 0; said < count; ) {
    if (!life.eve.isOpen) await hello(life, life.eve, hostile)
    for (let group = texts.chance.int(1, 8); group > 0; group--, said++) await attack(life, tally)
    endGroup(tally)
    life.now += texts.chance.pick([1, 1, 10, 1_000])
    if (said % 64 < 8) await check(life)
  }
  await check(life)
  await compare(life)
  await life.server.hub.stop('going-away')
  tally.lives += 1
}

async function begin(texts: Texts): Promise<Life> {
  const wrong: string[] = []
  const server = serverDoor({ now: () => life.now, name: 's' })
  const ear = (): Ear => ({ frames: [], line: { say() {}, gone() {} }, isOpen: false })
  const life: Life = { texts, server, wrong, ann: ear(), eve: ear(), now: 1_000_000, links: 0, pings: 0, sent: 0 }
  for (const conversation of shared) await server.hub.put({ tenant, conversation, members: [{ user: honest }, { user: hostile }] })
  await server.hub.put({ tenant, conversation: secret, members: [{ user: honest }, { user: 'bob' }], profile: { name: 'hush' } })
  await server.hub.post({ tenant, conversation: secret, id: 'p', author: 'bob', content: 'hush' })
  await hello(life, life.ann, honest)
  for (const conversation of [...shared, secret]) say(life, life.ann, { type: 'open', request: 1, conversation })
  say(life, life.ann, { type: 'inbox', request: 2 })
  await quiet()
  return life
}

async function hello(life: Life, ear: Ear, user: string): Promise<void> {
  const { texts, server, wrong } = life
  ear.isOpen = true
  ear.line = server.dial({
    text(text) {
      const decoded = decodeServerFrames(text)
      if (!decoded.ok) return void wrong.push(`${user} was told what no client can read: ${decoded.reason}: ${text.slice(0, 500)}`)
      if (user === hostile && text.includes('hush')) wrong.push(`${user} was told of ${secret}: ${text.slice(0, 500)}`)
      ear.frames.push(...decoded.frames)
      if (user === hostile) for (const frame of decoded.frames.slice(0, 8)) texts.words.learn(frame)
    },
    closed() {
      ear.isOpen = false
    },
  })
  const said: ClientFrame = { type: 'hello', version: 1, user, device: user, lane: user, link: ++life.links, token: user }
  // Now and then even the first text is hostile.
  const text = user === hostile && texts.chance.hit(0.1) ? texts.like(said) : encodeFrames([said])
  ear.line.say(text)
  await quiet()
  if (user === hostile && texts.chance.hit(0.7))
    for (const conversation of shared) say(life, ear, { type: 'open', request: 1, conversation })
}

function say({ texts }: Life, ear: Ear, frame: ClientFrame): void {
  texts.words.learn(frame)
  ear.line.say(encodeFrames([frame]))
}

async function attack(life: Life, tally: Tally): Promise<void> {
  const { texts, eve } = life
  const { chance } = texts
  const text = texts.next()
  tally.texts += 1
  const frames = clientVerdict(text)
  if (frames) {
    tally.accepted += 1
    tally.frames += frames.length
  }
  // What cannot be read, and a second `hello`, ends the link: that is seen often enough.
  const ends = !frames || frames.some(({ type }) => type === 'hello')
  if (ends && chance.hit(0.95)) return
  await timed(tally, text, () => eve.line.say(text))
}

/** The honest one is answered, and heard in order. */
async function check(life: Life): Promise<void> {
  const { ann, eve, server, wrong, texts } = life
  const n = ++life.pings
  const conversation = texts.chance.pick(shared)
  const localId = `ann${n}`
  say(life, ann, { type: 'ping', n })
  say(life, ann, { type: 'operation', conversation, localId, try: 1, operation: { kind: 'send', content: n } })
  await quiet()
  const heard = ann.frames
  if (!ann.isOpen) wrong.push('the honest link was closed')
  if (!heard.some((frame) => frame.type === 'pong' && frame.n === n)) wrong.push(`the honest ping ${n} has no answer`)
  if (!heard.some((frame) => frame.type === 'ack' && frame.localId === localId && frame.seq))
    wrong.push(`the honest ${localId} has no answer`)
  if (!heard.some((frame) => frame.type === 'change' && frame.change.kind === 'message' && frame.change.message.localId === localId))
    wrong.push(`the honest ${localId} is not told`)
  life.sent += 1
  if (eve.frames.length > (texts.said + 100) * mostSaid)
    wrong.push(`${eve.frames.length} frames were said to a client that said ${texts.said}`)
  ann.frames.length = 0
  wrong.push(...server.wrong)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

/** What is stored: places and indexes dense, every local id once, content as it was, and nothing where eve may not write. */
async function compare(life: Life): Promise<void> {
  const { server } = life
  for (const conversation of [...shared, secret]) {
    const rows = await allRows(server, conversation)
    const ids = new Set<string>()
    rows.forEach((row, i) => {
      if (row.index !== i || row.seq > row.rev) throw new Error(`${conversation} has ${JSON.stringify(row)} as number ${i}`)
      const name = `${row.author} ${row.localId}`
      if (row.localId !== undefined && ids.has(name)) throw new Error(`${name} took effect twice in ${conversation}`)
      ids.add(name)
      if (row.author !== honest && row.author !== (conversation === secret ? 'bob' : hostile))
        throw new Error(`${row.author} wrote to ${conversation}`)
      if (isFields(row.content) && Object.getPrototypeOf(row.content) !== Object.prototype)
        throw new Error('content with another prototype')
    })
    if (conversation === secret && rows.length !== 1) throw new Error(`${secret} has ${rows.length} messages`)
  }
}

async function allRows({ store }: ServerDoor, conversation: string) {
  const rows = []
  for (let after = 0; ; ) {
    const page = await store.page({ tenant, conversation, user: honest, anchor: { after }, limit: limits.pageRows })
    if (!page || page.rows.length === 0) return rows
    rows.push(...page.rows)
    after = page.to
  }
}
