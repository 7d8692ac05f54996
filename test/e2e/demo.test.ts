/**
 * A1: the demo as `npm start` serves it, two users on one page, its server killed five times; both snapshots against SQLite (L1–L5); and the ways
 * it connects.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { type Browser, chromium } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Chat } from '../../src/client/api.js'
import { chance } from './chance.js'
import { chromiumArgs, findChromium } from '../chromium.mjs'
import { type Program, program } from './program.js'

declare global {
  interface Window {
    chats: { readonly ana: Chat; readonly ben: Chat; readonly cleo?: Chat }
    /** Every message that any snapshot has shown, by user and `seq`. */
    seen: Record<string, Seen>
    /** How many snapshots showed a message twice. */
    doubled: Record<string, number>
  }
}
type Seen = Map<number, { seq: number; author: string; text: string }>

const sends = 200
const kills = 5
const folder = mkdtempSync(join(tmpdir(), 'chatloom-demo-'))
let demo: Program
let browser: Browser

beforeAll(async () => {
  demo = await program(['examples/demo/start.mjs'], { DATA_DIR: folder })
  await demo.start()
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs })
})
afterAll(async () => {
  await browser?.close()
  await demo?.kill()
  rmSync(folder, { recursive: true, force: true })
})

it('loses, doubles and disorders nothing of 200 sends each way over five kill -9 of its server', async () => {
  const page = await browser.newPage()
  await page.goto(`http://localhost:${demo.port}/`)
  await page.waitForFunction(() => window.chats.ana.session.get().phase === 'online' && window.chats.ben.session.get().phase === 'online')
  await page.evaluate(() => {
    window.seen = {}
    window.doubled = {}
    for (const [name, chat] of Object.entries(window.chats)) {
      const seen: Seen = new Map()
      window.seen[name] = seen
      window.doubled[name] = 0
      chat.conversation('launch').timeline.subscribe(({ messages }) => {
        if (new Set(messages.map(({ key }) => key)).size !== messages.length) window.doubled[name] = (window.doubled[name] ?? 0) + 1
        for (const { seq, author, content } of messages) {
          if (seq !== undefined) seen.set(seq, { seq, author, text: (content as { text: string }).text })
        }
      })
    }
  })
  await page.evaluate((count) => {
    let n = 0
    const beat = setInterval(() => {
      for (let burst = 0; burst < 2 && n < count; burst++) {
        n += 1
        window.chats.ana.conversation('launch').send({ text: `ana ${n}` })
        window.chats.ben.conversation('launch').send({ text: `ben ${n}` })
      }
      if (n >= count) clearInterval(beat)
    }, 40)
  }, sends)
  const roll = chance()
  for (let i = 0; i < kills; i++) {
    // A drawn moment of the work, not of the clock: so many messages have been seen by ana.
    const moment = Math.floor(((i + roll()) / kills) * 0.9 * 2 * sends)
    await page.waitForFunction((count) => (window.seen.ana as Seen).size >= count, moment)
    await demo.kill()
    await demo.start()
  }
  await page.waitForFunction(
    () =>
      Object.values(window.chats).every(
        (chat) => chat.outbox.get().length === 0 && chat.conversation('launch').timeline.get().state === 'ready',
      ),
    undefined,
    { timeout: 90_000 },
  )
  const stored = storedRows()
  for (const name of ['ana', 'ben']) {
    const mine = stored.filter(({ author, text }) => author === name && text.startsWith(`${name} `)).map(({ text }) => text)
    expect(mine).toEqual(Array.from({ length: sends }, (_, i) => `${name} ${i + 1}`))
  }
  const newest = stored.at(-1)?.seq as number
  await page.waitForFunction(
    (seq) => Object.values(window.chats).every((chat) => chat.conversation('launch').timeline.get().messages.at(-1)?.seq === seq),
    newest,
  )
  for (const user of ['ana', 'ben'] as const) {
    expect(await page.evaluate((name) => [...(window.seen[name] as Seen).values()].sort((a, b) => a.seq - b.seq), user)).toEqual(stored)
    expect(await page.evaluate((name) => window.doubled[name], user)).toBe(0)
  }
})

it('goes the way that is wanted, falls back when sockets are blocked, and shares one link among the tabs of a user', async () => {
  const context = await browser.newContext()
  const first = await context.newPage()
  await first.goto(`http://localhost:${demo.port}/?user=cleo`)
  const goes = (way: string) => first.locator('.tab code', { hasText: new RegExp(`^${way}$`) }).waitFor()
  await goes('websocket')
  await first.getByLabel('Sockets').selectOption('refused')
  await goes('sse')
  await first.getByRole('button', { name: 'Heal' }).click()
  await goes('websocket')
  await first.getByRole('button', { name: 'SSE', exact: true }).click()
  await goes('sse')
  await first.getByRole('button', { name: 'Kill connection' }).click()
  await first.waitForFunction(() => window.chats.cleo?.session.get().phase === 'waiting')
  await goes('sse')

  const opening = context.waitForEvent('page')
  await first.getByRole('link', { name: 'Another tab of Cleo' }).click()
  const second = await opening
  const said = (text: RegExp) => second.locator('.ways', { hasText: text }).waitFor()
  await said(/Tab 2\s*shares a link/)
  await second.waitForFunction(() => window.chats.cleo?.session.get().phase === 'online')
  await said(/Server: 1 link \(SSE of tab 1\)/)
  await second.evaluate(() => window.chats.cleo?.conversation('logbook').send({ text: 'From the second tab' }))
  await first.locator('.message', { hasText: 'From the second tab' }).waitFor()
  await first.close()
  await said(/Tab 2\s*holds the link/)
  await said(/1 link \(SSE of tab 2\)/)
  await context.close()
})

function storedRows() {
  const database = new DatabaseSync(join(folder, 'demo.sqlite'), { readOnly: true })
  const rows = database
    .prepare('SELECT m.seq, m.author, m.content FROM messages m JOIN conversations c ON c.cid = m.cid WHERE c.id = ? ORDER BY m.seq')
    .all('launch') as { seq: number; author: string; content: string }[]
  database.close()
  return rows.map(({ seq, author, content }) => ({ seq, author, text: (JSON.parse(content) as { text: string }).text }))
}
