/** L1 at the server: what was acknowledged is there after `kill -9`, once, in its place. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sqliteStore } from '../../src/server/index.js'
import { seeded } from '../../src/testing/index.js'
import { program } from './program.js'
import { readAll } from './read-all.js'

const rounds = Number(process.env.ROUNDS ?? 5)
const seed = Number(process.env.SEED ?? 1)

it(`loses nothing acknowledged over ${rounds} kills: seed ${seed}`, { timeout: 60_000 + rounds * 5_000 }, async () => {
  const random = seeded(seed)
  const victim = program('victim')
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
  const path = join(folder, 'chat.db')
  const acked = new Map<string, number>()
  for (let round = 1; round <= rounds; round++) await killAfter(victim.path, [path, `r${round}`], 20 + Math.floor(random() * 800), acked)
  const store = sqliteStore({ path })
  const rows = await readAll(store)
  await store.close()
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i + 1))
  expect(rows.map((row) => row.index)).toEqual(rows.map((_, i) => i))
  expect(new Set(rows.map((row) => row.localId)).size).toBe(rows.length)
  const places = new Map(rows.map((row) => [row.localId, row.seq]))
  expect([...acked].filter(([localId, seq]) => places.get(localId) !== seq)).toEqual([])
  expect(acked.size).toBeGreaterThanOrEqual(rounds * 20)
  rmSync(folder, { recursive: true })
  victim.remove()
})

/** Runs the program until it has said so many lines, kills it, and notes every whole line. */
async function killAfter(program: string, args: readonly string[], lines: number, acked: Map<string, number>): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (data) => {
    said += String(data)
    if (said.split('\n').length > lines) child.kill('SIGKILL')
  })
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.on('close', (...how) => resolve(how)))
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  for (const line of said.split('\n').slice(0, -1)) {
    const [localId = '', seq] = line.split(' ')
    expect(Number(seq)).toBeGreaterThan(0)
    acked.set(localId, Number(seq))
  }
}
