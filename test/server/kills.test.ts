/**
 * A real server, killed at drawn points between any two of its writes, under four shipped chats over real sockets: nothing acknowledged
 * is lost, nothing stored is undone, nothing is doubled or disordered (L1–L6, L9).
 *   SEED=1 SEEDS=15 npm run soak -- kills
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { sqliteStore } from '../../src/server/index.js'
import type { MessageRow } from '../../src/protocol/frames.js'
import { seeded } from '../../src/testing/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { hurriedClock } from '../faults/hurried-clock.js'
import { type Person, person } from '../faults/people.js'
import { program } from './program.js'
import { readAll } from './read-all.js'

const { SEED = '1', SEEDS = '1' } = process.env
const seeds = Array.from({ length: Number(SEEDS) }, (_, i) => Number(SEED) + i)

/** One life has each of these ends, in a drawn order; at the most so many passings of the point before it. */
const ends = { outside: 0, drain: 0, statement: 100, commit: 12, committed: 12, frame: 60, acked: 12, told: 40 } as const
type End = keyof typeof ends

/** A conversation stays below the 400 messages that a window holds. */
const turns = 7
const atOnce = 3

const doomed = program('doomed')
const tally = new Map<string, number>()
afterAll(() => {
  doomed.remove()
  console.info([...tally].map(([what, times]) => `${String(times).padStart(7)}  ${what}`).join('\n'))
})
const count = (what: string, times = 1) => tally.set(what, (tally.get(what) ?? 0) + times)

/** Nobody listens there; a server may die before it does. */
const nowhere = 'ws://127.0.0.1:1'

interface Server {
  readonly child: ChildProcess
  readonly url: string
  /** Resolves with the signal that ended it, or null. */
  readonly over: Promise<string | null>
  isOver(): boolean
}

async function start(path: string, how: string, point: End | 'none' = 'none', nth = 0): Promise<Server> {
  const child = spawn(process.execPath, [doomed.path, path, point, String(nth), how], { stdio: ['ignore', 'pipe', 'inherit'] })
  let isOver = false
  const over = new Promise<string | null>((resolve) =>
    child.on('close', (_, signal) => {
      isOver = true
      resolve(signal)
    }),
  )
  const listening = new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(`ws://127.0.0.1:${String(text).trim()}`)))
  const url = await Promise.race([listening, over.then(() => nowhere)])
  return { child, url, over, isOver: () => isOver }
}

/** What people were shown and the log does not hold: an own message acknowledged, or any message at its place. */
function missing(people: readonly Person[], rows: readonly MessageRow[]): unknown[] {
  const localIds = new Set(rows.map(({ localId }) => localId))
  const places = new Map(rows.map(({ id, seq }) => [id, seq]))
  return people.flatMap(({ chat }) => {
    const { messages } = chat.conversation('c').timeline.get()
    return messages.filter(({ id, localId, seq, status, mine }) => {
      const isAcked = mine && (status === 'sent' || status === 'delivered' || status === 'read')
      return (isAcked && !localIds.has(localId)) || (seq !== undefined && places.get(id ?? '') !== seq)
    })
  })
}

async function check(path: string, before: readonly MessageRow[], people: readonly Person[]): Promise<MessageRow[]> {
  const store = sqliteStore({ path })
  const rows = await readAll(store)
  await store.close()
  expect(rows.slice(0, before.length)).toEqual(before)
  expect(rows.map(({ index }) => index)).toEqual(rows.map((_, i) => i))
  expect(new Set(rows.map(({ localId }) => localId)).size).toBe(rows.length)
  expect(missing(people, rows)).toEqual([])
  return rows
}

async function live(seed: number, how = ''): Promise<void> {
  const random = seeded(seed)
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
  const path = join(folder, 'chat.db')
  const clock = hurriedClock(20, seed)
  let url = nowhere
  let server: Server | undefined
  const enter = (user: string) => person(user, webSocketTransport({ url: () => url, token: user, WebSocket, connectTimeoutMs: 500 }), clock)
  const people = ['ann', 'bob', 'cid', 'dan'].map(enter)
  const [ann, bob] = people as [Person, Person]
  const isIdle = ({ chat }: Person) => chat.outbox.get().length === 0
  let said = 0
  const talk = async (times: number) => {
    said += times
    await Promise.all([ann.say(times), bob.say(times)])
  }

  let rows: MessageRow[] = []
  const kill = async (signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL') => {
    server?.child.kill(signal)
    expect(await server?.over).toBe(signal === 'SIGKILL' ? signal : null)
    rows = await check(path, rows, people)
  }
  try {
    server = await start(path, how)
    url = server.url
    // Who comes in later is shown the newest page alone.
    await Promise.all(people.map((one) => one.until(() => one.chat.conversation('c').timeline.get().state === 'ready')))
    await kill()
    const drawn = (Object.keys(ends) as End[]).map((end) => ({ end, at: random() })).sort((a, b) => a.at - b.at)
    for (const { end } of drawn) {
      server = await start(path, how, end, 1 + Math.floor(random() * ends[end]))
      url = server.url
      for (let turn = 0; turn < turns && !server.isOver(); turn++) {
        await talk(atOnce)
        if (end === 'outside' && turn > random() * turns) break
        await Promise.race([server.over, ...[ann, bob].map((one) => one.until(() => isIdle(one)))])
      }
      count(end === 'drain' ? 'drained' : server.isOver() ? `killed itself: ${end}` : 'killed from outside')
      await kill(end === 'drain' ? 'SIGTERM' : 'SIGKILL')
    }
    server = await start(path, how)
    url = server.url
    await talk(atOnce)
    await Promise.all(people.map((one) => one.until(() => one.hasAll(said, 'delivered'))))
    await Promise.all(people.map(({ chat }) => chat.close()))
    await kill()
    expect(rows).toHaveLength(said * 2)
    count('messages', rows.length)
  } finally {
    server?.child.kill('SIGKILL')
    await Promise.all(people.map(({ chat }) => chat.close()))
    rmSync(folder, { recursive: true })
  }
}

describe('a server that is killed between any two writes', () => {
  it.each(seeds)('loses nothing acknowledged, undoes, doubles and disorders nothing: seed %i (L1–L6, L9)', { timeout: 60_000 }, (seed) =>
    live(seed),
  )

  it('is noticed when it acknowledges what it has not committed', () => expect(live(1, 'lazy')).rejects.toThrow(/expected|lost/))
})
