/**
 * No room for the server's database: what it cannot store it refuses in passing, what it has acknowledged stays, and it goes on when there
 * is room again (L1–L6, L9). SQLite itself says that it is full, by `max_page_count`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { storeOver } from '../../src/server/ledger/store-over.js'
import { openFile } from '../../src/server/sqlite/engine.js'
import { prepareSchema } from '../../src/server/sqlite/schema.js'
import { sqliteTables } from '../../src/server/sqlite/tables.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { hurriedClock } from '../faults/hurried-clock.js'
import { person } from '../faults/people.js'
import { listen } from './dial.js'
import { readAll } from './read-all.js'

it('a full disk refuses in passing, loses nothing acknowledged, and goes on when there is room (L1–L6, L9)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
  const path = join(folder, 'chat.db')
  const file = openFile(path)
  const store = storeOver(sqliteTables(file, prepareSchema(file.database, path)))
  let refused = 0
  let refuses = () => {}
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error(_: string, fields: object) {
      expect(JSON.stringify(fields)).toContain('full')
      if (++refused === 30) refuses()
    },
  }
  const { server, url, close } = await listen({ store, logger })
  await server.conversations.put({ id: 'c', members: ['ann', 'bob'] })
  const clock = hurriedClock(20, 1)
  const [ann, bob] = ['ann', 'bob'].map((user) => person(user, webSocketTransport({ url, token: user, WebSocket }), clock)) as [
    ReturnType<typeof person>,
    ReturnType<typeof person>,
  ]
  const both = (holds: (one: typeof ann) => boolean) => Promise.all([ann, bob].map((one) => one.until(() => holds(one))))
  const isReady = ({ chat }: typeof ann) => chat.conversation('c').timeline.get().state === 'ready'
  await both(isReady)
  await Promise.all([ann.say(10), bob.say(10)])
  await both((one) => one.hasAll(10, 'delivered'))

  const { page_count: pages } = file.database.prepare('PRAGMA page_count').get() as { page_count: number }
  file.database.exec(`PRAGMA max_page_count = ${pages + 1}`)
  const isRefused = new Promise<void>((resolve) => {
    refuses = resolve
  })
  await Promise.all([ann.say(100), bob.say(100)])
  await isRefused
  const before = await readAll(store)
  const waiting = [ann, bob].flatMap(({ chat }) => chat.outbox.get())
  expect(waiting.length).toBeGreaterThan(0)
  expect(waiting.filter(({ status }) => status === 'failed')).toEqual([])
  const localIds = new Set(before.map(({ localId }) => localId))
  const sent = [ann, bob].flatMap(({ chat }) =>
    chat
      .conversation('c')
      .timeline.get()
      .messages.filter(({ seq }) => seq !== undefined),
  )
  expect(sent.filter(({ mine, localId }) => mine && !localIds.has(localId))).toEqual([])

  file.database.exec('PRAGMA max_page_count = 1000000')
  await both((one) => one.hasAll(110, 'delivered'))
  const after = await readAll(store)
  expect(after.slice(0, before.length)).toEqual(before)
  expect(after).toHaveLength(220)
  await Promise.all([ann, bob].map(({ chat }) => chat.close()))
  await close()
  rmSync(folder, { recursive: true })
})
