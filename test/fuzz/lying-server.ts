/** A client whose server lies: between true frames come others that the guards let pass. Then the lies end, and what is shown must be true. */
import { composeChat } from '../../src/client/create-chat.js'
import type { Chat, View } from '../../src/client/api.js'
import { isChatError } from '../../src/ports/errors.js'
import type { ChatState } from '../../src/core/state.js'
import type { LinkEvents, Transport } from '../../src/ports/transport.js'
import type { ServerFrame } from '../../src/protocol/frames.js'
import { memoryStorage } from '../../src/storage/memory/index.js'
import { virtualClock } from '../../src/testing/virtual-clock.js'
import { fitted } from './fitted.js'
import { serverDoor, type ServerDoor } from '../fakes/server-door.js'
import { endGroup, quiet, type Tally, timed } from './tally.js'
import type { Texts } from './texts.js'
import { serverVerdict } from './verdicts.js'

const user = 'me'
const rooms = ['c', 'd'] as const
/** Timers of one second; more is a wake for nothing. */
const mostWakes = 200
/** Frames that a client may say for each thing that happens to it. */
const mostSaid = 30

export async function lyingLife(texts: Texts, lies: number, tally: Tally): Promise<void> {
  const life = await begin(texts, tally)
  const { chance } = texts
  for (let said = 0; said < lies; ) {
    if (chance.hit(0.25)) {
      await act(life)
      endGroup(tally)
    }
    for (let group = chance.int(1, 8); group > 0; group--) {
      said += 1
      await lie(life, tally)
    }
    endGroup(tally)
    check(life)
  }
  await recover(life, tally)
  tally.lives += 1
}

interface Life {
  readonly texts: Texts
  readonly clock: ReturnType<typeof virtualClock>
  readonly storage: ReturnType<typeof memoryStorage>
  chat: Chat
  state: () => ChatState
  server: ServerDoor
  /** Of the present link. */
  ears: LinkEvents | undefined
  readonly heard: object[]
  readonly sent: Set<string>
  /** Of the present server. */
  cursors: Set<string | undefined>
  readonly wrong: string[]
  happened: number
  said: number
  lying: boolean
}

async function begin(texts: Texts, tally: Tally): Promise<Life> {
  const clock = virtualClock({ seed: texts.chance.int(1, 2 ** 31) })
  const life: Life = {
    texts,
    clock,
    storage: memoryStorage(),
    chat: undefined as unknown as Chat,
    state: undefined as unknown as () => ChatState,
    server: await truth(clock, 'a', much(texts)),
    ears: undefined,
    heard: [],
    sent: new Set(),
    cursors: new Set(),
    wrong: [],
    happened: 100,
    said: 0,
    lying: true,
  }
  await open(life, tally)
  return life
}

/** Seldom more than a page. */
const much = ({ chance }: Texts) => (chance.hit(0.2) ? chance.int(60, 130) : chance.int(0, 20))

/** A server with two conversations of so many messages. */
async function truth(clock: Life['clock'], name: string, messages: number): Promise<ServerDoor> {
  const door = serverDoor({ now: clock.wall, name })
  for (const conversation of rooms) {
    await door.hub.put({ tenant: '', conversation, members: [{ user, profile: { name } }, { user: 'ann' }], profile: { name } })
    const posts = Array.from({ length: messages }, (_, i) => ({
      tenant: '',
      conversation,
      id: `${name}p${i}`,
      author: i % 3 ? 'ann' : user,
      content: i,
    }))
    await Promise.all(posts.map((post) => door.hub.post(post)))
  }
  return door
}

async function open(life: Life, tally: Tally): Promise<void> {
  const { clock, storage } = life
  const lanes = { claim: async (_: string, had?: () => void) => had?.(), release() {} }
  const inspect = (state: () => ChatState) => {
    life.state = state
  }
  const chat = composeChat({ user, transport: through(life, tally), clock, storage, lanes, inspect })
  chat.on('fault', (fault) => life.wrong.push(`fault: ${fault.stack} ${(fault.cause as Error)?.stack}`))
  life.chat = chat
  for (const room of rooms)
    for (const shown of ['timeline', 'details', 'typing'] as const) chat.conversation(room)[shown].subscribe(() => {})
  chat.inbox.subscribe(() => {})
  chat.outbox.subscribe(() => {})
  chat.connect()
  await pass(life, 1_000)
}

