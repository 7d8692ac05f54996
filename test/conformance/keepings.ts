/** Data that outlive the server's process: in memory, and in a SQLite file. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from '../../src/server/index.js'
import { createMemoryStore } from '../../src/server/memory-store.js'
import type { MemoryData } from '../../src/server/memory-tables.js'
import { openFile } from '../../src/server/sqlite/engine.js'
import type { Keeping } from './shipped.js'

export function inMemory() {
  let data: MemoryData = new Map()
  return {
    open: () => createMemoryStore(data),
    copy({ renew = true } = {}) {
      const kept = structuredClone(data)
      return () => {
        data = kept
        if (!renew) return
        for (const { conversations } of data.values())
          for (const conversation of conversations.values())
            conversation.record = { ...conversation.record, epoch: `${conversation.record.epoch}+` }
      }
    },
    dispose() {},
  } satisfies Keeping
}

export function inSqlite(): Keeping {
  const folder = mkdtempSync(join(tmpdir(), 'chatloom-'))
  const file = join(folder, 'chat.db')
  let backups = 0
  return {
    open: () => sqliteStore({ path: file }),
    copy() {
      const kept = join(folder, `backup-${++backups}.db`)
      for (const end of ['', '-wal']) if (existsSync(`${file}${end}`)) copyFileSync(`${file}${end}`, `${kept}${end}`)
      return () => {
        for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
        for (const end of ['', '-wal']) if (existsSync(`${kept}${end}`)) copyFileSync(`${kept}${end}`, `${file}${end}`)
        const { database, close } = openFile(file)
        database.exec("UPDATE conversations SET epoch = epoch || '+'")
        close()
      }
    },
    dispose: () => rmSync(folder, { recursive: true }),
  }
}
