/** `chatloom conformance` as a process: what it reports, to readers and to machines, and with which exit code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sections } from '../../src/cli/report.js'
import { backendSuite } from '../../src/testing/index.js'
import { bundle } from '../bundle.mjs'
import { type Listening, listen } from '../server/dial.js'

const program = bundle('conformance', 'src/cli/main.ts')
let dev: ChildProcess
let url = ''
let closed: Listening

beforeAll(async () => {
  dev = spawn(process.execPath, [program.path, 'serve', '--dev', '--port', '0'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const greeting = await new Promise<string>((resolve) => dev.stdout?.once('data', (text) => resolve(String(text))))
  url = /ws:\/\/127\.0\.0\.1:\d+/.exec(greeting)?.[0] ?? ''
  const tokens: Record<string, string> = { ta: 'ann', tb: 'bob', te: 'eve' }
  closed = await listen({ auth: ({ token = '' }) => (tokens[token] ? { userId: tokens[token] } : null) })
  await closed.server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
})
afterAll(async () => {
  dev.kill()
  program.remove()
  await closed.close()
})

async function run(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(process.execPath, [program.path, 'conformance', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => {
    said.out += String(text)
  })
  child.stderr.on('data', (text) => {
    said.err += String(text)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, ...said }
}

it('names the sections as the page does, and every one that has a case', () => {
  const page = readFileSync('docs/protocol.md', 'utf8')
  for (const [number, title] of Object.entries(sections)) expect(page).toContain(`\n## ${number}. ${title}\n`)
  const asked = new Set(backendSuite({ url: 'http://nowhere' }).map(({ paragraph }) => paragraph.split('.')[0]))
  expect([...asked].sort()).toEqual(Object.keys(sections).sort())
})

it('passes `chatloom serve --dev` without being told anything, and says what it could not ask', { timeout: 60_000 }, async () => {
  const { code, out } = await run(url)
  expect(out).toMatch(/^docs\/protocol\.md asked of ws:.*\n\n§1 The wire +\d+ passed\n/)
  expect(out).toMatch(/\n {3}\d+ skipped, of §2\.1.*: it needs the hook put\n/)
  expect(out).toMatch(/\n\d{3} cases: 2\d\d passed, \d+ skipped\n$/)
  expect(code).toBe(0)
})

it('asks over server-sent events what it asks over WebSocket, and what is promised of them alone', { timeout: 60_000 }, async () => {
  const { code, out } = await run(url.replace('ws:', 'http:'), '--only', '3', '--only', 'sse')
  expect(out).toMatch(
    /^docs\/protocol\.md asked of http:.*\n\n§3 Starting a link +\d+ passed, 2 skipped\n(.*\n)+§16 Server-sent events +19 passed, 3 skipped\n/,
  )
  expect(out).toMatch(/\n {3}1 skipped, of §16\.3: no wrong token was given\n/)
  expect(code).toBe(0)
})

it('asks a server with real tokens about one conversation', { timeout: 60_000 }, async () => {
  const tokens = ['--token', 'ann=ta', '--token', 'bob=tb', '--token', 'eve=te']
  const { code, out } = await run(closed.url, ...tokens, '--conversation', 'c', '--wrong-token', 'x', '--only', 'core', '--json')
  const document = JSON.parse(out) as { failed: number; passed: number; results: { outcome: string; reason?: string }[] }
  expect(document.results.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  expect(document.passed).toBeGreaterThan(150)
  expect(code).toBe(0)
})

it('tells failures apart, and ends with 1', { timeout: 60_000 }, async () => {
  // Tokens the wrong way round: nobody is let in.
  const args = [closed.url, '--token', 'ann=tb', '--token', 'bob=ta', '--conversation', 'c', '--only', '10.1']
  const { code, out } = await run(...args)
  expect(out).toMatch(/\n✗ .*\n/)
  expect(out).toMatch(/expected .*welcome.*wrong-user/s)
  expect(code).toBe(1)
})

it('says what is wrong with what it was asked, and ends with 2', { timeout: 60_000 }, async () => {
  for (const [args, sentence] of [
    [[], 'One address is asked for.'],
    [['ftp://x'], 'The address must begin with ws://, wss://, http:// or https://'],
    [[url, '--token', 'ann'], 'USER=TOKEN'],
    [[url, '--token', 'ann=a'], 'at least two users'],
    [[url, '--only', 'nonsense'], 'No case is about nonsense'],
    [[url, '--conversation', ''], '--conversation was given without a value.'],
    [['ws://127.0.0.1:1'], 'ws://127.0.0.1:1 cannot be reached'],
  ] as const) {
    const { code, err } = await run(...args)
    expect([code, err]).toEqual([2, expect.stringContaining(sentence)])
  }
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: chatloom conformance/) })
})

it('gives up on a port that accepts and says nothing', async () => {
  const silent = createServer(() => {})
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { code, err } = await run(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  expect([code, err]).toEqual([2, expect.stringContaining('cannot be reached: Opening handshake has timed out')])
  silent.close()
})