function through(life: Life, tally: Tally): Transport {
  const { texts } = life
  const down = (text: string) => {
    const said = JSON.parse(text) as ServerFrame | readonly ServerFrame[]
    for (const frame of [said].flat() as readonly ServerFrame[]) {
      if (frame.type === 'inbox') life.cursors.add(frame.next)
      if (!life.lying) continue
      texts.words.learn(frame)
      life.heard.push(frame)
    }
    life.heard.splice(0, life.heard.length - 30)
    return life.lying && texts.chance.hit(0.15) ? instead(life, text, tally) : text
  }
  return {
    name: 'lying',
    open(to) {
      life.ears = to
      const link = life.server.transport(user, down).open(to)
      return {
        send(frame) {
          life.said += 1
          texts.words.learn(frame)
          // A cursor of another server is unknown, which is answered like none (§9.1).
          link.send(frame.type === 'inbox' && !life.cursors.has(frame.cursor) ? { ...frame, cursor: undefined } : frame)
        },
        close: () => link.close(),
      }
    },
  }
}

/** A lie in the place of a true frame: the client waits for it, under this request. */
function instead({ texts, state }: Life, text: string, tally: Tally): string {
  const { chance } = texts
  const lied = chance.hit(0.5) ? texts.like(JSON.parse(text) as object) : texts.written(fitted(texts.right(), state(), chance))
  const frames = serverVerdict(lied)
  tally.texts += 1
  if (frames) count(tally, frames)
  return frames ? lied : text
}

function count(tally: Tally, frames: readonly ServerFrame[]): void {
  tally.accepted += 1
  tally.frames += frames.length
}

async function lie(life: Life, tally: Tally): Promise<void> {
  const { texts, heard } = life
  const { chance } = texts
  const how = chance.int(0, 9)
  const text =
    how < 3 && heard.length > 0
      ? texts.like(chance.pick(heard))
      : how < 6
        ? texts.written(fitted(texts.right(), life.state(), chance))
        : texts.next()
  tally.texts += 1
  life.happened += 1
  const frames = serverVerdict(text)
  if (!frames) return
  count(tally, frames)
  // These end the link or the conversation, and the rest would meet nobody.
  const ends = frames.some(({ type }) => type === 'refused' || type === 'drain' || type === 'left')
  if (ends && chance.hit(0.95)) return
  await timed(tally, text, () => {
    for (const frame of frames) life.ears?.frame(frame)
  })
}

/** What an application and its user do meanwhile. */
async function act(life: Life): Promise<void> {
  const { chat, texts, server } = life
  const { chance } = texts
  const talk = chat.conversation(chance.pick([...rooms, ...rooms, 'e']))
  const entry = chance.pick(chat.outbox.get().length > 0 ? chat.outbox.get() : [undefined])
  const far = { limit: chance.int(1, 100) }
  // None of them is waited for: the answer may be a lie.
  const does: (() => unknown)[] = [
    () => life.sent.add(talk.send({ text: chance.int(0, 99) })),
    () => life.sent.add(talk.send(chance.int(0, 99))),
    () => void talk.loadOlder(far).catch((error) => expected(life, error)),
    () => void talk.loadNewer(far).catch((error) => expected(life, error)),
    () => void talk.jumpTo(chance.int(0, 140)).catch((error) => expected(life, error)),
    () => void talk.jumpToLatest().catch((error) => expected(life, error)),
    () => talk.markRead(),
    () => talk.markUnread(chance.int(0, 100)),
    () => talk.setTyping(chance.hit(0.7)),
    () => entry && chat.conversation(entry.conversation).retry(entry.localId),
    () => entry && chat.conversation(entry.conversation).discard(entry.localId),
    () => void server.hub.post({ tenant: '', conversation: chance.pick(rooms), id: `p${life.happened}`, author: 'ann', content: 'new' }),
    () => chance.hit(0.2) && life.ears?.closed({ band: 'retry', code: 'network' }),
    () => pass(life, chance.pick([10, 500, 3_000, 16_000])),
    () => chat.session.get().phase === 'refused' && chat.connect(),
  ]
  life.happened += 10
  try {
    await chance.pick(does)()
  } catch (error) {
    expected(life, error)
  }
  if (chat.session.get().phase === 'waiting' && chance.hit(0.5)) await pass(life, 40_000)
  if (chat.session.get().phase === 'refused' && chance.hit(0.5)) chat.connect()
}

/** A call may be refused, in words of its own. */
function expected({ wrong }: Life, error: unknown): void {
  if (!isChatError(error) || error.code === 'fault') wrong.push(`thrown: ${(error as Error)?.stack ?? error}`)
}

