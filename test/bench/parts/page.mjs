/** What runs in the browser: the shipped client over the shipped IndexedDB storage, and the peer beside it. */
import { createChat, memoryStorage } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import Dexie from 'dexie'
import { decodeServerFrames } from '../../../src/protocol/codec.ts'
import { assertShown, rowAt, rowsIn, textsIn } from './log.mjs'
import { scriptedTransport } from './scripted.mjs'

const user = 'me'
const channel = new MessageChannel()
/** A macrotask without the 4 ms of a nested setTimeout. */
const turn = () =>
  new Promise((resolve) => {
    channel.port1.onmessage = resolve
    channel.port2.postMessage(null)
  })

/** The shipped storage, told of: `wrote` hears the rows of each commit once they are stored, `read` the prefix of each read. */
function watched(factory, { wrote = () => {}, read = () => {} }) {
  return (scope, to) => {
    const storage = factory(scope, to)
    return {
      ...storage,
      async read(range) {
        const rows = await storage.read(range)
        read(range.prefix)
        return rows
      },
      async commit(writes, how) {
        await storage.commit(writes, how)
        wrote(writes)
      },
    }
  }
}

async function sit({ conversations, heads, storage }) {
  const script = scriptedTransport({ decode: decodeServerFrames, user, heads })
  const chat = createChat({ user, transport: script.transport, ...(storage ? { storage } : {}) })
  const talks = conversations.map((id) => chat.conversation(id))
  const ends = talks.map((talk) => talk.timeline.subscribe(() => {}))
  chat.connect()
  while (!talks.every((talk) => talk.timeline.get().state === 'ready')) await turn()
  return { chat, talks, script, ends }
}

/** Storage that knows how far the log of `c0` is on disk; `reaches` waits for it without taking the processor from who writes. */
function followed(factory) {
  const disk = { head: 0, commits: 0 }
  let told = () => {}
  const wrote = (writes) => {
    disk.commits += 1
    for (const { kind, row } of writes) if (kind === 'put' && Array.isArray(row.value?.rows)) disk.head = row.value.head
    told()
  }
  const until = async (holds) => {
    while (!holds()) {
      await new Promise((resolve) => {
        told = resolve
      })
    }
  }
  const reaches = (head) => until(() => disk.head >= head)
  /** The database is there and has its first row. */
  const founded = () => until(() => disk.commits > 0)
  return { disk: { reaches, founded }, storage: watched(factory, { wrote }) }
}

/**
 * Says the log in bursts of 50, not further ahead of the disk than memory keeps rows for it; ends when all is on disk. The page
 * is hidden at the end: what is left goes at once, and nobody waits for the moment that gathers rows.
 */
async function sayAll(texts, script, disk) {
  const count = texts.length
  for (let i = 0; i < count; ) {
    for (const end = Math.min(count, i + 50); i < end; i++) script.hear(texts[i])
    await turn()
    await disk.reaches(i - 1_000)
  }
  window.dispatchEvent(new Event('pagehide'))
  await disk.reaches(count)
}

/** µs per message from the first of `count` frames until the last is on disk. */
async function write(count) {
  const { disk, storage } = followed(indexedDbStorage({ name: `bulk-${Math.random()}` }))
  const texts = textsIn('c0', 0, count)
  const { chat, talks, script } = await sit({ conversations: ['c0'], storage })
  // The database is there, as it is for the peers.
  await disk.founded()
  script.grew('c0', count)
  const startedMs = performance.now()
  await sayAll(texts, script, disk)
  const tookMs = performance.now() - startedMs
  await readBack(talks[0], count, script)
  await chat.logout()
  return (tookMs * 1_000) / count
}

/** Everything comes back from disk: nothing is asked of the server. */
async function readBack(talk, count, script) {
  script.asked()
  let next = count
  while (next > 0) {
    const { messages } = talk.timeline.get()
    for (let i = messages.findLastIndex(({ seq }) => seq <= next); i >= 0; i--, next--) assertShown(talk.id, messages[i], next)
    if (next > 0) await talk.loadOlder({ limit: 100 })
  }
  const asked = script.asked().filter((type) => type === 'history')
  if (asked.length > 0) throw new Error(`${asked.length} pages were not on disk.`)
}

/** µs per message for the same frames with the cache in memory: what of `write` is not the disk. */
async function ingest(count) {
  const { disk, storage } = followed(memoryStorage({ cacheBytes: 64_000_000 }))
  const texts = textsIn('c0', 0, count)
  const { chat, script } = await sit({ conversations: ['c0'], storage })
  script.grew('c0', count)
  const startedMs = performance.now()
  await sayAll(texts, script, disk)
  const tookMs = performance.now() - startedMs
  await chat.close()
  return (tookMs * 1_000) / count
}

