/** Finds the Chromium that tests drive, and the arguments that keep it quiet and offline. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Launch arguments for every test browser: headless, no GPU, no traffic of its own. */
export const chromiumArgs = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Path of a Chromium or Chrome: `CHROMIUM_PATH`, then the system's, then Playwright's own download; undefined where there is none. */
export function findChromium() {
  const places = [
    process.env.CHROMIUM_PATH,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    require('playwright').chromium.executablePath(),
  ]
  return places.find((path) => path !== undefined && path !== '' && existsSync(path))
}