/** Lets time pass timer by timer, and counts them. */
async function pass(life: Life, ms: number): Promise<void> {
  let isOver = false
  life.clock.timer(life.clock.now() + ms, () => {
    isOver = true
  })
  for (let wakes = 0; !isOver; wakes++) {
    if (wakes > mostWakes * Math.max(1, ms / 1_000)) throw new Error(`${wakes} timers ran within ${ms} ms: something wakes for nothing`)
    life.clock.runNext()
    life.happened += 1
    await quiet()
  }
}

/** Whatever was said, what is shown makes sense. */
function check(life: Life): void {
  const { chat, wrong, said, happened, server } = life
  if (chat.session.get().phase === 'faulted') wrong.push('the session is faulted')
  if (said > happened * mostSaid) wrong.push(`${said} frames were said for ${happened} events`)
  for (const room of rooms) wrong.push(...nonsense(room, chat.conversation(room).timeline.get()))
  JSON.stringify([chat.inbox.get(), chat.outbox.get(), chat.session.get(), rooms.map((room) => chat.conversation(room).details.get())])
  wrong.push(...server.wrong)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

function nonsense(room: string, { messages, gaps }: View): string[] {
  const found: string[] = []
  let last = 0
  for (const { seq } of messages) {
    if (seq === undefined) continue
    if (seq <= last) found.push(`${room} shows ${seq} behind ${last}`)
    last = seq
  }
  // That two places of its log hold one message is the server's word; here nothing is made two of.
  const shown = new Map(messages.map((message) => [message.key, message]))
  for (const message of messages) {
    const other = shown.get(message.key)
    if (other !== message && (!other?.seq || !message.seq)) found.push(`${room} shows ${message.key} twice`)
  }
  for (const { from, to } of gaps) if (!(from <= to + 1)) found.push(`${room} has a gap from ${from} to ${to}`)
  return found
}

/** Another server, which tells the truth, under epochs of its own. */
async function recover(life: Life, tally: Tally): Promise<void> {
  const { texts, clock, sent } = life
  life.lying = false
  life.cursors = new Set()
  life.server = await truth(clock, 'b', much(texts))
  if (texts.chance.hit(0.5)) {
    await life.chat.close()
    await open(life, tally)
  } else life.ears?.closed({ band: 'retry', code: 'network' })
  // As long as a server may ask a client to stay away.
  for (let hours = 0; life.chat.session.get().phase !== 'online' && hours < 3; hours++) {
    if (life.chat.session.get().phase === 'refused') life.chat.connect()
    await pass(life, 3_640_000)
  }
  await pass(life, 200_000)
  for (const room of rooms) await life.chat.conversation(room).jumpToLatest()
  check(life)
  for (const room of rooms) sent.add(life.chat.conversation(room).send('after'))
  await pass(life, 5_000)
  for (const room of rooms) await compare(life, room)
  await life.chat.close()
  await open(life, tally)
  await pass(life, 5_000)
  for (const room of rooms) await compare(life, room)
  check(life)
  await life.chat.close()
  await life.server.hub.stop('going-away')
}

/** What is shown against what the server has. */
async function compare(life: Life, room: string): Promise<void> {
  const { chat, server, wrong } = life
  const rows = (await server.store.page({ tenant: '', conversation: room, user, anchor: { before: 2 ** 50 }, limit: 100 }))?.rows ?? []
  const view = chat.conversation(room).timeline.get()
  const shown = view.messages.filter(({ status }) => status !== 'failed')
  const tail = (ids: readonly (string | undefined)[]) => ids.slice(-Math.min(rows.length, shown.length)).join()
  const isAll = shown.length >= Math.min(rows.length, 50) && tail(shown.map(({ id }) => id)) === tail(rows.map(({ id }) => id))
  if (view.state !== 'ready' || !isAll)
    wrong.push(
      `${room} is ${view.state}, session ${JSON.stringify(chat.session.get())}, and shows ${shown.map(({ id, localId, status }) => id ?? `${localId} ${status}`)} where the server has ${rows.map(({ id }) => id)}`,
    )
  const own = rows.flatMap(({ localId }) => localId ?? [])
  if (new Set(own).size < own.length) wrong.push(`${room} holds an own message twice`)
  const item = chat.inbox.get().items.find(({ conversation }) => conversation === room)
  if (item?.last?.id !== rows.at(-1)?.id)
    wrong.push(`the inbox shows ${item?.last?.id ?? item?.last?.status} of ${room}, not ${rows.at(-1)?.id}`)
}
