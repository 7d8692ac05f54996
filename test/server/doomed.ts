/**
 * A chat server over a file, which kills itself (`SIGKILL`) at the n-th passing of a point, or drains at SIGTERM:
 *   statement   before a statement that writes           frame   before a text leaves on a socket
 *   commit      before a transaction is committed        acked   after one with an acknowledgement has left
 *   committed   after, before anybody hears of it        told    after one with a change has left, before those to others
 */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createChatServer, nodeHandler } from '../../src/server/index.js'
import { storeOver } from '../../src/server/ledger/store-over.js'
import { type Database, openFile, type Statement } from '../../src/server/sqlite/engine.js'
import { prepareSchema } from '../../src/server/sqlite/schema.js'
import { sqliteTables } from '../../src/server/sqlite/tables.js'

const [path = '', point = '', nth = '0', how = ''] = process.argv.slice(2)
let left = Number(nth)

function pass(at: string): void {
  if (at === point && --left === 0) process.kill(process.pid, 'SIGKILL')
}

/** `lazy`, for the control: most commits are left out, though what they would have stored is acknowledged. */
const isLazy = how === 'lazy'
let begun = false
let commits = 0

function mortal(statement: Statement, sql: string): Statement {
  const run = (...values: Parameters<Statement['run']>) => {
    pass(sql === 'COMMIT' ? 'commit' : 'statement')
    if (sql === 'COMMIT' && isLazy && ++commits % 5 > 0) return undefined
    if (sql.startsWith('BEGIN') && isLazy && begun) return undefined
    begun = sql !== 'COMMIT'
    const result = statement.run(...values)
    if (sql === 'COMMIT') pass('committed')
    return result
  }
  return { get: (...values) => statement.get(...values), all: (...values) => statement.all(...values), run }
}

const file = openFile(path)
const database: Database = {
  exec: (sql) => file.database.exec(sql),
  prepare: (sql) => mortal(file.database.prepare(sql), sql),
  close: () => file.close(),
}

const chat = createChatServer({
  store: storeOver(sqliteTables({ database, close: database.close }, prepareSchema(database, path))),
  auth: ({ token }) => (token ? { userId: token } : null),
})

const http = createServer(nodeHandler(chat.fetch))
chat.attach(http)
http.on('connection', (socket: Socket) => {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean
  socket.write = (...given: unknown[]) => {
    const text = String(given[0])
    pass('frame')
    const isTaken = write(...given)
    if (text.includes('"type":"ack"')) pass('acked')
    if (text.includes('"type":"change"')) pass('told')
    return isTaken
  }
})
process.once('SIGTERM', async () => {
  await chat.close({ drainMs: 20 })
  http.close()
  http.closeAllConnections()
})
await chat.conversations.put({ id: 'c', members: ['ann', 'bob', 'cid', 'dan'] })
// As text: a number is written in colours where those are asked for.
http.listen(0, '127.0.0.1', () => console.log(String((http.address() as AddressInfo).port)))
