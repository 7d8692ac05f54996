/**
 * Runs every test in stages, and stops after the first stage that fails.
 *   node test/run.mjs                      all stages (`npm test`)
 *   node test/run.mjs unit browser         only these, in the order below
 * Stages of one row run at the same time. The last line is always `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(tmpdir(), 'chatloom-test-'))
const limitSeconds = 600

const tool = (name, ...args) => [join(repository, 'node_modules/.bin', name), ...args]
const vitest = (name, project = name) =>
  tool('vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, `${name}.json`)}`)

const script = (name) => ['npm', 'run', '--silent', name]

/** Rows of stages; a stage is one or more commands, run in order. */
const rows = [
  { lint: [script('lint')], types: [script('types')], build: [script('build')] },
  { floors: [vitest('floors', 'house')], unit: [vitest('unit', 'node')] },
  { dom: [vitest('dom')], package: [script('packed'), vitest('package')] },
  { simulation: [vitest('simulation')] },
  { server: [vitest('server')], e2e: [vitest('e2e')] },
  { browser: [vitest('browser')] },
]
const needsChromium = ['e2e', 'browser']

const seconds = (since) => (performance.now() - since) / 1000
const say = (text) => process.stdout.write(`${text}\n`)

/** What is packed was built before: it need not be built again for each look at it. */
const own = { FORCE_COLOR: '1', npm_config_ignore_scripts: 'true' }

/** Runs one command; its output is streamed, or kept until the end where another stage runs beside it. */
function run([command, ...args], streamed) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: repository, stdio: streamed ? 'inherit' : 'pipe', env: { ...process.env, ...own } })
    const output = []
    child.stdout?.on('data', (chunk) => output.push(chunk))
    child.stderr?.on('data', (chunk) => output.push(chunk))
    child.on('error', (error) => resolve({ ok: false, output: String(error) }))
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(output).toString() }))
  })
}

async function runStage(name, commands, streamed) {
  const start = performance.now()
  for (const command of commands) {
    const { ok, output } = await run(command, streamed)
    if (output) process.stdout.write(output)
    if (!ok) {
      say(`\n✗ ${name}: failed after ${seconds(start).toFixed(1)} s, at: ${command.join(' ')}`)
      return { name, ok: false, seconds: seconds(start) }
    }
  }
  say(`\n✓ ${name}: ${seconds(start).toFixed(1)} s`)
  return { name, ok: true, seconds: seconds(start) }
}

/** Finds Chromium or installs it: from the distribution as root, else Playwright's own download. */
async function provideChromium() {
  if (findChromium() === undefined) {
    say('No Chromium found: installing one.')
    const installed = process.getuid?.() === 0 && (await run(['sh', '-c', 'apt-get update && apt-get install -y chromium'], true)).ok
    if (!installed) await run(tool('playwright', 'install', 'chromium'), true)
  }
  const path = findChromium()
  if (path === undefined) throw new Error('Could not find or install Chromium. Install it, or set CHROMIUM_PATH to its executable.')
  process.env.CHROMIUM_PATH = path
}

/** Tests passed and failed, summed over the reports; a stage that failed without a failed test counts as one. */
function totals(done) {
  let passed = 0
  let failed = 0
  for (const stage of done) {
    let report = { numPassedTests: 0, numFailedTests: 0 }
    try {
      report = JSON.parse(readFileSync(join(reports, `${stage.name}.json`), 'utf8'))
    } catch {
      // A stage without tests, or one that died before its report.
    }
    passed += report.numPassedTests
    failed += stage.ok ? 0 : Math.max(1, report.numFailedTests)
  }
  return { passed, failed }
}

async function main(wanted) {
  const known = rows.flatMap((row) => Object.keys(row))
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`No stage is called ${unknown.join(', ')}. Stages: ${known.join(', ')}.`)
  const start = performance.now()
  const done = []
  for (const row of rows) {
    const stages = Object.entries(row).filter(([name]) => wanted.length === 0 || wanted.includes(name))
    if (stages.some(([name]) => needsChromium.includes(name))) await provideChromium()
    done.push(...(await Promise.all(stages.map(([name, commands]) => runStage(name, commands, stages.length === 1)))))
    if (done.some((stage) => !stage.ok)) break
  }

  const total = seconds(start)
  say('\nStage seconds')
  for (const stage of done) say(`  ${stage.ok ? '✓' : '✗'} ${stage.name.padEnd(12)}${stage.seconds.toFixed(1).padStart(7)}`)
  say(`    ${'total'.padEnd(12)}${total.toFixed(1).padStart(7)}`)
  const late = total > limitSeconds && process.env.CI === undefined
  if (late) say(`Too slow: ${total.toFixed(0)} s, more than ${limitSeconds} s. Make the slowest stage faster.`)
  const { passed, failed } = totals(done)
  say(`${passed} passed, ${failed + (late ? 1 : 0)} failed`)
  process.exitCode = failed > 0 || late ? 1 : 0
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  say(error.message)
  say('0 passed, 1 failed')
  process.exitCode = 1
} finally {
  rmSync(reports, { recursive: true, force: true })
}
