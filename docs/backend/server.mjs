import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value) => Number.isSafeInteger(value) && value >= 0
const isId = (value) => typeof value === 'string' && value !== '' && value.length <= 128 && value.isWellFormed()
const isPosition = (value) => isObject(value) && isId(value.epoch) && isCount(value.seq) && (value.tag === '' || isId(value.tag))
const isMaybe = (is) => (value) => value === undefined || is(value)
const kinds = {
  after: isMaybe(isId),
  token: isMaybe((value) => typeof value === 'string' && value.length <= 7000),
  position: isMaybe(isPosition),
  anchor: (value) => isObject(value) && isCount(value.before ?? value.after ?? value.around),
  operation: (value) => value !== undefined,
}
for (const name of ['user', 'device', 'lane', 'conversation', 'epoch', 'localId']) kinds[name] = isId
for (const name of ['version', 'link', 'request', 'limit', 'try', 'n']) kinds[name] = isCount
for (const name of ['atLeast', 'delivered', 'read']) kinds[name] = isMaybe(isCount)
/** The frames that this server knows, by their fields; all others are ignored. */
const frames = {
  hello: ['version', 'user', 'device', 'lane', 'link', 'token'],
  open: ['request', 'conversation', 'position'],
  unfollow: ['conversation'],
  history: ['request', 'conversation', 'epoch', 'anchor', 'limit', 'atLeast'],
  operation: ['conversation', 'localId', 'try', 'after', 'operation'],
  receipt: ['conversation', 'epoch', 'delivered', 'read'],
  ping: ['n'],
}
const fieldsOf = ({ type }) => (Object.hasOwn(frames, type) ? frames[type] : [])
const isFrame = (frame) => typeof frame?.type === 'string' && fieldsOf(frame).every((name) => kinds[name](frame[name]))

/** §1.3: what is deeper, longer or wider than §12 allows, or names `__proto__`, is not read. */
function isBounded(value, depth) {
  if (typeof value !== 'object' || value === null) return true
  const keys = Object.keys(value)
  return depth > 0 && keys.length <= 1000 && keys.every((key) => key !== '__proto__' && isBounded(value[key], depth - 1))
}
/** §1.4: the frames of a text, or undefined where the link must close. An operation out of bounds is one that nobody knows. */
function decode(text) {
  try {
    const value = JSON.parse(text)
    const isOver = (frame) => frame?.type === 'operation' && isObject(frame.operation) && !isBounded(frame.operation, 25)
    const list = (Array.isArray(value) ? value : [value]).map((frame) => (isOver(frame) ? { ...frame, operation: {} } : frame))
    return isBounded(list, 32) && list.every(isFrame) ? list.filter((frame) => fieldsOf(frame).length > 0) : undefined
  } catch {
    return undefined
  }
}

const limits = { followed: 50, window: 8, contentBytes: 32_768, pageRows: 100 }
const features = ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts']
const [conversations, links] = [new Map(), new Set()]
/** §2: one list of changes, and beside it the local ids, the watermarks of its members, and the links that follow. */
export function put(id, members) {
  const marks = new Map(members.map((user) => [user, { user, delivered: 0, read: 0 }]))
  conversations.set(id, { id, epoch: randomUUID(), log: [], outcomes: new Map(), marks, followers: new Set() })
}
const say = (link, frame) => link.ended || link.socket.send(JSON.stringify(frame))
const fail = (link, request, code, more) => say(link, { type: 'failed', request, code, ...more })
/** Nothing more is applied from a link that ended. */
function end(link, code) {
  link.ended = true
  links.delete(link)
  for (const { followers } of conversations.values()) followers.delete(link)
  link.socket.close(code)
}

