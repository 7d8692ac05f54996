/**
 * What a message costs from the text frame to the snapshot that shows it (A5): the shipped client over a transport that
 * hands over text. Every publish is read; at the end of each round everything is read back and compared.
 * Limit: JSON.parse, a Map by id, a push into a sorted array. Peer: stream-chat's client fed with its own events as text.
 */
import { performance } from 'node:perf_hooks'
import { textsIn } from './parts/log.mjs'
import { limitIngest, limitPage } from './parts/limit.mjs'
import { cpuWatch, interleaved } from './parts/rounds.mjs'
import { join, readBack, sit, until } from './parts/sitting.mjs'
import { streamIngest, streamPage } from './parts/stream-chat.mjs'
import { table } from './parts/table.mjs'

const found = table()
const perMessage = (ms, count) => (ms * 1_000) / count

let joined = 0

/**
 * CPU µs per message for `count` live messages in a new conversation, `burst` of them in one tick; those before `from` do not count.
 * The chat is one that has been running, as a page's chat is: the limit too is measured in compiled code.
 */
async function ingest(seat, { count, burst = 1, from = 0, order = (i) => i, check = true }) {
  const { script, listener } = seat
  const id = `c${++joined}`
  const { talk, end } = await join(seat, id)
  const said = textsIn(id, 0, count)
  script.grew(id, count)
  let newest = 0
  listener.seen = ({ messages }) => {
    newest = messages[messages.length - 1]?.seq ?? 0
  }
  let watch = cpuWatch()
  for (let i = 0; i < count; ) {
    if (i === from) watch = cpuWatch()
    for (const end = Math.min(count, i + burst); i < end; i++) script.hear(said[order(i)])
    // Two: the frames of a tick become one step, the step becomes one publish.
    await null
    await null
    if (newest < i) await until(() => newest >= i)
  }
  const tookMs = watch()
  if (check) await readBack(talk, count)
  listener.seen = () => {}
  end()
  return perMessage(tookMs, count - from)
}

/** The same in a chat of its own, whose closures have not run before. */
async function ingestCold(count) {
  const seat = await sit({ conversations: [] })
  const perMessageUs = await ingest(seat, { count })
  await seat.chat.close()
  return perMessageUs
}

/** Within each 8 the last comes first: every 8th frame finds a hole. */
const shuffled = (i) => i - (i % 8) + ((i + 7) % 8)

async function live() {
  const count = 10_000
  const seat = await sit({ conversations: [] })
  // As new to the process as what the chat gets: a text parsed before is parsed again for less.
  const limit = () => limitIngest(textsIn(`limit${++joined}`, 0, count), count)
  const one = await interleaved(
    {
      limit,
      single: () => ingest(seat, { count }),
      burst: () => ingest(seat, { count, burst: 50 }),
      shuffled: () => ingest(seat, { count, burst: 48, order: (i) => Math.min(shuffled(i), count - 1) }),
      peer: () => streamIngest(count),
    },
    { rounds: 15 },
  )
  // Ten milliseconds of code that is not compiled yet: one round may take twice what the next takes, and only many say something.
  const first = await interleaved({ limit, cold: () => ingestCold(1_000) }, { rounds: 80 })
  const peer = ['stream-chat', one.peer]
  found.row({ figure: 'live, 10k, one publish each', value: one.single, unit: 'µs', limit: one.limit, peer, most: 3, against: 'limit' })
  found.row({ figure: 'live, 10k, bursts of 50', value: one.burst, unit: 'µs', limit: one.limit, most: 1.5, against: 'limit' })
  found.row({ figure: 'live, 10k, every 8th early', value: one.shuffled, unit: 'µs', limit: one.limit })
  found.row({ figure: 'live, the first 1k of a new chat', value: first.cold, unit: 'µs', limit: first.limit })
}

async function flat() {
  const seat = await sit({ conversations: [] })
  const { k1, k100 } = await interleaved(
    {
      k1: () => ingest(seat, { count: 1_000 }),
      k100: () => ingest(seat, { count: 100_000, from: 99_000, check: false }),
    },
    { rounds: 7 },
  )
  await ingest(seat, { count: 100_000 })
  found.row({ figure: 'live, the last 1k of 100k (limit: of 1k)', value: k100, unit: 'µs', limit: k1, most: 1.5, against: 'limit' })
}

/** ms from the text of a page of 100 to the snapshot that shows it, while older pages are loaded one after the other. */
async function page() {
  const { chat, talks, script, listener } = await sit({ heads: { c0: 10_000 } })
  const [talk] = talks
  const times = []
  let oldest = 0
  listener.seen = ({ messages }) => {
    oldest = messages[0]?.seq ?? 0
  }
  for (let i = 0; i < 40; i++) {
    const before = talk.timeline.get().messages[0].seq
    const text = script.holdNext('page')
    const loaded = talk.loadOlder({ limit: 100 })
    const said = await text
    const startedMs = performance.now()
    script.hear(said)
    await null
    await null
    times.push(performance.now() - startedMs)
    if (oldest !== before - 100) throw new Error(`A page of 100 before ${before} shows ${oldest} first.`)
    await loaded
  }
  await chat.close()
  return times.sort((a, b) => a - b)[times.length >> 1]
}

async function pages() {
  const result = await interleaved({ limit: limitPage, page, peer: streamPage }, { rounds: 9 })
  found.row({
    figure: 'page of 100 into a held window',
    value: result.page,
    unit: 'ms',
    limit: result.limit,
    peer: ['stream-chat', result.peer],
    most: 0.5,
  })
}

/** µs per live message with so many conversations held and so many in the list, both read at every publish. */
async function crowd({ held, listed }) {
  const count = 4_000
  const conversations = Array.from({ length: held }, (_, i) => `c${i}`)
  const heads = Object.fromEntries(Array.from({ length: listed }, (_, i) => [`c${i}`, 20]))
  const { chat, script, listener } = await sit({ conversations, heads, inboxRows: listed })
  await until(() => chat.inbox.get().state === 'ready')
  let top = ''
  let shown = 0
  chat.inbox.subscribe(({ items }) => {
    top = items[0]?.last?.id ?? ''
  })
  listener.seen = ({ messages }) => {
    shown = messages[messages.length - 1]?.seq ?? 0
  }
  const said = []
  for (let i = 0; i < count; i++) {
    const conversation = conversations[i % held]
    said.push(textsIn(conversation, 20 + Math.floor(i / held), 21 + Math.floor(i / held))[0])
  }
  const watch = cpuWatch()
  for (let i = 0; i < count; i++) {
    script.hear(said[i])
    await null
    await null
    if (shown !== 21 + Math.floor(i / held)) throw new Error(`Message ${i} was not shown.`)
  }
  const tookMs = watch()
  if (top === '') throw new Error('The inbox showed nothing.')
  if (chat.inbox.get().hasMore !== listed > 100) throw new Error('The inbox is not as long as it should be.')
  await chat.close()
  return perMessage(tookMs, count)
}

async function crowds() {
  const result = await interleaved(
    { small: () => crowd({ held: 10, listed: 10 }), large: () => crowd({ held: 50, listed: 5_000 }) },
    { rounds: 7 },
  )
  found.row({
    figure: 'live, 50 held and 5,000 listed (limit: 10 and 10)',
    value: result.large,
    unit: 'µs',
    limit: result.small,
    most: 2,
    against: 'limit',
  })
}

for (const part of [live, flat, pages, crowds]) {
  const only = process.env.BENCH_PART
  if (!only || only === part.name) await part()
}
found.end()
process.exit(0)
