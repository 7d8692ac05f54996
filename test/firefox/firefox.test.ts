/**
 * The main job in Firefox, through real parts: pages, IndexedDB, locks, channels, sockets, the shipped server, SQLite (L1–L6, L9, L10).
 *   npm run soak -- firefox
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PageOptions } from '../e2e/page.js'
import { type Stage, setStage } from '../e2e/stage.js'
import { type Firefox, type FirefoxPage, launchFirefox } from './bidi.js'

const kills = Number(process.env.KILLS ?? 10)
const folder = mkdtempSync(join(tmpdir(), 'chatloom-firefox-'))
const browsers: Firefox[] = []
let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(async () => {
  for (const browser of browsers) await browser.kill()
  await stage?.end()
  rmSync(folder, { recursive: true, force: true })
})

async function browser(profile: string): Promise<Firefox> {
  mkdirSync(join(folder, profile), { recursive: true })
  const launched = await launchFirefox(join(folder, profile))
  browsers.push(launched)
  return launched
}

type Options = Omit<PageOptions, 'url'>
const open = (page: FirefoxPage, options: Options) =>
  page.evaluate((given) => window.loom.open(given), { url: stage.proxy.url, ...options } as PageOptions)

async function opened(firefox: Firefox, options: Options, said?: (text: string) => void): Promise<FirefoxPage> {
  const page = await firefox.page(stage.origin, said)
  await open(page, options)
  return page
}

const has = (page: FirefoxPage, content: string, ...statuses: string[]) =>
  page.evaluate(
    ([wanted, ...are]) =>
      window.loom.until(window.loom.talk().timeline, ({ messages }) =>
        messages.some((message) => message.content === wanted && (are.length === 0 || are.includes(message.status))),
      ),
    [content, ...statuses],
  )
const contents = (page: FirefoxPage) => page.evaluate(async () => (await window.loom.all()).map(({ content }) => content))
const flaws = (page: FirefoxPage) => page.evaluate(() => [...window.loom.doubled, ...window.loom.disordered])

it('passes the storage suite', async () => {
  const { outputFiles } = await build({ entryPoints: ['test/firefox/suite-page.ts'], bundle: true, write: false, format: 'iife' })
  const page = await (await browser('suite')).page(stage.origin)
  await page.script(outputFiles[0]?.text ?? '')
  const { names, wrong } = await page.evaluate(() => window.storageCases())
  expect(wrong).toEqual([])
  expect(names.length).toBeGreaterThan(15)
})

it('sends, delivers, reads, keeps history and outbox over a reload, and sends what was queued when back', async () => {
  const firefox = await browser('two')
  const ana = await opened(firefox, { user: 'ana', conversation: 'c1' })
  const ben = await opened(firefox, { user: 'ben', conversation: 'c1' })
  // Both have joined: what is sent before concerns nobody else.
  for (const page of [ana, ben]) await page.evaluate(() => window.loom.settled(0))
  await ana.evaluate(() => void window.loom.send('hello'))
  await has(ana, 'hello', 'delivered')
  await has(ben, 'hello')
  await ben.evaluate(() => void window.loom.talk().markRead())
  await has(ana, 'hello', 'read')
  await stage.proxy.cut()
  await ana.evaluate(() => {
    for (let n = 1; n <= 100; n++) window.loom.send(`ana ${n}`)
  })
  await has(ana, 'ana 100', 'queued')
  await ana.reload()
  await open(ana, { user: 'ana', conversation: 'c1' })
  await has(ana, 'ana 100', 'queued')
  await stage.proxy.mend()
  await has(ben, 'ana 100')
  const expected = ['hello', ...Array.from({ length: 100 }, (_, i) => `ana ${i + 1}`)]
  await has(ana, 'ana 100', 'sent', 'delivered')
  for (const page of [ana, ben]) {
    expect(await contents(page)).toEqual(expected)
    expect(await flaws(page)).toEqual([])
  }
})

it('shares one link among tabs, and the next takes over when the first closes', async () => {
  const firefox = await browser('tabs')
  const options = { user: 'cleo', conversation: 'c2', shared: true }
  const tabs = [await opened(firefox, options), await opened(firefox, options), await opened(firefox, options)]
  const [first, second, third] = tabs as [FirefoxPage, FirefoxPage, FirefoxPage]
  for (const [i, tab] of tabs.entries()) await tab.evaluate((n) => void window.loom.send(`tab ${n}`), i)
  for (const tab of tabs) for (const i of tabs.keys()) await has(tab, `tab ${i}`, 'sent')
  const since = Date.now()
  await first.close()
  await third.evaluate(() => void window.loom.send('after'))
  for (const tab of [second, third]) {
    await has(tab, 'after', 'sent')
    expect(new Set(await contents(tab))).toEqual(new Set(['tab 0', 'tab 1', 'tab 2', 'after']))
    expect(await flaws(tab)).toEqual([])
  }
  console.info(`Firefox: sent by another tab ${Date.now() - since} ms after the one with the link closed`)
})

it(`delivers every durable entry once after each of ${kills} kills`, async () => {
  const durable: string[] = []
  const options = { user: 'dora', conversation: 'c3' }
  await stage.proxy.cut()
  for (let round = 0; round < kills; round++) {
    const firefox = await browser('killed')
    let isDurable = () => {}
    const said = new Promise<void>((resolve) => {
      isDurable = resolve
    })
    const page = await opened(firefox, options, (text) => {
      if (!text.startsWith('durable ')) return
      durable.push(text.slice('durable '.length))
      if (text === `durable dora ${round}`) isDurable()
    })
    void page.evaluate((n) => void window.loom.send(`dora ${n}`), round).catch(() => {})
    await said
    await firefox.kill()
  }
  await stage.proxy.mend()
  const page = await opened(await browser('killed'), options)
  await page.evaluate((seq) => window.loom.settled(seq), new Set(durable).size)
  const delivered = await contents(page)
  expect(new Set(durable).size).toBe(kills)
  expect([...new Set(durable)].filter((content) => delivered.filter((each) => each === content).length !== 1)).toEqual([])
})

it('leaves nothing readable in either tab after a logout, and gives the unsent back', async () => {
  const firefox = await browser('left')
  const options = { user: 'eve', conversation: 'c4' }
  const [here, there] = [await opened(firefox, options), await opened(firefox, options)] as const
  await here.evaluate(() => void window.loom.send('canary sent'))
  for (const page of [here, there]) await has(page, 'canary sent')
  await stage.proxy.cut()
  await here.evaluate(() => void window.loom.send('canary unsent'))
  await has(here, 'canary unsent', 'queued')
  expect(await here.evaluate(async () => (await window.loom.chat().logout()).unsent.map(({ content }) => content))).toEqual([
    'canary unsent',
  ])
  await there.evaluate(() => window.loom.until(window.loom.chat().session, ({ phase }) => phase === 'closed'))
  await stage.proxy.mend()
  for (const page of [here, there]) expect(await page.evaluate(readEverything)).not.toContain('canary')
})

/** Every value of every database of this origin, and what is shown, as text. */
async function readEverything(): Promise<string> {
  let text = JSON.stringify([window.loom.view(), window.loom.chat().outbox.get(), window.loom.chat().inbox.get()])
  for (const { name } of await indexedDB.databases()) {
    const open = indexedDB.open(name as string)
    const database = await new Promise<IDBDatabase>((resolve) => {
      open.onsuccess = () => resolve(open.result)
    })
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store).getAll()
      text += JSON.stringify(
        await new Promise((resolve) => {
          all.onsuccess = () => resolve(all.result)
        }),
      )
    }
    database.close()
  }
  return text
}