/** The same rows by hand, 50 to a record. */
async function writeByHand(count) {
  const name = `hand-${Math.random()}`
  const db = await new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('pages')
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
  const rows = rowsIn('c0', 0, count)
  const startedMs = performance.now()
  for (let from = 0; from < count; from += 200) {
    const transaction = db.transaction('pages', 'readwrite', { durability: 'relaxed' })
    const pages = transaction.objectStore('pages')
    for (let at = from; at < from + 200; at += 50) pages.put(rows.slice(at, at + 50), ['c0', at / 50])
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve
      transaction.onabort = () => reject(transaction.error)
    })
  }
  const tookMs = performance.now() - startedMs
  db.close()
  indexedDB.deleteDatabase(name)
  return (tookMs * 1_000) / count
}

function dexie(name) {
  const db = new Dexie(name)
  db.version(1).stores({ messages: '[conversation+seq]' })
  return db
}

const record = (row) => ({ conversation: 'c0', ...row })

/** One record per message, as Dexie's users keep them, 200 to a transaction. */
async function writeByDexie(count, name = `dexie-${Math.random()}`, keep = false) {
  const db = dexie(name)
  await db.open()
  const rows = rowsIn('c0', 0, count).map(record)
  const startedMs = performance.now()
  for (let from = 0; from < count; from += 200) await db.messages.bulkPut(rows.slice(from, from + 200))
  const tookMs = performance.now() - startedMs
  if (keep) db.close()
  else await db.delete()
  return (tookMs * 1_000) / count
}

const cache = () => indexedDbStorage({ name: 'cold' })

/** Leaves a cache of `count` messages behind; of none, a database that is there and empty. */
async function leave(count) {
  const { disk, storage } = followed(cache())
  if (count === 0) {
    const chat = createChat({ user, transport: scriptedTransport({ decode: decodeServerFrames, user }).transport, storage })
    chat.conversation('c0').timeline.subscribe(() => {})
    await disk.founded()
    return chat.close()
  }
  const { chat, script, talks } = await sit({ conversations: ['c0'], storage })
  script.grew('c0', count)
  await sayAll(textsIn('c0', 0, count), script, disk)
  await readBack(talks[0], count, script)
  await chat.close()
}

const leaveDexie = (count) => writeByDexie(count, 'cold', true)

/** ms from navigation to a snapshot with 50 rows; `empty`: to the moment when the disk has said that it holds none. */
async function open(empty) {
  const done = {}
  const said = new Promise((resolve) => {
    done.now = () => resolve(performance.now())
  })
  const read = ([kind]) => empty && kind === 'm' && queueMicrotask(done.now)
  const chat = createChat({
    user,
    transport: scriptedTransport({ decode: decodeServerFrames, user }).transport,
    storage: watched(cache(), { read }),
  })
  const talk = chat.conversation('c0')
  talk.timeline.subscribe(({ messages }) => {
    if (messages.length >= 50) done.now()
  })
  const atMs = await said
  const { messages } = talk.timeline.get()
  if (!empty) for (const [i, message] of messages.entries()) assertShown('c0', message, 100_000 - messages.length + 1 + i)
  if (empty && messages.length > 0) throw new Error('The empty database was not empty.')
  return atMs
}

async function openDexie() {
  const db = dexie('cold')
  const rows = await db.messages
    .where('[conversation+seq]')
    .between(['c0', Dexie.minKey], ['c0', Dexie.maxKey])
    .reverse()
    .limit(50)
    .toArray()
  const atMs = performance.now()
  if (rows.length !== 50 || rows[0].id !== rowAt('c0', 100_000).id) throw new Error('Dexie did not hold the newest 50.')
  return atMs
}

/** ms to switch between conversations visited before, and what was asked of the server meanwhile. */
async function switches(count) {
  const conversations = Array.from({ length: 20 }, (_, i) => `c${i}`)
  const heads = Object.fromEntries(conversations.map((id) => [id, 1_000]))
  const { chat, script, ends } = await sit({ conversations, heads, storage: indexedDbStorage({ name: 'switch' }) })
  for (const end of ends) end()
  await turn()
  script.asked()
  const times = []
  const states = new Set()
  let end = () => {}
  for (let n = 0; n < count; n++) {
    const startedMs = performance.now()
    end()
    let shown
    end = chat.conversation(conversations[n % conversations.length]).timeline.subscribe((view) => {
      shown ??= view
    })
    times.push(performance.now() - startedMs)
    states.add(shown.state)
    if (shown.messages.length < 50) throw new Error(`A visited conversation showed ${shown.messages.length} messages.`)
    await turn()
  }
  // Receipts follow the disk, whoever is shown; a request waits for an answer.
  const asked = script.asked().filter((type) => ['open', 'history', 'inbox'].includes(type))
  await chat.logout()
  return { times, states: [...states], asked }
}

Object.assign(globalThis, { bench: { write, ingest, writeByHand, writeByDexie, leave, leaveDexie, open, openDexie, switches } })
const wanted = new URLSearchParams(location.search).get('open')
if (wanted) globalThis.opened = wanted === 'dexie' ? openDexie() : open(wanted === 'empty')
