/** A3: what was reported durable survives reloads and the death of the browser, and is delivered in order, once (L1, L2, L6). */
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Faults } from '../../src/core/planted.js'
import { killBrowser } from './kill-browser.js'
import { type Stage, setStage } from './stage.js'

let stage: Stage
const contents = (page: Page) => page.evaluate(async () => (await window.loom.all()).map((message) => message.content))
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i + 1}`)

beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage?.end())

describe('the outbox on a real disk', () => {
  it('keeps 100 offline sends over two reloads and delivers them in order', async () => {
    const asAna = { user: 'ana', conversation: 'c1' }
    const ben = await stage.page(await stage.browser('ben'), { user: 'ben', conversation: 'c1' })
    const ana = await stage.page(await stage.browser('ana'), asAna)
    await ana.waitForFunction(() => window.loom.view().state === 'ready')
    await stage.proxy.cut()
    await ana.evaluate(() => {
      for (let n = 1; n <= 100; n++) window.loom.send(`ana ${n}`)
    })
    const queued = () =>
      window.loom
        .chat()
        .outbox.get()
        .filter(({ status, durable }) => status === 'queued' && durable).length === 100
    await ana.waitForFunction(queued)
    for (let reload = 0; reload < 2; reload++) {
      await stage.reload(ana, asAna)
      await ana.waitForFunction(queued)
    }
    await stage.proxy.mend()
    await ben.waitForFunction(() => window.loom.view().messages.length === 100, undefined, { timeout: 15_000 })
    expect(await contents(ben)).toEqual(numbered('ana', 100))
    await ana.waitForFunction(() => window.loom.chat().outbox.get().length === 0)
    expect(await contents(ana)).toEqual(numbered('ana', 100))
  })

  it('delivers every durable entry once after each of 20 kills of the browser', async () => {
    const { durable, delivered } = await killRounds('killed', 20, {})
    expect(durable.length).toBeGreaterThanOrEqual(20)
    expect(durable.filter((content) => delivered.filter((each) => each === content).length !== 1)).toEqual([])
    expect(new Set(delivered).size).toBe(delivered.length)
  })

  it('would notice a build that reports `queued` before any write', async () => {
    const { durable, delivered } = await killRounds('control', 8, { queuedBeforeWrite: true })
    expect(durable.filter((content) => !delivered.includes(content))).not.toEqual([])
  })
})

/** Sends offline until the page says `durable`, kills the browser at that instant, and at last lets everything go. */
async function killRounds(name: string, rounds: number, faults: Faults) {
  const conversation = `c-${name}`
  const durable: string[] = []
  await stage.proxy.cut()
  for (let round = 0; round < rounds; round++) {
    const context = await stage.browser(name)
    const page = await context.newPage()
    const died = new Promise<void>((resolve) => context.on('close', () => resolve()))
    page.on('console', (message) => {
      if (!message.text().startsWith('durable ')) return
      durable.push(message.text().slice('durable '.length))
      if (durable.at(-1) === `${name} ${round}`) killBrowser(join(stage.folder, name))
    })
    await page.goto(stage.origin)
    await page
      .evaluate(
        ([given, content]) => {
          void window.loom.open(given as never)
          window.loom.send(content as string)
        },
        [{ user: name, url: stage.proxy.url, faults, conversation }, `${name} ${round}`] as const,
      )
      .catch(() => {})
    await died
  }
  await stage.proxy.mend()
  const page = await stage.page(await stage.browser(name), { user: name, conversation })
  await page.waitForFunction(() => window.loom.view().state === 'ready' && window.loom.chat().outbox.get().length === 0, undefined, {
    timeout: 15_000,
  })
  return { durable: [...new Set(durable)], delivered: (await contents(page)) as string[] }
}
