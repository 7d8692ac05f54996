/** A3: sockets blocked between Chromium and the server, and let through again, under load (L1–L5). Events take a way of their own. */
import { DatabaseSync } from '@photostructure/sqlite'
import type { Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type FrameProxy, frameProxy, type TcpProxy, tcpProxy } from '../../src/testing/index.js'
import { type Stage, setStage } from './stage.js'

let stage: Stage
let texts: FrameProxy
/** Sockets go through this one first. */
let wires: TcpProxy

beforeAll(async () => {
  stage = await setStage()
  texts = await frameProxy({ target: stage.server.port })
  wires = await tcpProxy({ target: texts.port })
})
beforeEach(() => pass())
afterAll(async () => {
  await wires?.close()
  await texts?.close()
  await stage?.end()
})

const pass = () => {
  texts.set()
  return wires.set()
}

/** How a network keeps sockets out. */
const blocks = {
  'a handshake that is never answered': () => wires.set({ connect: 'hang' }),
  'a handshake that is refused': async () => texts.set({ over: 'websocket', portal: true }),
  'a socket that opens and stays silent': async () => texts.set({ over: 'websocket', drop: 1 }),
}

const over = (own: { silentMs?: number; probeMs?: number } = {}) => ({
  url: `ws://127.0.0.1:${wires.port}`,
  events: { url: `http://127.0.0.1:${texts.port}`, ...own },
})
/** Waits for the way, and tells a session that waits that the network has changed, as a browser does. */
const goes = (page: Page, way: string) =>
  page.waitForFunction((wanted) => {
    const session = window.loom.chat().session.get()
    if (session.phase === 'waiting') window.dispatchEvent(new Event('online'))
    return session.phase === 'online' && session.transport === wanted
  }, way)
const until = (page: Page, content: string) =>
  page.waitForFunction((wanted) => window.loom.view().messages.some((message) => message.content === wanted), content)

it.each(Object.entries(blocks))(
  '%s: events are tried within 2 s, and the chat works within 5 s of the opening of the page',
  async (name, block) => {
    await block()
    const conversation = `blocked ${name}`
    const context = await stage.browser(name)
    const asked: Record<'socket' | 'events', number[]> = { socket: [], events: [] }
    context.on('page', (page) => {
      page.on('websocket', () => asked.socket.push(performance.now()))
      page.on('request', (request) => request.headers().accept === 'text/event-stream' && asked.events.push(performance.now()))
    })
    const startedMs = performance.now()
    const page = await stage.page(context, { user: 'ana', conversation, ...over() })
    await page.evaluate(() => window.loom.send('hello'))
    await page.waitForFunction(() => window.loom.view().messages.some(({ status }) => status === 'sent'))
    const tookMs = performance.now() - startedMs
    const racedMs = (asked.events[0] as number) - (asked.socket[0] as number)
    console.log(`${name}: events after ${Math.round(racedMs)} ms, sent after ${Math.round(tookMs)} ms`)
    expect(await page.evaluate(() => window.loom.chat().session.get())).toMatchObject({ transport: 'sse' })
    expect(tookMs).toBeLessThan(5_000)
    // A silent socket is left 2 s after it opened, which a busy machine sees late.
    expect(racedMs).toBeLessThan(3_000)
    await context.close()
  },
)

it('loses, doubles and disorders nothing over 20 switches while both sides send', async () => {
  const conversation = 'switched'
  const [ana, ben] = [
    await stage.page(await stage.browser('ana'), { user: 'ana', conversation, ...over({ silentMs: 500, probeMs: 200 }) }),
    await stage.page(await stage.browser('ben'), { user: 'ben', conversation }),
  ]
  await Promise.all([ana, ben].map((page) => page.waitForFunction(() => window.loom.view().state === 'ready')))
  for (const page of [ana, ben]) await page.evaluate(startSending)
  const kinds = Object.values(blocks)
  for (let i = 0; i < 10; i++) {
    await kinds[i % kinds.length]?.()
    // A standing socket goes on where only handshakes are harmed.
    wires.cut()
    await goes(ana, 'sse')
    await until(ana, `ben ${await ben.evaluate(() => window.sends.count)}`)
    await pass()
    await goes(ana, 'websocket')
    await until(ben, `ana ${await ana.evaluate(() => window.sends.count)}`)
  }
  const counts = await Promise.all([ana, ben].map((page) => page.evaluate(() => window.sends.stop())))
  for (const page of [ana, ben]) {
    await goes(page, 'websocket')
    await page.waitForFunction(() => window.loom.chat().outbox.get().length === 0)
  }
  const rows = stored(conversation)
  for (const [i, user] of ['ana', 'ben'].entries()) {
    const own = rows.filter(({ author }) => author === user).map(({ content }) => content)
    expect(own).toEqual(Array.from({ length: counts[i] as number }, (_, n) => `${user} ${n + 1}`))
  }
  expect(Math.min(...counts)).toBeGreaterThan(100)
  for (const page of [ana, ben]) {
    await until(page, rows.at(-1)?.content as string)
    const shown = await page.evaluate(() => window.loom.all())
    expect(shown.map(({ seq, author, content }) => ({ seq, author, content }))).toEqual(rows)
    expect(await page.evaluate(() => window.loom.doubled)).toEqual([])
  }
})

declare global {
  interface Window {
    sends: { count: number; stop(): number }
  }
}

/** Runs in a page. */
function startSending() {
  const { user } = window.loom.chat()
  const beat = setInterval(() => window.loom.send(`${user} ${++window.sends.count}`), 25)
  window.sends = {
    count: 0,
    stop() {
      clearInterval(beat)
      return this.count
    },
  }
}

function stored(conversation: string) {
  const database = new DatabaseSync(stage.server.database, { readOnly: true })
  const rows = database
    .prepare('SELECT m.seq, m.author, m.content FROM messages m JOIN conversations c ON c.cid = m.cid WHERE c.id = ? ORDER BY m.seq')
    .all(conversation) as { seq: number; author: string; content: string }[]
  database.close()
  return rows.map((row) => ({ ...row, content: JSON.parse(row.content) as string }))
}
