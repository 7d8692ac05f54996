/**
 * Shipped chats over real sockets, many of them in one process, each watched at every instant:
 *   node fleet.mjs <port> <first user> <users> <members of a room> <how many times faster their clock goes>
 * Tokens: of ten users one comes back with a token that has ended, and two have tokens that last 20 to 40 s.
 */
import { WebSocket } from 'ws'
import { type Chat, createChat } from '../../src/index.js'
import { seeded } from '../../src/testing/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { hurriedClock } from '../faults/hurried-clock.js'
import { flawOf, type Numbered } from '../faults/people.js'
import { answering } from './answering.js'

const [port = 0, first = 0, users = 0, perRoom = 1, times = 1] = process.argv.slice(2).map(Number)
const random = seeded(first + 1)

interface Member {
  readonly user: string
  readonly chat: Chat<Numbered>
  readonly talk: ReturnType<Chat<Numbered>['conversation']>
  /** Epoch ms of the first time online since the last `mark`. */
  backAt: number
}

const flaws: string[] = []
let said = 0
let wake = () => {}

/** Whose next token is one that has ended. */
const haveEnded = new Set<string>()

/** Asked at every open. */
function tokensOf(user: string, kind: number): () => string {
  // However fast the clock goes, a token lasts longer than a busy machine takes to look at it.
  const lastsMs = kind < 2 ? 3_000 + (17_000 + random() * 20_000) / times : 3_600_000
  const mint = () => JSON.stringify({ userId: user, expiresAt: Date.now() + lastsMs })
  if (kind !== 2) return mint
  const ended = JSON.stringify({ userId: user, expiresAt: 1 })
  return () => (haveEnded.delete(user) ? ended : mint())
}

function member(n: number): Member {
  const user = `u${n}`
  const url = `ws://127.0.0.1:${port}`
  const transport = webSocketTransport({ url, token: tokensOf(user, n % 10), WebSocket })
  const chat = createChat<Numbered>({ user, transport, clock: hurriedClock(times, n + 1) })
  const talk = chat.conversation(`r${Math.floor(n / perRoom)}`)
  const made: Member = { user, chat, talk, backAt: 0 }
  const fail = (what: string) => flaws.length < 20 && flaws.push(`${user}: ${what}`)
  talk.timeline.subscribe((view) => {
    const flaw = flawOf(view)
    if (flaw) fail(flaw)
    wake()
  })
  chat.outbox.subscribe(() => wake())
  chat.session.subscribe(({ phase }) => {
    if (phase === 'online' && made.backAt === 0) made.backAt = Date.now()
    if (phase === 'refused' || phase === 'faulted') fail(`the session is ${phase}`)
    wake()
  })
  chat.on('failed', ({ error }) => fail(`a message failed: ${error.message}`))
  chat.on('fault', (error) => fail(`a fault: ${error.message} ${error.cause instanceof Error ? error.cause.stack : ''}`))
  chat.on('reset', ({ why, lost }) => lost.length > 0 && fail(`messages were lost in a reset, ${why}`))
  chat.connect()
  return made
}

const members: Member[] = []
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Looked at whenever anything changed, once a turn. */
async function until(holds: (one: Member) => boolean): Promise<void> {
  let left = members
  for (;;) {
    left = left.filter((one) => !holds(one))
    if (left.length === 0 || flaws.length > 0) return
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    await turn()
  }
}

const isReady = ({ talk }: Member) => talk.timeline.get().state === 'ready'

const isWhole = ({ chat, talk }: Member) =>
  chat.outbox.get().length === 0 && talk.timeline.get().messages.filter(({ seq }) => seq !== undefined).length === said * perRoom

answering({
  /** All enter, a few at a time, and wait until they are let in. */
  async open() {
    for (let n = first; n < first + users; n += 100) {
      members.push(...Array.from({ length: Math.min(100, first + users - n) }, (_, i) => member(n + i)))
      await until(isReady)
    }
    return flaws
  },
  async say() {
    said += 1
    for (const [i, { talk }] of members.entries()) {
      talk.send({ n: said })
      if (i % 25 === 0) await turn()
    }
  },
  mark() {
    for (const one of members) one.backAt = 0
  },
  /** The tokens that some keep have ended while they were away. */
  expire() {
    for (const { user } of members) if (user.endsWith('2')) haveEnded.add(user)
  },
  /** What all members of a room have said is shown to all, and nothing waits. Answers what they show by room, and what was wrong. */
  async whole() {
    await until(isWhole)
    const shown = members.map(({ talk }) => JSON.stringify(talk.timeline.get().messages.map(({ id, seq }) => [id, seq])))
    const differ = shown.filter((text, i) => text !== shown[i - (i % perRoom)]).length
    return { flaws, differ, users: members.length, backAt: members.map(({ backAt }) => backAt) }
  },
  rss: () => process.memoryUsage().rss,
})
