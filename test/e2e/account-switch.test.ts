/** Another account signs in without a logout: tabs of the one before are told at once, and nothing goes under the wrong name (L10). */
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Stage, setStage } from './stage.js'

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

const refused = (page: Page) =>
  page.evaluate(async () => {
    const { session } = window.loom.chat()
    await window.loom.until(session, ({ phase }) => phase === 'refused')
    return session.get()
  })

it.each([true, false])('L10: the other tab is refused and sends nothing more; shared: %s', async (shared) => {
  const conversation = shared ? 'by one link' : 'by two links'
  const browser = await stage.browser(conversation)
  const asAna = { user: 'ana', conversation, shared, signIn: true }
  const [here, there] = [await stage.page(browser, asAna), await stage.page(browser, asAna)]
  for (const page of [here, there]) await page.evaluate(() => window.loom.settled(0))
  await there.evaluate(async () => {
    const localId = window.loom.send('as ana')
    await window.loom.chat().settled(localId)
  })
  // The same page, with the chat of the one before still in it.
  await here.evaluate((options) => window.loom.open(options), { ...asAna, user: 'ben', url: stage.proxy.url })
  expect(await refused(there)).toEqual({ phase: 'refused', code: 'wrong-user' })
  await there.evaluate(() => window.loom.send('too late'))
  await here.evaluate(async () => {
    const localId = window.loom.send('as ben')
    await window.loom.chat().settled(localId)
  })
  const shown = await here.evaluate(() => window.loom.view().messages.map(({ author, content }) => [author, content]))
  expect(shown).toEqual([
    ['ana', 'as ana'],
    ['ben', 'as ben'],
  ])

  // Who signs in again finds what waited.
  await there.evaluate(() => localStorage.setItem('signed in', 'ana'))
  await there.evaluate(() => window.loom.chat().connect())
  await there.evaluate(() => window.loom.settled(3))
  expect(await there.evaluate(() => window.loom.view().messages.map(({ author, content }) => `${author}: ${String(content)}`))).toEqual([
    'ana: as ana',
    'ben: as ben',
    'ana: too late',
  ])
})
