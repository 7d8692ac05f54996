/**
 * One of a room reads nothing for a while: it costs the server no more than it may, it costs the others nothing, and it has everything
 * once it reads again (L3–L5). The slow one is a shipped chat; how late the others hear is measured with it and without, in turns: the
 * median of the rounds counts, for a machine that stands still for a moment does so in one of them.
 *   ROUNDS=5 npm run soak -- slow
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { dial, hello } from './dial.js'
import { launch, program } from './program.js'

const rounds = Number(process.env.ROUNDS ?? 1)
const isMeasured = process.env.ROUNDS !== undefined
const mebibyte = 1024 * 1024
/** Of each message, and how many a second. */
const [bytes, perSecond] = [30_000, 100]
const readers = 4

const harbour = program('harbour')
const slowReader = program('slow-reader')
const folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
const server = launch(harbour.path, join(folder, 'chat.db'), 0, 0, 1, readers + 2)
afterAll(async () => {
  server.child.kill('SIGKILL')
  await server.over
  harbour.remove()
  slowReader.remove()
  rmSync(folder, { recursive: true })
})

const tokenOf = (userId: string) => JSON.stringify({ userId })
const now = () => performance.timeOrigin + performance.now()

/** Calls `heard` with how late each message came, ms. */
async function reader(url: string, user: string, heard: (lateMs: number) => void): Promise<WebSocket> {
  const { socket, send, next } = await dial(url)
  send(hello(user, { token: tokenOf(user) }))
  await next('welcome')
  send({ type: 'open', conversation: 'r0', request: 1 })
  await next('opened')
  socket.removeAllListeners('message')
  socket.on('message', (data) => {
    const at = now()
    for (const [, sentAt] of String(data).matchAll(/"change":.{0,200}?"at":(\d+\.\d+)/g)) heard(at - Number(sentAt))
  })
  return socket
}

const quantile = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN
const p99 = (values: readonly number[]) => quantile(values, 0.99)

it('a slow consumer is cut at a mebibyte, harms nobody, and catches up with everything (L3–L5)', {
  timeout: 60_000 * (rounds + 1),
}, async () => {
  await server.ask('listening')
  const url = `ws://127.0.0.1:${await server.ask('port')}`
  /** Of each round, in ms. */
  const late: Record<'with' | 'without', number[]>[] = []
  let heard: number[] = []
  const sockets = await Promise.all(Array.from({ length: readers }, (_, i) => reader(url, `u${i + 2}`, (ms) => heard.push(ms))))
  const slow = launch(slowReader.path, url)
  // What it takes to catch up in its own process is not the server's doing: it has what the others leave.
  setPriority(Number(slow.child.pid), constants.priority.PRIORITY_LOW)
  await slow.ask('open')

  const author = await dial(url)
  author.send(hello('u1', { token: tokenOf('u1') }))
  await author.next('welcome')
  author.socket.removeAllListeners('message')
  let said = 0
  const say = () => {
    const content = { at: now(), n: ++said, pad: 'x'.repeat(bytes) }
    author.send({ type: 'operation', conversation: 'r0', localId: `m${said}`, try: 1, operation: { kind: 'send', content } })
  }
  const saying = setInterval(say, 1_000 / perSecond)
  try {
    for (let round = 1; round <= rounds; round++) {
      const turns = { with: [] as number[], without: [] as number[] }
      late.push(turns)
      heard = turns.with
      const from = said
      await slow.ask('stall')
      await server.ask('cut', round)
      await slow.ask('goOn', said)
      heard = turns.without
      const until = said + (said - from)
      while (said < until) await new Promise<void>((resolve) => author.socket.once('message', () => resolve()))
    }
  } finally {
    clearInterval(saying)
  }
  const { heard: read, ports } = (await slow.ask('all', said)) as { heard: number[]; ports: number[] }
  expect(read).toEqual(read.map((_, i) => i + 1))
  expect(read).toHaveLength(said)

  const waited = (await Promise.all(ports.map((port) => server.ask('waited', port)))) as number[]
  const most = Math.max(...waited)
  expect(most).toBeGreaterThan(mebibyte / 2)
  expect(most).toBeLessThanOrEqual(1.1 * mebibyte)
  const ratios = late.map((round) => p99(round.with) / p99(round.without))
  const told = late.map((round, n) => `${p99(round.with).toFixed(1)} to ${p99(round.without).toFixed(1)} ms: ${ratios[n]?.toFixed(2)}×`)
  console.info(
    [
      `${said} messages of ${bytes} B, cut ${ports.length - 1} times; most that waited at the server ${(most / mebibyte).toFixed(3)} MiB`,
      `others heard at p99, with it to without: ${told.join(', ')}; median ${quantile(ratios, 0.5).toFixed(2)}×`,
    ].join('\n'),
  )
  if (isMeasured) expect(quantile(ratios, 0.5)).toBeLessThanOrEqual(1.2)
  for (const socket of [...sockets, author.socket]) socket.terminate()
  slow.child.kill()
})
