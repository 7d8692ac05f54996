/** A conversation of 10,000 messages through real parts: first page, scroll to the beginning, jumps, reload from disk (L4, L8). */
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChatServer, sqliteStore } from '../../src/server/index.js'
import { type Stage, setStage } from './stage.js'

const count = 10_000
const asAna = { user: 'ana', conversation: 'long' }
let stage: Stage
let ana: Page

async function seed(path: string) {
  const server = createChatServer({ store: sqliteStore({ path }), auth: () => null })
  await server.conversations.put({ id: 'long', members: ['ana', 'ben'] })
  const posts = Array.from({ length: count }, (_, i) => ({ id: `p${i}`, conversation: 'long', author: 'ben', content: `entry ${i}` }))
  await Promise.all(posts.map((post) => server.post(post)))
  await server.close()
}

const ready = (page: Page) => page.waitForFunction(() => window.loom.view().state === 'ready')
const numbersIn = (contents: unknown[]) => contents.map((content) => Number(String(content).slice('entry '.length)))
const shown = (page: Page) => page.evaluate(() => window.loom.view().messages.map(({ content }) => content))

beforeAll(async () => {
  stage = await setStage(seed)
  ana = await stage.page(await stage.browser('ana'), asAna)
  await ready(ana)
})
afterAll(() => stage?.end())

describe('a history of 10,000 messages', () => {
  it('opens with the newest page', async () => {
    const numbers = numbersIn(await shown(ana))
    expect(numbers.length).toBeLessThanOrEqual(100)
    expect(numbers.at(-1)).toBe(count - 1)
  })

  it('scrolls back to the first message, each once, with bounded memory', async () => {
    const seen = await ana.evaluate(async () => {
      const seqs = new Set<number>()
      let most = 0
      for (;;) {
        const view = window.loom.talk().timeline.get()
        most = Math.max(most, view.messages.length)
        for (const { seq } of view.messages) seqs.add(seq as number)
        if (!view.hasOlder) return { messages: seqs.size, most }
        await window.loom.talk().loadOlder({ limit: 100 })
      }
    })
    expect(seen.messages).toBe(count)
    expect(seen.most).toBeLessThanOrEqual(500)
  })

  it('names the gap to the newest messages, and comes back to them at once', async () => {
    const away = await ana.evaluate(() => {
      const { atLatest, hasNewer, gaps } = window.loom.view()
      return { atLatest, hasNewer, gaps: gaps.length }
    })
    expect(away).toEqual({ atLatest: false, hasNewer: true, gaps: 1 })
    await ana.evaluate(() => window.loom.talk().jumpToLatest())
    expect(numbersIn(await shown(ana)).at(-1)).toBe(count - 1)
  })

  it('jumps to a place in the middle and reads on from there', async () => {
    const seqs = await ana.evaluate(async () => {
      await window.loom.talk().jumpTo(5_000)
      const before = window.loom.view().messages.map(({ seq }) => seq as number)
      await window.loom.talk().loadNewer({ limit: 50 })
      return { before, after: window.loom.view().messages.map(({ seq }) => seq as number) }
    })
    expect(seqs.before).toContain(5_000)
    expect(seqs.after.at(-1)).toBeGreaterThan(seqs.before.at(-1) as number)
    expect(seqs.after).toEqual(seqs.after.map((_, i) => (seqs.after[0] as number) + i))
    await ana.evaluate(() => window.loom.talk().jumpToLatest())
  })

  it('shows the newest page from disk after a reload without a network, and older ones too', async () => {
    await stage.proxy.cut()
    await stage.reload(ana, asAna)
    await ana.waitForFunction(() => window.loom.view().messages.length > 0)
    expect(numbersIn(await shown(ana)).at(-1)).toBe(count - 1)
    const older = await ana.evaluate(async () => {
      for (let page = 0; page < 5; page++) await window.loom.talk().loadOlder({ limit: 100 })
      return window.loom.view().messages.map(({ content }) => content)
    })
    const numbers = numbersIn(older)
    expect(numbers.length).toBeGreaterThan(200)
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] as number) + i))
  })
})
