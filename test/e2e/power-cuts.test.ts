/** A1: 200 numbered sends each way while the server is killed five times; both pages against the rows of SQLite (L1–L5). */
import { DatabaseSync } from '@photostructure/sqlite'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chance } from './chance.js'
import type { Shown } from './page.js'
import { type Stage, setStage } from './stage.js'

const sends = 200
const kills = 5
let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

/** Sends numbered messages, a few per tick of the page, without waiting for any. */
const sendAll = (page: Page, prefix: string) =>
  page.evaluate(
    ([name, count]) =>
      new Promise<void>((done) => {
        let n = 0
        const beat = setInterval(() => {
          for (let burst = 0; burst < 2 && n < count; burst++) window.loom.send(`${name} ${++n}`)
          if (n < count) return
          clearInterval(beat)
          done()
        }, 50)
      }),
    [prefix, sends] as const,
  )
const settled = (page: Page) =>
  page.waitForFunction(() => window.loom.chat().outbox.get().length === 0 && window.loom.view().state === 'ready', undefined, {
    timeout: 90_000,
  })

it('loses, doubles and disorders nothing over kill -9 of the server', async () => {
  const ana = await stage.page(await stage.browser('ana'), { user: 'ana', conversation: 'c1' })
  const ben = await stage.page(await stage.browser('ben'), { user: 'ben', conversation: 'c1' })
  const roll = chance()
  const sending = Promise.all([sendAll(ana, 'ana'), sendAll(ben, 'ben')])
  for (let i = 0; i < kills; i++) {
    // A drawn moment of the work, not of the clock: so many messages stand in ana's log.
    const moment = Math.floor(((i + roll()) / kills) * 0.9 * 2 * sends)
    await ana.waitForFunction((count) => window.loom.view().messages.filter(({ seq }) => seq !== undefined).length >= count, moment)
    await stage.server.kill()
    await stage.server.start()
  }
  await sending
  await Promise.all([settled(ana), settled(ben)])
  const rows = storedRows()
  for (const page of [ana, ben]) await page.waitForFunction((seq) => window.loom.view().messages.at(-1)?.seq === seq, rows.at(-1)?.seq)

  expect(rows.map(({ index }) => index)).toEqual(rows.map((_, i) => i))
  for (const name of ['ana', 'ben']) {
    const mine = rows.filter(({ author }) => author === name).map(({ content }) => content)
    expect(mine).toEqual(Array.from({ length: sends }, (_, i) => `${name} ${i + 1}`))
  }
  const asStored = rows.map(({ seq, author, content }) => [seq, author, content])
  const asShown = (messages: Shown[]) => messages.map(({ seq, author, content }) => [seq, author, content])
  for (const page of [ana, ben]) {
    expect(asShown(await page.evaluate(() => window.loom.all()))).toEqual(asStored)
    expect(await page.evaluate(() => window.loom.doubled.length)).toBe(0)
  }
})

interface Stored {
  readonly seq: number
  readonly idx: number
  readonly author: string
  readonly content: string
}

function storedRows() {
  const database = new DatabaseSync(stage.server.database, { readOnly: true })
  const rows = database.prepare('SELECT seq, idx, author, content FROM messages ORDER BY seq').all() as Stored[]
  database.close()
  return rows.map(({ seq, idx, author, content }) => ({ seq, index: idx, author, content: JSON.parse(content) as string }))
}
