/** Finds an engine with the `node:sqlite` API, and opens one file for one process. */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

export type SqlValue = string | number | bigint | Uint8Array | null

export interface Statement {
  run(...values: SqlValue[]): unknown
  get(...values: SqlValue[]): unknown
  all(...values: SqlValue[]): unknown[]
}

export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

interface Engine {
  readonly DatabaseSync: new (path: string) => Database
}

/** What a file holds and what others may do with it meanwhile. */
export interface OpenFile {
  readonly database: Database
  close(): void
}

/**
 * WAL lets others read while this process writes; `synchronous = FULL` makes every commit wait for the disk.
 * The lock is a second, empty database held in an exclusive transaction: the operating system lets go of it when the process dies.
 */
export function openFile(path: string): OpenFile {
  const { DatabaseSync } = engine()
  mkdirSync(dirname(path), { recursive: true })
  const lock = new DatabaseSync(`${path}.lock`)
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new Error(
      `The chat store ${path} cannot be opened: another process has it open. Stop that process, or give this one its own file.`,
      { cause },
    )
  }
  try {
    return opened(new DatabaseSync(path), lock)
  } catch (error) {
    lock.close()
    throw error
  }
}

function opened(database: Database, lock: Database): OpenFile {
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = OFF')
  } catch (error) {
    database.close()
    throw error
  }
  return {
    database,
    close() {
      try {
        // What was committed stands in the file itself then, so that a copy of it is whole.
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } finally {
        // It stands in the log beside the file else, and the next to open it finds it there.
        database.close()
        lock.close()
      }
    },
  }
}

const candidates = ['node:sqlite', '@photostructure/sqlite'] as const

function engine(): Engine {
  const require = createRequire(import.meta.url)
  const causes: unknown[] = []
  for (const candidate of candidates) {
    try {
      return require(candidate) as Engine
    } catch (cause) {
      causes.push(cause)
    }
  }
  throw new Error(
    'SQLite cannot be loaded: this Node has no node:sqlite and its stand-in is not installed. Run: npm install @photostructure/sqlite',
    {
      cause: new AggregateError(causes),
    },
  )
}
