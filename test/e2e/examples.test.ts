/** Every example as its one command serves it: two users, one message each way. */
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumArgs, findChromium } from '../chromium.mjs'
import { program } from './program.js'

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs })
})
afterAll(() => browser?.close())

async function say(page: Page, text: string) {
  const box = page.getByRole('textbox')
  await box.fill(text)
  await box.press('Enter')
}

describe('the examples', () => {
  it.each(['vanilla', 'react', 'vue', 'svelte'])('%s lets two users chat', async (name) => {
    const example = await program(['examples/run.mjs', name], {})
    await example.start()
    try {
      const [ana, ben] = [await browser.newPage(), await browser.newPage()]
      for (const [page, user] of [
        [ana, 'ana'],
        [ben, 'ben'],
      ] as const) {
        await page.goto(`http://127.0.0.1:${example.port}/?user=${user}`)
      }
      await say(ana, `hello from ${name}`)
      await ben.getByText(`hello from ${name}`).waitFor()
      await say(ben, 'and back')
      await ana.getByText('and back').waitFor()
      expect(await ana.getByText('and back').count()).toBe(1)
      await ana.close()
      await ben.close()
    } finally {
      await example.kill()
    }
  })
})
