/**
 * Runs the tests of the core for every change of it within one process: they are loaded once, which is what takes long, and a change
 * is switched on by a global. They are pure enough for that: nothing of one test is left for the next.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core'
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { DryRunStatus, determineHitLimitReached, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner'
import { build, stop } from 'esbuild'
import { tests } from './words.mjs'

/** A promise that a change has broken may never settle. The tests wait for no clock: what is not done when a timer comes by never is. */
const patienceMs = 500
/** And a loop may never end: it has not when it has come by ten times as often as in all tests together, and so often besides. */
const [oftener, besides] = [10, 20_000]
/** How much oftener Stryker would let it. */
const granted = 100

/** Those of the core first: they are quicker to notice that something never ends. */
const beside = readdirSync('src/core', { recursive: true }).filter((path) => path.endsWith('.test.ts'))
const beyond = ['ahead', 'chat', 'snapshots', 'view'].map((name) => `src/client/${name}.test.ts`)
const entry = ['test/fakes/planted.ts', ...beside.sort().map((path) => join('src/core', path)), ...beyond]

/** What is thrown where no test catches it. */
const strays = []
for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, (error) => strays.push(error))

async function load() {
  const outfile = join(process.cwd(), 'every-test.mjs')
  const words = fileURLToPath(new URL('words.mjs', import.meta.url))
  await build({
    stdin: { contents: entry.map((path) => `import './${path}'`).join('\n'), resolveDir: process.cwd() },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    // The package says that its modules have no side effects; tests have.
    ignoreAnnotations: true,
    logLevel: 'error',
    outfile,
    plugins: [
      {
        name: 'words',
        setup: ({ onResolve }) => onResolve({ filter: /^vitest$/ }, () => ({ path: pathToFileURL(words).href, external: true })),
      },
    ],
  })
  await stop()
  await import(pathToFileURL(outfile).href)
}

/** Nothing where it passes, else what it says. */
async function failureOf(test) {
  const { run, ends } = test
  const startMs = performance.now()
  strays.length = 0
  let timer
  const tooLong = new Promise((_, fail) => {
    timer = setTimeout(() => fail('It never ends.'), patienceMs)
  })
  try {
    await Promise.race([run(), tooLong])
    return strays[0]
  } catch (error) {
    return error ?? 'It fails.'
  } finally {
    clearTimeout(timer)
    for (const end of ends) await end()
    test.ms ??= performance.now() - startMs
  }
}

function createRunner() {
  globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {}
  const stryker = globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE]
  /** The quick go first, and before them those that have noticed the most for the time that they take. */
  const byWorth = (a, b) => worth(b) - worth(a) || (a.ms ?? 0) - (b.ms ?? 0)
  const worth = ({ noticed = 0, ms = 0 }) => noticed / (ms + 2)
  return {
    capabilities: () => ({ reloadEnvironment: false }),
    init: load,
    async dryRun() {
      const results = []
      for (const test of tests) {
        stryker.currentTestId = test.id
        const failure = await failureOf(test)
        const common = { id: test.id, name: test.id, timeSpentMs: test.ms }
        results.push(
          failure ? { ...common, status: TestStatus.Failed, failureMessage: String(failure) } : { ...common, status: TestStatus.Success },
        )
      }
      stryker.currentTestId = undefined
      return { status: DryRunStatus.Complete, tests: results, mutantCoverage: stryker.mutantCoverage }
    },
    async mutantRun({ activeMutant, testFilter, hitLimit }) {
      const wanted = new Set(testFilter)
      const order = tests.filter(({ id }) => wanted.has(id)).sort(byWorth)
      const limit = ((hitLimit ?? 0) / granted) * oftener + besides
      Object.assign(stryker, { activeMutant: activeMutant.id, hitCount: 0, hitLimit: limit })
      try {
        for (const [n, test] of order.entries()) {
          const failure = await failureOf(test)
          const tooOften = determineHitLimitReached(stryker.hitCount, limit)
          if (tooOften) return tooOften
          if (!failure) continue
          test.noticed = (test.noticed ?? 0) + 1
          return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage: String(failure), nrOfTests: n + 1 }
        }
        return { status: MutantRunStatus.Survived, nrOfTests: order.length }
      } finally {
        stryker.activeMutant = undefined
      }
    },
  }
}
createRunner.inject = []

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'one-process', createRunner)]
