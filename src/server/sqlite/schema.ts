/** The tables of the SQLite store, and what is asked of them. A file says its version in `user_version`. */
import type { Database, Statement } from './engine.js'
import { bound } from './text.js'

const version = 3

const linesTable =
  'CREATE TABLE lines (tenant TEXT NOT NULL, begun INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (tenant, begun)) WITHOUT ROWID;'

const tables = `
CREATE TABLE conversations (
  cid INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL, epoch TEXT NOT NULL, head INTEGER NOT NULL, tag TEXT NOT NULL,
  messages INTEGER NOT NULL, members INTEGER NOT NULL, profile TEXT NOT NULL, history TEXT NOT NULL, stamp INTEGER NOT NULL,
  UNIQUE (tenant, id));
CREATE TABLE seats (
  cid INTEGER NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL, active INTEGER NOT NULL, stints TEXT NOT NULL,
  delivered INTEGER NOT NULL, read INTEGER NOT NULL, stamp INTEGER NOT NULL,
  marked_at INTEGER NOT NULL DEFAULT 0, marked_rev INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (cid, user)) WITHOUT ROWID;
CREATE INDEX seats_of_user ON seats (tenant, user);
CREATE TABLE changes (
  cid INTEGER NOT NULL, seq INTEGER NOT NULL, tag TEXT NOT NULL, message INTEGER NOT NULL, user TEXT NOT NULL, local_id TEXT NOT NULL,
  PRIMARY KEY (cid, seq)) WITHOUT ROWID;
CREATE TABLE messages (
  cid INTEGER NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, rev INTEGER NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
  author TEXT NOT NULL, local_id TEXT, content TEXT, deleted INTEGER NOT NULL, PRIMARY KEY (cid, seq)) WITHOUT ROWID;
CREATE TABLE local_ids (
  cid INTEGER NOT NULL, author TEXT NOT NULL, local_id TEXT NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (cid, author, local_id)) WITHOUT ROWID;
CREATE TABLE people (tenant TEXT NOT NULL, user TEXT NOT NULL, profile TEXT NOT NULL, PRIMARY KEY (tenant, user)) WITHOUT ROWID;
CREATE TABLE stamps (tenant TEXT PRIMARY KEY, stamp INTEGER NOT NULL) WITHOUT ROWID;
${linesTable}
PRAGMA user_version = ${version};
`

/** What a file of format 1 lacks. */
const since1 = `
ALTER TABLE seats ADD COLUMN marked_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE seats ADD COLUMN marked_rev INTEGER NOT NULL DEFAULT 0;`

/** What a file of format 2 lacks. */
const since2 = `
${linesTable}
PRAGMA user_version = ${version};`

/** In files of every age; the same words as in the query, else it is not used. */
const joinedAt = "json_extract(stints, '$[#-1].joined')"
const indexes = `CREATE INDEX IF NOT EXISTS seats_newest ON seats (cid, active, ${joinedAt} DESC, user)`

const seatedStamp = 'CASE s.active WHEN 1 THEN max(s.stamp, c.stamp) ELSE s.stamp END'
const seated = `SELECT s.*, c.tenant, c.id, c.epoch, c.head, c.tag, c.messages, c.members, c.profile, c.history,
  c.stamp AS conversation_stamp, ${seatedStamp} AS seated_stamp
  FROM seats s JOIN conversations c ON c.cid = s.cid
  WHERE s.tenant = ? AND s.user = ? AND seated_stamp > ? AND seated_stamp <= ?`

