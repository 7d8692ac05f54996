/**
 * The test projects. A path on the command line picks files out of them, `--project <name>` picks a whole one.
 *   node        units beside their file, and every test of `test/` that has no project of its own
 *   dom         the bindings, in happy-dom
 *   house       the rules of the source tree
 *   package     what is built and packed; needs `npm run build`
 *   simulation  the simulated world
 *   server      real sockets, real files, real processes, scripted faults; needs `npm run build`
 *   e2e         the same and pages in Chromium; needs `npm run build`
 *   browser     inside Chromium
 *   firefox     pages in Firefox, where there is one; run by `npm run soak -- firefox`
 */
import { svelte } from '@sveltejs/vite-plugin-svelte'
import react from '@vitejs/plugin-react'
import vue from '@vitejs/plugin-vue'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumArgs, findChromium } from './test/chromium.mjs'

const frameworks = () => [react(), vue(), svelte({ configFile: false })]
const bindingTests = 'src/{react,vue,svelte}/**/*.test.{ts,tsx}'
/** Bugs planted in the core are switched by a global, which the build takes out. */
const setupFiles = ['test/fakes/planted.ts']
const ownProjects = [
  'test/floors.test.ts',
  'test/{house,package,simulation,server,conformance,e2e,faults,browser,firefox,bench,mutation}/**',
]

/** Files that each need the machine for themselves. */
const oneAtATime = { setupFiles, pool: 'forks', fileParallelism: false, testTimeout: 120_000, hookTimeout: 60_000 } as const

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          setupFiles,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [bindingTests, ...ownProjects],
        },
      },
      {
        plugins: frameworks(),
        // Without the browser condition Svelte resolves to its server build.
        resolve: { conditions: ['browser'] },
        test: { name: 'dom', setupFiles, environment: 'happy-dom', include: [bindingTests] },
      },
      {
        test: { name: 'house', setupFiles, include: ['test/floors.test.ts', 'test/house/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        test: { name: 'package', setupFiles, include: ['test/package/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        test: {
          name: 'simulation',
          setupFiles,
          include: ['test/simulation/**/*.test.ts'],
          pool: 'threads',
          maxWorkers: 2,
          testTimeout: 240_000,
        },
      },
      {
        test: { name: 'server', include: ['test/{server,conformance,faults}/**/*.test.ts'], ...oneAtATime },
      },
      {
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...oneAtATime },
      },
      {
        test: { name: 'firefox', include: ['test/firefox/**/*.test.ts'], ...oneAtATime },
      },
      {
        plugins: frameworks(),
        // Found late, a dependency reloads the page in the middle of the first run.
        optimizeDeps: {
          include: [
            'eventemitter3',
            'eventsource-parser',
            'idb',
            'reconnecting-websocket',
            'ulidx',
            'react',
            'react-dom',
            'react-dom/client',
            'react/jsx-dev-runtime',
            'vue',
            'svelte',
          ],
        },
        test: {
          name: 'browser',
          setupFiles,
          include: ['test/browser/**/*.test.{ts,tsx}'],
          fileParallelism: false,
          testTimeout: 60_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: findChromium(), args: chromiumArgs } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
