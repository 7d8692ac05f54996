/** The main job through real parts: two pages, IndexedDB, WebSocket, the shipped server, SQLite (L1, L3, L4, L5). */
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, setStage } from './stage.js'

let stage: Stage
let ana: Page
let ben: Page
const asAna = { user: 'ana', conversation: 'c1' }
const asBen = { user: 'ben', conversation: 'c1' }

const contents = (page: Page) => page.evaluate(() => window.loom.view().messages.map((message) => message.content))
const statusOf = (page: Page, content: string) =>
  page.evaluate((wanted) => window.loom.view().messages.find((message) => message.content === wanted)?.status, content)
const until = (page: Page, content: string, status: string) =>
  page.waitForFunction(
    ([wanted, is]) => window.loom.view().messages.some((message) => message.content === wanted && message.status === is),
    [content, status],
  )
const live = (page: Page) => page.waitForFunction(() => window.loom.view().state === 'ready')

beforeAll(async () => {
  stage = await setStage()
  ana = await stage.page(await stage.browser('ana'), asAna)
  ben = await stage.page(await stage.browser('ben'), asBen)
  await Promise.all([live(ana), live(ben)])
})
afterAll(() => stage?.end())

describe('two pages over the real server', () => {
  it('shows a message at once, then sent, delivered and read', async () => {
    const first = await ana.evaluate(() => {
      window.loom.send('hello')
      return window.loom.view().messages.map(({ content, status }) => [content, status])
    })
    expect(first).toEqual([['hello', 'saving']])
    await until(ana, 'hello', 'delivered')
    expect(await contents(ben)).toEqual(['hello'])
    await ben.evaluate(() => window.loom.talk().markRead())
    await until(ana, 'hello', 'read')
  })

  it('shows who types until they stop', async () => {
    await ana.evaluate(() => window.loom.talk().typing.subscribe(() => {}))
    await ben.evaluate(() => window.loom.talk().setTyping(true))
    await ana.waitForFunction(() => window.loom.talk().typing.get().includes('ben'))
    await ben.evaluate(() => window.loom.talk().setTyping(false))
    await ana.waitForFunction(() => window.loom.talk().typing.get().length === 0)
  })

  it('keeps history and outbox over a reload, and sends what was queued when back', async () => {
    await stage.proxy.cut()
    await ana.evaluate(() => window.loom.send('from the tunnel'))
    await until(ana, 'from the tunnel', 'queued')
    await stage.reload(ana, asAna)
    await until(ana, 'from the tunnel', 'queued')
    expect(await contents(ana)).toEqual(['hello', 'from the tunnel'])
    expect(await ana.evaluate(() => window.loom.view().state)).toBe('stale')
    await stage.proxy.mend()
    await until(ana, 'from the tunnel', 'delivered')
    expect(await contents(ben)).toEqual(['hello', 'from the tunnel'])
  })

  it('switches to a visited conversation at once, without a loading state', async () => {
    await ana.evaluate(() => window.loom.follow('c2'))
    await live(ana)
    await ana.evaluate(() => window.loom.send('elsewhere'))
    await until(ana, 'elsewhere', 'sent')
    const state = await ana.evaluate(() => {
      window.loom.follow('c1')
      return [window.loom.view().state, window.loom.view().messages.length]
    })
    expect(state).toEqual(['ready', 2])
    expect(await statusOf(ana, 'elsewhere')).toBeUndefined()
  })

  it('never showed a message twice', async () => {
    expect(await ana.evaluate(() => window.loom.doubled)).toEqual([])
    expect(await ben.evaluate(() => window.loom.doubled)).toEqual([])
  })
})
