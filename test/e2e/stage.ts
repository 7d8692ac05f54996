/**
 * The real parts of an end-to-end test: the shipped server in a process of its own over a real SQLite file, a TCP proxy
 * in front of it that can be cut, a page served apart from both, and Chromium.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { type BrowserContext, chromium, type Page } from 'playwright'
import { tcpProxy } from '../../src/testing/index.js'
import { chromiumArgs, findChromium } from '../chromium.mjs'
import type { PageOptions } from './page.js'

export interface Proxy {
  readonly url: string
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>
  mend(): Promise<void>
}

export interface ChatProcess {
  readonly port: number
  /** Ends it as by a power cut. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  readonly database: string
}

/** `url` default: the proxy's. */
type OpenOptions = Omit<PageOptions, 'url'> & Partial<PageOptions>

export interface Stage {
  readonly server: ChatProcess
  readonly proxy: Proxy
  readonly origin: string
  readonly folder: string
  /** A browser whose disk survives in `profile`. */
  browser(profile: string): Promise<BrowserContext>
  /** A page with `window.loom`, and a chat opened in it. */
  page(context: BrowserContext, options: OpenOptions): Promise<Page>
  /** Opens the chat again in a page that was reloaded. */
  reload(page: Page, options: OpenOptions): Promise<void>
  end(): Promise<void>
}

const loopback = '127.0.0.1'

/** `seed` is given the database file before the server starts. */
export async function setStage(seed?: (path: string) => Promise<void>): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-e2e-'))
  mkdirSync(join(folder, 'data'))
  await seed?.(join(folder, 'data', 'chat.db'))
  const server = await startServer(join(folder, 'data'))
  const proxy = await startProxy(() => server.port)
  const pages = await servePage()
  const origin = `http://${loopback}:${(pages.address() as AddressInfo).port}`
  const contexts: BrowserContext[] = []
  const open = (page: Page, options: OpenOptions) => page.evaluate((given) => window.loom.open(given), { url: proxy.url, ...options })
  return {
    server,
    proxy,
    origin,
    folder,
    async browser(profile) {
      const context = await chromium.launchPersistentContext(join(folder, profile), { executablePath: findChromium(), args: chromiumArgs })
      contexts.push(context)
      return context
    },
    async page(context, options) {
      const page = await context.newPage()
      page.on('pageerror', (error) => console.error('page error:', error))
      await page.goto(origin)
      await open(page, options)
      return page
    },
    async reload(page, options) {
      await page.reload()
      await open(page, options)
    },
    async end() {
      for (const context of contexts) await context.close().catch(() => {})
      await server.kill()
      await proxy.end()
      pages.close()
      pages.closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startServer(data: string): Promise<ChatProcess> {
  let child: ChildProcess
  let port = 0
  const server = {
    get port() {
      return port
    },
    database: join(data, 'chat.db'),
    async start() {
      child = spawn(process.execPath, ['dist/cli.js', 'serve', '--dev', '--port', String(port), '--data', data], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
      for await (const line of lines) {
        const found = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)
        if (!found) continue
        port = Number(found[1])
        break
      }
      // A pipe that nobody reads would fill.
      child.stdout?.resume()
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
  await server.start()
  return server
}

async function startProxy(port: () => number): Promise<Proxy & { end(): Promise<void> }> {
  const proxy = await tcpProxy({ target: port })
  return {
    url: `ws://${loopback}:${proxy.port}`,
    async cut() {
      await proxy.set({ connect: 'refuse' })
      proxy.cut()
    },
    mend: () => proxy.set(),
    end: proxy.close,
  }
}

/** Serves the page with `window.loom`. */
export async function servePage(): Promise<Server> {
  const { outputFiles } = await build({
    entryPoints: ['test/e2e/page.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  })
  const script = outputFiles[0]?.text ?? ''
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html', 'cache-control': 'no-cache' })
    response.end(
      isScript ? script : '<!doctype html><meta charset="utf-8"><title>chatloom</title><script type="module" src="/page.js"></script>',
    )
  })
  server.listen(0, loopback)
  await once(server, 'listening')
  return server
}
