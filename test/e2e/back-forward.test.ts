/** A page that the browser keeps while its user is elsewhere, and shows again as it was (L4, L5, L6, L9). */
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Home, setHome, type Tab } from './home.js'
import { holderOf } from './life-of-tabs.js'

let home: Home
let said = 0

beforeAll(async () => {
  home = await setHome()
})
afterAll(() => home?.end())

async function opened(): Promise<Tab> {
  const tab = await home.tab()
  await tab.page.evaluate(() => window.loom.settled(0))
  return tab
}

async function benSays(count: number): Promise<void> {
  let last = ''
  for (let i = 0; i < count; i++) last = home.talk.send(`ben ${++said}`)
  await home.peer.settled(last)
}

/** Goes elsewhere, with what the user does there, and back; is the page the one that was left, and not a new one? */
async function elsewhere(page: Page, meanwhile: () => Promise<void>): Promise<boolean> {
  await page.bringToFront()
  const devtools = await page.context().newCDPSession(page)
  await page.goto('data:text/html,elsewhere')
  await meanwhile()
  const { entries, currentIndex } = await devtools.send('Page.getNavigationHistory')
  await devtools.send('Page.navigateToHistoryEntry', { entryId: (entries[currentIndex - 1] as { id: number }).id })
  await page.waitForFunction(() => window.loom !== undefined)
  return await page.evaluate(() => window.loom.chat() !== undefined)
}

const shows = (page: Page, count: number) =>
  page.evaluate(async (all) => {
    await window.loom.until(window.loom.talk().timeline, ({ messages }) => messages.filter(({ seq }) => seq !== undefined).length === all)
    return [...window.loom.doubled, ...window.loom.disordered]
  }, count)

it('sends what was under way and shows what came meanwhile, once', async () => {
  const { page } = await opened()
  await page.evaluate(() => {
    for (let n = 1; n <= 10; n++) window.loom.send(`ana ${n}`)
  })
  expect(await elsewhere(page, () => benSays(20))).toBe(true)
  expect(await shows(page, 30)).toEqual([])
  await page.close()
})

it('gives the link to another tab meanwhile, and follows it afterwards', async () => {
  const tabs = [await opened(), await opened()]
  const holder = await holderOf(tabs)
  const other = tabs.find((tab) => tab !== holder) as Tab
  const before = home.rows().length
  const isKept = await elsewhere(holder.page, async () => {
    await benSays(20)
    expect(await shows(other.page, before + 20)).toEqual([])
    await other.page.evaluate(() => void window.loom.send('while it was away'))
    expect(await shows(other.page, before + 21)).toEqual([])
  })
  // A browser may let go of a page to which the others speak.
  if (!isKept) await home.open(holder.page, 'ana')
  expect(await shows(holder.page, before + 21)).toEqual([])
  await holder.page.evaluate(() => void window.loom.send('back'))
  for (const { page } of tabs) expect(await shows(page, before + 22)).toEqual([])
  await home.oneSocket()
})