const queries = {
  conversation: 'SELECT * FROM conversations WHERE tenant = ? AND id = ?',
  addConversation: `INSERT INTO conversations (tenant, id, epoch, head, tag, messages, members, profile, history, stamp)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING cid`,
  setConversation:
    'UPDATE conversations SET epoch = ?, head = ?, tag = ?, messages = ?, members = ?, profile = ?, history = ?, stamp = ? WHERE cid = ?',
  seat: 'SELECT * FROM seats WHERE cid = ? AND user = ?',
  putSeat: `INSERT OR REPLACE INTO seats (cid, tenant, user, active, stints, delivered, read, stamp, marked_at, marked_rev)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  seats: 'SELECT * FROM seats WHERE cid = ? AND active = 1 ORDER BY user LIMIT ?',
  newest: `SELECT user FROM seats WHERE cid = ? AND active = 1 ORDER BY ${joinedAt} DESC, user LIMIT ?`,
  seatedOldest: `${seated} ORDER BY seated_stamp LIMIT ?`,
  seatedNewest: `${seated} ORDER BY seated_stamp DESC LIMIT ?`,
  conversationsOf: 'SELECT c.id FROM seats s JOIN conversations c ON c.cid = s.cid WHERE s.tenant = ? AND s.user = ? AND s.active = 1',
  localId: 'SELECT seq FROM local_ids WHERE cid = ? AND author = ? AND local_id = ?',
  putLocalId: 'INSERT OR REPLACE INTO local_ids (cid, author, local_id, seq) VALUES (?, ?, ?, ?)',
  tag: 'SELECT tag FROM changes WHERE cid = ? AND seq = ?',
  putChange: 'INSERT INTO changes (cid, seq, tag, message, user, local_id) VALUES (?, ?, ?, ?, ?, ?)',
  changes: 'SELECT * FROM changes WHERE cid = ? AND seq > ? AND seq <= ? ORDER BY seq',
  message: 'SELECT * FROM messages WHERE cid = ? AND seq = ?',
  putMessage: `INSERT OR REPLACE INTO messages (cid, seq, idx, rev, id, at, author, local_id, content, deleted)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  messagesOldest: 'SELECT * FROM messages WHERE cid = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?',
  messagesNewest: 'SELECT * FROM messages WHERE cid = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?',
  countMessages: 'SELECT count(*) AS n FROM messages WHERE cid = ? AND seq >= ? AND seq <= ?',
  countUnread:
    'SELECT count(*) AS n FROM (SELECT 1 FROM messages WHERE cid = ? AND seq > ? AND seq < ? AND author <> ? AND deleted = 0 LIMIT ?)',
  person: 'SELECT profile FROM people WHERE tenant = ? AND user = ?',
  putPerson: 'INSERT OR REPLACE INTO people (tenant, user, profile) VALUES (?, ?, ?)',
  lastStamp: 'SELECT stamp FROM stamps WHERE tenant = ?',
  nextStamp: 'INSERT INTO stamps (tenant, stamp) VALUES (?, 1) ON CONFLICT (tenant) DO UPDATE SET stamp = stamp + 1 RETURNING stamp',
  lines: 'SELECT name, begun AS "from" FROM lines WHERE tenant = ? ORDER BY begun',
  putLine: 'INSERT OR REPLACE INTO lines (tenant, begun, name) VALUES (?, ?, ?)',
  dropLines:
    'DELETE FROM lines WHERE tenant = ? AND begun < (SELECT begun FROM lines WHERE tenant = ? ORDER BY begun DESC LIMIT 1 OFFSET ?)',
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
} as const

export type Queries = { readonly [Name in keyof typeof queries]: Statement }

/** Makes the tables in a new file, brings an older one to this format; refuses a file of a newer chatloom. */
export function prepareSchema(database: Database, path: string): Queries {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (found > version)
    throw new Error(
      `The chat store ${path} cannot be opened: a newer chatloom wrote it (format ${found}, known is ${version}). Update chatloom.`,
    )
  if (found < version) migrate(database, found === 0 ? tables : (found === 1 ? since1 : '') + since2)
  database.exec(indexes)
  return Object.fromEntries(Object.entries(queries).map(([name, sql]) => [name, asking(database.prepare(sql))])) as unknown as Queries
}

/** All of it or nothing; what is begun must be ended, or the file could not be closed either. */
function migrate(database: Database, sql: string): void {
  database.exec('BEGIN')
  try {
    database.exec(`${sql} COMMIT;`)
  } catch (error) {
    try {
      database.exec('ROLLBACK')
    } catch {
      // A full disk has rolled back already. The first error tells what happened.
    }
    throw error
  }
}

function asking(statement: Statement): Statement {
  return {
    run: (...values) => statement.run(...values.map(bound)),
    get: (...values) => statement.get(...values.map(bound)),
    all: (...values) => statement.all(...values.map(bound)),
  }
}
