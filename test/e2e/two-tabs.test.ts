/** A11: two tabs of one user on one disk that know nothing of each other, and the end of that user (L2, L5, L8, L10). */
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chance } from './chance.js'
import type { Shown } from './page.js'
import { type Stage, setStage } from './stage.js'
import { holes, stored } from './stored.js'

const sends = 500
let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

const asAna = { user: 'ana', conversation: 'c1' }
const settled = (page: Page) =>
  page.waitForFunction(() => window.loom.chat().outbox.get().length === 0 && window.loom.view().state === 'ready', undefined, {
    timeout: 60_000,
  })

/** Sends numbered messages in bursts; between bursts the tab is reloaded at random. */
async function sendWithReloads(page: Page, name: string, user: string, roll: () => number) {
  const options = { user, conversation: 'c1' }
  for (let n = 0; n < sends; ) {
    const burst = Math.min(sends - n, 1 + Math.floor(roll() * 60))
    await page.evaluate(
      async ([prefix, from, count]) => {
        for (let i = 1; i <= count; i++) window.loom.send(`${prefix} ${from + i}`)
        const isSafe = () =>
          window.loom
            .chat()
            .outbox.get()
            .every(({ status }) => status !== 'saving')
        if (!isSafe()) await new Promise<void>((done) => window.loom.chat().outbox.subscribe(() => isSafe() && done()))
      },
      [name, n, burst] as const,
    )
    n += burst
    if (roll() < 0.3) await stage.reload(page, options)
  }
}

describe('two tabs without coordination', () => {
  it('loses and doubles nothing of 500 messages each way, and stores no hole', async () => {
    const browser = await stage.browser('ana')
    const tabs = [await stage.page(browser, asAna), await stage.page(browser, asAna)] as const
    const ben = await stage.page(await stage.browser('ben'), { user: 'ben', conversation: 'c1' })
    const roll = chance()
    await Promise.all([
      sendWithReloads(tabs[0], 'one', 'ana', roll),
      sendWithReloads(tabs[1], 'two', 'ana', roll),
      sendWithReloads(ben, 'ben', 'ben', roll),
    ])
    for (const page of [...tabs, ben]) await settled(page)
    // A page with nothing to send may still wait for the others' last messages.
    const heads = await Promise.all([...tabs, ben].map((page) => page.evaluate(() => window.loom.view().messages.at(-1)?.seq ?? 0)))
    const views: Shown[][] = []
    for (const page of [...tabs, ben]) {
      await page.waitForFunction((head) => (window.loom.view().messages.at(-1)?.seq ?? 0) >= head, Math.max(...heads))
      views.push(await page.evaluate(() => window.loom.all()))
      expect(await page.evaluate(() => window.loom.doubled.length)).toBe(0)
    }
    const contents = views.map((messages) => messages.map(({ content }) => content))
    expect(contents[0]).toHaveLength(3 * sends)
    expect(contents[1]).toEqual(contents[0])
    expect(contents[2]).toEqual(contents[0])
    for (const name of ['one', 'two', 'ben']) {
      const mine = (contents[0] as string[]).filter((content) => content.startsWith(`${name} `))
      expect(new Set(mine).size).toBe(sends)
    }
    const log = await stored(tabs[0], 'ana', 'c1')
    expect(holes(log)).toEqual([])
    expect(log.messages).not.toEqual([])
  })

  it.each(['the one opened last', 'the one opened first'])(
    'sends what %s had not sent when it was killed, once and in order',
    async (who) => {
      const user = who.endsWith('last') ? 'dora' : 'emil'
      const browser = await stage.browser(user)
      const options = { user, conversation: `of ${user}` }
      const tabs = [await stage.page(browser, options), await stage.page(browser, options)]
      for (const page of tabs) await settled(page)
      const [heir, victim] = (who.endsWith('last') ? tabs : tabs.toReversed()) as [Page, Page]
      await stage.proxy.cut()
      const said = await victim.evaluate(async () => {
        const texts = ['one', 'two', 'three']
        for (const text of texts) window.loom.send(text)
        await window.loom.until(window.loom.chat().outbox, (entries) => entries.length === 3 && entries.every(({ durable }) => durable))
        return texts
      })
      const crash = victim.waitForEvent('crash')
      const devtools = await browser.newCDPSession(victim)
      devtools.send('Page.crash').catch(() => {})
      await crash
      await heir.evaluate(() => window.loom.until(window.loom.chat().outbox, (entries) => entries.length === 3))
      await stage.proxy.mend()
      await heir.evaluate(() => window.dispatchEvent(new Event('online')))
      await settled(heir)
      expect(await heir.evaluate(async () => (await window.loom.all()).map(({ content, status }) => [content, status]))).toEqual(
        said.map((content) => [content, 'sent']),
      )
    },
  )

  it('leaves nothing readable in either tab after a logout, and gives the unsent back', async () => {
    const browser = await stage.browser('cleo')
    const asCleo = { user: 'cleo', conversation: 'c9' }
    const [here, there] = [await stage.page(browser, asCleo), await stage.page(browser, asCleo)]
    for (const page of [here, there]) await settled(page)
    await here.evaluate(async () => {
      for (let n = 1; n <= 90; n++) window.loom.send(`canary ${n}`)
    })
    await settled(here)
    await stage.proxy.cut()
    for (const [page, from] of [
      [here, 90],
      [there, 95],
    ] as const) {
      await page.evaluate((start) => {
        for (let n = 1; n <= 5; n++) window.loom.send(`canary ${start + n}`)
      }, from)
      await page.waitForFunction(
        () =>
          window.loom
            .chat()
            .outbox.get()
            .filter(({ status }) => status === 'queued').length === 5,
      )
    }
    const unsent = await here.evaluate(async () => (await window.loom.chat().logout()).unsent.map(({ content }) => content))
    expect(unsent.sort()).toEqual([100, 91, 92, 93, 94, 95, 96, 97, 98, 99].map((n) => `canary ${n}`).sort())
    await there.waitForFunction(() => window.loom.chat().session.get().phase === 'closed')
    await stage.proxy.mend()
    for (const page of [here, there]) {
      expect(
        await page.evaluate(() => JSON.stringify([window.loom.view(), window.loom.chat().outbox.get(), window.loom.chat().inbox.get()])),
      ).not.toContain('canary')
      expect(await readEverything(page)).not.toContain('canary')
    }
  })
})

/** Every value of every database of this origin, as text. */
const readEverything = (page: Page) =>
  page.evaluate(async () => {
    let text = ''
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const open = indexedDB.open(name as string)
        open.onsuccess = () => resolve(open.result)
      })
      for (const store of database.objectStoreNames) {
        text += JSON.stringify(
          await new Promise((resolve) => {
            const all = database.transaction(store).objectStore(store).getAll()
            all.onsuccess = () => resolve(all.result)
          }),
        )
      }
      database.close()
    }
    return text
  })
