/** More tabs in Chromium than HTTP/1.1 gives one host connections, which is six: they share one event stream, and none is left without. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Stage, setStage } from './stage.js'

let stage: Stage

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

const names = Array.from({ length: 8 }, (_, i) => `tab ${i + 1}`)

it('eight tabs say and hear everything over one event stream', async () => {
  const url = `http://127.0.0.1:${stage.server.port}`
  const context = await stage.browser('ana')
  const tabs = await Promise.all(names.map(() => stage.page(context, { user: 'ana', conversation: 'c', url, shared: true })))
  await Promise.all(tabs.map((tab, i) => tab.evaluate((name) => void window.loom.send(name), names[i] as string)))
  for (const tab of tabs)
    await tab.waitForFunction((count) => {
      const { messages } = window.loom.view()
      return messages.length === count && messages.every(({ status }) => status === 'sent' || status === 'delivered')
    }, names.length)
  const shown = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.loom.view().messages.map(({ content }) => content))))
  expect([...(shown[0] ?? [])].sort()).toEqual(names)
  expect(shown).toEqual(tabs.map(() => shown[0]))
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ links: 1 })
  expect(await Promise.all(tabs.map((tab) => tab.evaluate(() => window.loom.doubled)))).toEqual(tabs.map(() => []))
})
