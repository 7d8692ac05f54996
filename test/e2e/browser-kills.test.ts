/**
 * The browser is killed in the middle of its writes, while two talk as fast as they can. At every reopening the disk is looked at before
 * a link is opened: cursor and rows agree, and what was reported durable is there (L1, L2, L6, L8).
 *   npm run soak -- browser --kills 100
 */
import { DatabaseSync } from '@photostructure/sqlite'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Chat, createChat } from '../../src/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { chance } from './chance.js'
import type { Faults } from '../../src/core/planted.js'
import { killBrowser } from './kill-browser.js'
import type { PageOptions } from './page.js'
import { type Stage, setStage } from './stage.js'
import { holes, stored, type StoredLog } from './stored.js'

const kills = Number(process.env.KILLS ?? 12)
let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

/** ben, who says two things for each new one of the user, so that the page never waits for something to write. */
function answering(conversation: string): Chat {
  const chat = createChat({ user: 'ben', transport: webSocketTransport({ url: stage.proxy.url, token: 'ben', WebSocket }) })
  const talk = chat.conversation(conversation)
  let answered = 0
  let said = 0
  talk.timeline.subscribe(({ messages }) => {
    const newest = messages.findLast(({ mine, seq }) => !mine && seq !== undefined)?.seq ?? 0
    if (newest <= answered) return
    answered = newest
    for (let i = 0; i < 2; i++) talk.send(`ben ${++said}`)
  })
  chat.connect()
  return chat
}

interface Life {
  readonly user: string
  readonly life: number
  /** It ends when so many entries have been reported durable in it. */
  readonly after: number
  readonly faults: Faults
}

/** The page answers each view in which ben has said more, and begins. Gives what stood on the disk when it opened. */
async function talkUntilKilled({ user, life, after, faults }: Life, durable: Set<string>): Promise<StoredLog> {
  const context = await stage.browser(user)
  const died = new Promise<void>((resolve) => context.on('close', () => resolve()))
  const page = await context.newPage()
  await page.goto(stage.origin)
  const found = await stored(page, user, user)
  let marks = 0
  page.on('console', (message) => {
    const text = message.text()
    if (!text.startsWith('durable ')) return
    durable.add(text.slice('durable '.length))
    if (++marks === after) killBrowser(join(stage.folder, user))
  })
  const options: PageOptions = { user, conversation: user, url: stage.proxy.url, faults }
  await page
    .evaluate(
      async ([given, name]) => {
        await window.loom.open(given)
        let answered = 0
        let said = 0
        const answer = () => window.loom.send(`${name} ${++said}`)
        window.loom.talk().timeline.subscribe(({ messages }) => {
          const newest = messages.findLast(({ mine, seq }) => !mine && seq !== undefined)?.seq ?? 0
          if (newest <= answered) return
          answered = newest
          answer()
        })
        for (let i = 0; i < 4; i++) answer()
      },
      [options, `${user} ${life}`] as const,
    )
    .catch(() => {})
  await died
  return found
}

interface Look {
  readonly log: StoredLog
  /** What had been reported durable before. */
  readonly promised: readonly string[]
}

/** The disk before each life but the first, and after the last; then everything is sent. */
async function lives(user: string, count: number, faults: Faults): Promise<readonly Look[]> {
  const roll = chance()
  const durable = new Set<string>()
  const looks: Look[] = []
  const ben = answering(user)
  for (let life = 0; life < count; life++) {
    const promised = [...durable]
    const log = await talkUntilKilled({ user, life, after: 5 + Math.floor(roll() * 60), faults }, durable)
    if (life > 0) looks.push({ log, promised })
  }
  const page = await stage.page(await stage.browser(user), { user, conversation: user, idle: true })
  looks.push({ log: await stored(page, user, user), promised: [...durable] })
  await page.evaluate(() => {
    window.loom.chat().connect()
    return window.loom.settled(1)
  })
  await ben.close()
  return looks
}

it(`keeps what was durable, and cursor and rows together, over ${kills} kills of the browser in mid-write`, async () => {
  const looks = await lives('ana', kills, {})
  const rows = serverRows('ana')
  for (const look of looks) {
    const { log } = look
    expect(holes(log)).toEqual([])
    // All that the cursor speaks for is there, and nothing beyond it.
    const spoken = rows.filter(({ idx, seq }) => idx >= log.first && seq <= log.head)
    expect(log.messages.map(({ seq, content }) => [seq, content])).toEqual(spoken.map(({ seq, content }) => [seq, content]))
    expect(lost(look, rows)).toEqual([])
  }
  const mine = rows.filter(({ author }) => author === 'ana').map(({ content }) => content)
  const { promised = [], log } = looks.at(-1) ?? {}
  expect(new Set(mine).size).toBe(mine.length)
  expect(promised.filter((content) => !mine.includes(content))).toEqual([])
  console.info(`${kills} kills: ${promised.length} durable, ${rows.length} in the log, ${log?.messages.length} stored at the end`)
})

it('would notice a build that removes the outbox row before the message is stored', async () => {
  const looks = await lives('cleo', 5, { outboxRowFirst: true })
  const rows = serverRows('cleo')
  expect(looks.flatMap((look) => lost(look, rows))).not.toEqual([])
})

/** Reported durable, and neither in the outbox nor behind the cursor. */
function lost({ log, promised }: Look, rows: readonly ServerRow[]): readonly string[] {
  const kept = new Set([...log.waiting, ...rows.filter(({ seq }) => seq <= log.head).map(({ content }) => content)])
  return promised.filter((content) => !kept.has(content))
}

interface ServerRow {
  readonly seq: number
  readonly idx: number
  readonly author: string
  readonly content: string
}

function serverRows(conversation: string): readonly ServerRow[] {
  const database = new DatabaseSync(stage.server.database, { readOnly: true })
  const rows = database
    .prepare('SELECT seq, idx, author, content FROM messages JOIN conversations USING (cid) WHERE conversations.id = ? ORDER BY seq')
    .all(conversation) as ServerRow[]
  database.close()
  return rows.map((row) => ({ ...row, content: JSON.parse(row.content) as string }))
}
