/** Tabs that share a link show what waits in one another while there is none (L5, R18), and what a tab that dies has left is sent (R16). */
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Stage, setStage } from './stage.js'

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

/** Two tabs of a user, online. */
async function twoTabs(user: string): Promise<[Page, Page]> {
  const browser = await stage.browser(user)
  const options = { user, conversation: `of ${user}`, shared: true }
  const tabs: [Page, Page] = [await stage.page(browser, options), await stage.page(browser, options)]
  for (const page of tabs) await page.evaluate(() => window.loom.settled(0))
  return tabs
}

/** Resolves with the rows of this content once they are as wanted; the view of every moment in between is watched for doubles. */
const shows = (page: Page, content: string, status: string) =>
  page.evaluate(
    async ([text, wanted]) => {
      const found = () => window.loom.view().messages.filter((each) => each.content === text)
      await window.loom.until(window.loom.talk().timeline, () => found().some((each) => each.status === wanted))
      return found().map(({ key, status }) => [key, status])
    },
    [content, status] as const,
  )

const online = (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('online')))

it('offline, what one tab sends stands in the other as pending; online it is there once, under the same key', async () => {
  const tabs = await twoTabs('ana')
  const [writer, other] = tabs
  await stage.proxy.cut()
  const key = await writer.evaluate(() => window.loom.send('written offline'))
  expect(await shows(other, 'written offline', 'sending')).toEqual([[key, 'sending']])
  expect(await other.evaluate(() => window.loom.chat().outbox.get())).toEqual([])
  const taken = await writer.evaluate(() => window.loom.send('taken back'))
  await shows(other, 'taken back', 'sending')
  await writer.evaluate((localId) => window.loom.talk().discard(localId), taken)
  await other.evaluate(() => window.loom.until(window.loom.talk().timeline, ({ messages }) => messages.length === 1))
  await stage.proxy.mend()
  for (const page of tabs) await online(page)
  for (const page of tabs) {
    expect(await shows(page, 'written offline', 'sent')).toEqual([[key, 'sent']])
    expect(await page.evaluate(() => [window.loom.view().messages.length, window.loom.doubled])).toEqual([1, []])
  }
})

it('what a tab had not sent when it was killed is another’s at once, once, and is sent by it', async () => {
  const [heir, victim] = await twoTabs('bea')
  await stage.proxy.cut()
  const key = await victim.evaluate(async () => {
    const localId = window.loom.send('left behind')
    await window.loom.until(window.loom.chat().outbox, (entries) => entries.every(({ durable }) => durable))
    return localId
  })
  await shows(heir, 'left behind', 'sending')
  const crash = victim.waitForEvent('crash')
  const devtools = await victim.context().newCDPSession(victim)
  devtools.send('Page.crash').catch(() => {})
  await crash
  expect(await shows(heir, 'left behind', 'queued')).toEqual([[key, 'queued']])
  await stage.proxy.mend()
  await online(heir)
  expect(await shows(heir, 'left behind', 'sent')).toEqual([[key, 'sent']])
  expect(await heir.evaluate(() => window.loom.doubled)).toEqual([])
})
