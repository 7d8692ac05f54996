/** Chromium with a page of this bench: bundled once, served from one origin, in profiles that outlive the browser's process. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright'
import { dist, repository } from './built.mjs'

const quiet = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking', 'disable-component-update']
const args = [...quiet, 'disable-sync'].map((flag) => `--${flag}`)
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

/** `script`: what runs in its pages, a file of this folder. */
export async function stage(script = 'page') {
  const { outputFiles } = await build({
    entryPoints: [`${repository}test/bench/parts/${script}.mjs`],
    bundle: true,
    format: 'esm',
    minify: true,
    write: false,
    logLevel: 'error',
    alias: {
      chatloom: `${dist}/index.js`,
      'chatloom/indexeddb': `${dist}/storage/indexeddb/index.js`,
      'chatloom/sse': `${dist}/transports/sse/index.js`,
      'chatloom/websocket': `${dist}/transports/websocket/index.js`,
    },
  })
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    // Isolated pages have a clock of 5 µs instead of 100.
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? outputFiles[0].text : '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/`
  const profiles = mkdtempSync(join(tmpdir(), 'chatloom-bench-'))

  /** Runs `use` on a page of a new browser process, in the profile of this name. */
  async function inBrowser(profile, path, use) {
    const context = await chromium.launchPersistentContext(join(profiles, profile), { executablePath, args, headless: true })
    try {
      const page = context.pages()[0] ?? (await context.newPage())
      await page.goto(`${url}${path}`)
      await page.waitForFunction(() => globalThis.bench)
      return await use(page)
    } finally {
      await context.close()
    }
  }

  return {
    inBrowser,
    end() {
      server.close()
      rmSync(profiles, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
