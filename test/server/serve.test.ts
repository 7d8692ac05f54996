/** `chatloom serve --dev` as a process: it greets, carries messages, keeps them, and drains on SIGTERM. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { bundle } from '../bundle.mjs'
import { dial, enter } from './dial.js'
import { enterSse } from './dial-sse.js'

const program = bundle('cli', 'src/cli/main.ts')
const data = mkdtempSync(join(tmpdir(), 'chatloom-'))

afterAll(() => {
  program.remove()
  rmSync(data, { recursive: true })
})

async function serve(...args: string[]): Promise<{ child: ChildProcess; url: string; greeting: string }> {
  const child = spawn(process.execPath, [program.path, 'serve', '--dev', '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const greeting = await new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(String(text))))
  return { child, greeting, url: /ws:\/\/127\.0\.0\.1:\d+/.exec(greeting)?.[0] ?? '' }
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))

async function run(...args: string[]): Promise<[unknown, string]> {
  const child = spawn(process.execPath, [program.path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += String(text)
    })
  }
  return [await new Promise((resolve) => child.on('close', resolve)), said]
}

const say = { type: 'operation', conversation: 'hello', localId: 'l1', try: 1, operation: { kind: 'send', content: 'hi' } } as const

it('begins conversations at the first open, keeps messages, and drains on SIGTERM', { timeout: 30_000 }, async () => {
  const first = await serve('--data', data)
  expect(first.greeting).toContain('this machine only')
  const [ann, bob] = [await enter(first.url, 'ann'), await enter(first.url, 'bob')]
  expect(await ann.ask({ type: 'open', conversation: 'hello' })).toMatchObject({ type: 'opened', memberCount: 1 })
  expect(await bob.ask({ type: 'open', conversation: 'hello' })).toMatchObject({ type: 'opened', memberCount: 2 })
  expect(await ann.next('people')).toEqual({ type: 'people', people: [{ user: 'bob', profile: { name: 'bob' } }] })
  expect(await ann.next('change')).toMatchObject({ change: { kind: 'member', user: 'bob', joined: true } })
  ann.send(say)
  expect(await bob.next('change')).toMatchObject({ change: { message: { content: 'hi' } } })
  await expect(dial(first.url, { origin: 'https://evil.example' })).rejects.toThrow('403')
  const gone = ended(first.child)
  first.child.kill('SIGTERM')
  expect((await ann.next('drain')).retryAfterMs).toBeGreaterThan(0)
  expect(await ann.closed).toEqual({ code: 4100, reason: 'drain' })
  expect(await gone).toEqual({ code: 0, signal: null })

  const second = await serve('--data', data)
  const again = await enter(second.url, 'bob')
  expect(await again.ask({ type: 'open', conversation: 'hello' })).toMatchObject({ rows: [{ content: 'hi', localId: 'l1' }] })
  const events = await enterSse(second.url, 'ann')
  events.destroy()
  await events.ended
  const health = await fetch(`${second.url.replace('ws', 'http')}/health`)
  // A link without a stream waits for the next one.
  expect(await health.json()).toEqual({ status: 'ok', links: 2 })
  expect((await fetch(second.url.replace('ws', 'http'))).status).toBe(404)
  const over = ended(second.child)
  second.child.kill('SIGTERM')
  await over
})

it('says what is wrong with its arguments', { timeout: 30_000 }, async () => {
  for (const [args, sentence] of [
    [[], 'No command was given'],
    [['sing'], 'There is no command "sing"'],
    [['serve'], 'Only --dev can be served'],
    [['serve', '--dev', '--port', 'x'], 'The port must be a number'],
    [['serve', '--dev', '--port='], 'The port must be a number from 0 to 65535, but is empty.'],
    [['serve', '--dev', '--data='], 'The folder for the database must be named'],
  ] as const)
    expect(await run(...args)).toEqual([1, expect.stringContaining(sentence)])
})

it('tells how it is used, when asked', { timeout: 30_000 }, async () => {
  for (const args of [['--help'], ['serve', '-h']])
    expect(await run(...args)).toEqual([0, expect.stringMatching(/^Usage: chatloom serve --dev/)])
})