/** §3: a token is a user's name here; put your own check in its place. */
function hello(link, { version, user, device, lane, link: number, token }) {
  const same = [...links].find((other) => other.user === user && other.device === device && other.lane === lane)
  const refuse = (code, closeCode) => [say(link, { type: 'refused', code }), end(link, closeCode)]
  if (link.user) return end(link, 4002)
  if (version !== 1) return refuse('unsupported-version', 4302)
  if (!token) return refuse('unauthorized', 4200)
  if (token !== user) return refuse('wrong-user', 4300)
  if (same?.number > number) return refuse('superseded', 4303)
  if (same) end(same, 4303)
  links.add(Object.assign(link, { user, device, lane, number }))
  say(link, { type: 'welcome', version: 1, user, time: Date.now(), heartbeatMs: 25_000, limits, features })
}
/** §12.1: as many messages as one answer holds, one at least. */
function within(messages, most) {
  let bytes = 0
  const over = messages.findIndex((message, n) => {
    bytes += Buffer.byteLength(JSON.stringify(message))
    return n === Math.min(most, limits.pageRows) || (n > 0 && bytes > 262_144)
  })
  return over === -1 ? messages : messages.slice(0, over)
}
const messagesOf = ({ log }, from, to) => log.slice(from, to).map(({ message }) => message)
const newest = (conversation, to, most) => within(messagesOf(conversation, 0, to).reverse(), most).reverse()
const tagAt = ({ log }, seq) => (seq === 0 ? '' : log[seq - 1]?.tag)
/** §5.2 and §5.4 */
function resetOf(conversation, position) {
  if (!position) return 'first'
  if (position.epoch !== conversation.epoch) return 'epoch'
  if (position.seq > conversation.log.length) return 'ahead'
  return tagAt(conversation, position.seq) === position.tag ? undefined : 'tag'
}
/** §5.1: subscribe first, then read; here nothing can come between. */
function open(link, { request, position }, conversation) {
  const { id, epoch, log, marks, followers } = conversation
  if (link.known.size >= limits.followed && !followers.has(link)) return fail(link, request, 'too-large')
  followers.add(link)
  const head = log.length
  link.known.set(id, head)
  const reset = resetOf(conversation, position)
  const rows = reset ? newest(conversation, head, 50) : within(messagesOf(conversation, position.seq), limits.pageRows)
  const from = reset ? head - rows.length : position.seq
  const to = from + rows.length
  const own = rows.filter(({ author }) => author === link.user).map(({ localId, seq }) => ({ localId, seq }))
  const members = [...marks.keys()].map((user) => ({ user, joined: 0 }))
  const unread = messagesOf(conversation, marks.get(link.user).read).filter(({ author }) => author !== link.user).length
  const range = { reset, from, to, tag: tagAt(conversation, to), head, more: to < head, floor: 0, hidden: [], rows, own }
  const people = { profile: {}, memberCount: marks.size, members, people: [], marks: [...marks.values()] }
  const counted = { unread: { count: Math.min(unread, 100), more: unread > 100 } }
  say(link, { type: 'opened', request, conversation: id, epoch, ...range, ...people, ...counted })
}

/** §6: every change is a message here, so that places are the numbers of changes. */
function history(link, { request, epoch: asked, anchor: { before, after, around = 0 }, limit, atLeast = 0 }, conversation) {
  const { id, epoch, log } = conversation
  const asOf = log.length
  if (asked === epoch && atLeast > asOf) return fail(link, request, 'unavailable', { retryAfterMs: 1000 })
  const start = Math.min(after ?? Math.max(0, around - Math.ceil(limit / 2)), asOf)
  const last = Math.min(Math.max((before ?? 1) - 1, 0), asOf)
  const rows = before === undefined ? within(messagesOf(conversation, start), limit) : newest(conversation, last, limit)
  const from = before === undefined ? start : last - rows.length
  say(link, { type: 'page', request, conversation: id, epoch, asOf, from, to: from + rows.length, rows, people: [] })
}

