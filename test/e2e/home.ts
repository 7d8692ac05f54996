/**
 * A user's browser with many tabs, as it is at home: one tab is seen, the others are hidden and their timers slow, and a tab may be
 * frozen by the browser. Playwright's own way to start Chromium keeps every page visible and awake; so it is started here.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { DatabaseSync } from '@photostructure/sqlite'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { WebSocket } from 'ws'
import { type Chat, type Conversation, createChat } from '../../src/index.js'
import { createChatServer, sqliteStore } from '../../src/server/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { chromiumArgs, findChromium } from '../chromium.mjs'
import type { PageOptions } from './page.js'
import { servePage } from './stage.js'

export interface Tab {
  readonly name: string
  readonly page: Page
  /** What it has reported to be on disk. */
  readonly durable: Set<string>
  /** As browsers do with hidden tabs: the page is told, then its timers and sockets stand still. */
  freeze(): Promise<void>
  /** Without a word, in the middle of whatever it does. */
  stop(): Promise<void>
  wake(): Promise<void>
  /** How often a timer of the page has run. */
  beats(): Promise<number>
  /** As by a crash of its process. */
  kill(): Promise<void>
}

export interface Stored {
  readonly seq: number
  readonly idx: number
  readonly author: string
  readonly content: string
}

export interface Home {
  /** A new tab of ana, who follows c1. */
  tab(): Promise<Tab>
  /** Opens a chat of this user in a page that had one. */
  open(page: Page, user: string): Promise<void>
  /** ben, who follows c1 from elsewhere. */
  readonly peer: Chat
  readonly talk: Conversation
  /** How many sockets ana has at the server. */
  sockets(): number
  /** The most that were open at once since this was last asked. */
  mostSockets(): number
  /** Resolves once ana has one. */
  oneSocket(): Promise<void>
  /** When a lock was taken by force. */
  readonly steals: readonly number[]
  rows(): Stored[]
  end(): Promise<void>
}

const loopback = '127.0.0.1'
const portOf = (server: Server) => (server.address() as AddressInfo).port

export async function setHome(): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-tabs-'))
  const path = join(folder, 'chat.db')
  const server = createChatServer({
    store: sqliteStore({ path }),
    auth: ({ token }) => (token ? { userId: token } : null),
    origins: () => true,
    joinOnOpen: true,
  })
  const sockets = new Set<Duplex>()
  let most = 0
  let changed = () => {}
  const [door, peerDoor, pages] = [createServer(), createServer(), await servePage()]
  for (const each of [door, peerDoor]) {
    server.attach(each)
    each.listen(0, loopback)
    await once(each, 'listening')
  }
  door.on('upgrade', (_, socket) => {
    sockets.add(socket)
    most = Math.max(most, sockets.size)
    socket.on('close', () => {
      sockets.delete(socket)
      changed()
    })
    changed()
  })
  const { browser, context, chromiumProcess } = await startBrowser(join(folder, 'profile'))
  const peer = createChat({
    user: 'ben',
    transport: webSocketTransport({ url: `ws://${loopback}:${portOf(peerDoor)}`, token: 'ben', WebSocket }),
  })
  peer.connect()
  const talk = peer.conversation('c1')
  talk.timeline.subscribe(() => {})
  const steals: number[] = []
  let tabs = 0

  async function open(page: Page, user: string) {
    const options: PageOptions = { user, conversation: 'c1', shared: true, url: `ws://${loopback}:${portOf(door)}` }
    await page.evaluate((given) => window.loom.open(given), options)
  }

  async function tab(): Promise<Tab> {
    const name = `tab${++tabs}`
    const durable = new Set<string>()
    const page = await context.newPage()
    page.on('pageerror', (error) => console.error('page error:', error))
    page.on('console', (message) => {
      const [kind, rest] = [message.text().split(' ', 1)[0], message.text().replace(/^\S+ /, '')]
      if (kind === 'durable') durable.add(rest)
      if (kind === 'steal') steals.push(Number(rest))
    })
    await page.goto(`http://${loopback}:${portOf(pages)}`)
    await open(page, 'ana')
    const devtools = await context.newCDPSession(page)
    let isStopped = false
    return {
      name,
      page,
      durable,
      freeze: async () => void (await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })),
      async stop() {
        isStopped = true
        await devtools.send('Debugger.enable')
        const paused = new Promise((done) => devtools.once('Debugger.paused', done))
        await devtools.send('Debugger.pause')
        await paused
      },
      async wake() {
        await (isStopped ? devtools.send('Debugger.disable') : devtools.send('Page.setWebLifecycleState', { state: 'active' }))
        // Stopped within a timer while hidden, all that time counts against its timers: they would stand still for minutes.
        if (isStopped) await page.bringToFront()
        isStopped = false
      },
      async beats() {
        // A page that is stopped answers this and no more.
        const { result } = await devtools.send('Runtime.evaluate', { expression: 'window.loom.watched.beats' })
        return result.value as number
      },
      async kill() {
        const crash = page.waitForEvent('crash')
        devtools.send('Page.crash').catch(() => {})
        await crash
        await page.close()
      },
    }
  }

  return {
    tab,
    open,
    peer,
    talk,
    steals,
    sockets: () => sockets.size,
    mostSockets() {
      const was = most
      most = sockets.size
      return was
    },
    async oneSocket() {
      while (sockets.size !== 1)
        await new Promise<void>((done) => {
          changed = done
        })
    },
    rows() {
      const database = new DatabaseSync(path, { readOnly: true })
      const rows = database.prepare('SELECT seq, idx, author, content FROM messages ORDER BY seq').all() as Stored[]
      database.close()
      return rows.map((row) => ({ ...row, content: JSON.parse(row.content) as string }))
    },
    async end() {
      await browser.close()
      await endBrowser(chromiumProcess)
      await peer.close()
      await server.close()
      for (const each of [door, peerDoor, pages]) {
        each.close()
        each.closeAllConnections()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startBrowser(profile: string): Promise<{ browser: Browser; context: BrowserContext; chromiumProcess: ChildProcess }> {
  const args = [...chromiumArgs, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
  const chromiumProcess = spawn(findChromium() as string, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let address = ''
  for await (const line of createInterface({ input: chromiumProcess.stderr as NodeJS.ReadableStream })) {
    address = /DevTools listening on (ws:\S+)/.exec(line)?.[1] ?? ''
    if (address) break
  }
  chromiumProcess.stderr?.resume()
  const browser = await chromium.connectOverCDP(address, { noDefaults: true })
  return { browser, context: browser.contexts()[0] as BrowserContext, chromiumProcess }
}

/** All of its processes at once, and not before each has let go of what it writes to: till then its folder cannot be removed. */
async function endBrowser(chromiumProcess: ChildProcess): Promise<void> {
  const closed = once(chromiumProcess, 'close')
  process.kill(-(chromiumProcess.pid as number), 'SIGKILL')
  await closed
}