/** §7: the first outcome of a local id is its outcome for ever; undefined: it was taken back. */
function operation(link, { conversation: id, localId, try: transmission, after, operation: { kind, content } }, conversation) {
  const reject = (code, final) => say(link, { type: 'reject', conversation: id, localId, try: transmission, code, final })
  if (kind !== 'void' && (kind !== 'send' || content === undefined)) return reject('unsupported', true)
  if (kind === 'send' && Buffer.byteLength(JSON.stringify(content)) > limits.contentBytes) return reject('too-large', true)
  if (!conversation) return reject('not-found', true)
  const { epoch, log, outcomes } = conversation
  const key = (one) => JSON.stringify([link.user, one])
  if (!outcomes.has(key(localId))) {
    if (after !== undefined && !outcomes.has(key(after))) return reject('out-of-order', false)
    outcomes.set(key(localId), kind === 'send' ? append(conversation, { author: link.user, localId, content }) : undefined)
  }
  const seq = outcomes.get(key(localId))
  say(link, { type: 'ack', conversation: id, localId, epoch, seq, message: log[seq - 1]?.message })
}
function append({ id, epoch, log, followers }, draft) {
  const seq = log.length + 1
  const tag = randomUUID()
  const message = { id: randomUUID(), seq, index: seq - 1, rev: seq, at: Date.now(), ...draft }
  log.push({ tag, message })
  for (const link of followers) say(link, { type: 'change', conversation: id, epoch, seq, tag, change: { kind: 'message', message } })
  return seq
}
/** §8: watermarks only rise, and never above the head. */
function receipt(link, { epoch, delivered = 0, read = 0 }, conversation) {
  if (!conversation) return
  const { id, log, marks, followers } = conversation
  const held = marks.get(link.user)
  const rise = (mark, asked) => (epoch === conversation.epoch ? Math.max(mark, Math.min(asked, log.length)) : mark)
  const mark = { user: link.user, delivered: rise(held.delivered, Math.max(delivered, read)), read: rise(held.read, read) }
  marks.set(link.user, mark)
  if (followers.has(link)) link.known.set(id, rise(link.known.get(id), Math.max(delivered, read)))
  const own = [...links].filter(({ user }) => user === link.user)
  for (const to of new Set([...followers, ...own])) say(to, { type: 'marks', conversation: id, epoch: conversation.epoch, marks: [mark] })
}
/** §10.2: every head that this link has not shown to know of. */
function ping(link, { n }) {
  const moved = [...conversations.values()].filter(({ id, log, followers }) => followers.has(link) && log.length > link.known.get(id))
  say(link, { type: 'pong', n, heads: moved.map(({ id, epoch, log }) => ({ conversation: id, epoch, seq: log.length })) })
}
const unfollow = (link, { conversation: id }) => link.known.delete(id) && conversations.get(id).followers.delete(link)
const verbs = { hello, open, unfollow, history, operation, receipt, ping }
/** §3.1: the first text is one hello. §1.4: every text is applied whole or not at all. §5.8: strangers find nothing. */
function hear(link, data, isBinary) {
  const list = isBinary || (!link.user && data.length > 8192) ? undefined : decode(data.toString())
  const isFirst = list?.length === 1 && list[0].type === 'hello'
  if (!list || (!link.user && !isFirst)) return end(link, 4002)
  for (const frame of list) {
    const conversation = conversations.get(frame.conversation)
    const found = conversation?.marks.has(link.user) ? conversation : undefined
    if (!found && frame.request !== undefined) fail(link, frame.request, 'not-found')
    else verbs[frame.type](link, frame, found)
  }
}
export const http = createServer((_request, response) => response.writeHead(404).end())
new WebSocketServer({ server: http, maxPayload: 65_536 }).on('connection', (socket) => {
  const link = { socket, known: new Map(), ended: false }
  setTimeout(() => link.user || end(link, 4003), 5000).unref()
  socket.on('message', (data, isBinary) => link.ended || hear(link, data, isBinary))
  socket.on('error', () => end(link, 4002))
  socket.on('close', () => end(link))
})

if (process.argv[1] === import.meta.filename) {
  put('hello', ['ann', 'bob'])
  http.listen(8788, '127.0.0.1', () => console.log('ann and bob talk in "hello" at ws://127.0.0.1:8788'))
}
