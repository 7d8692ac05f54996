/**
 * The peer: stream-chat's client, one channel, its own event as text through JSON.parse and `dispatchEvent`, as its socket does; a page
 * of history as the text of an answer to its `query`.
 */
import { performance } from 'node:perf_hooks'
import { StreamChat } from 'stream-chat'
import { rowAt } from './log.mjs'
import { cpuWatch } from './rounds.mjs'

const cid = 'messaging:c0'
let texts = []

function messageAt(seq) {
  const { id, at, author, content } = rowAt('c0', seq)
  const created_at = new Date(at).toISOString()
  const user = { id: author, name: author }
  return { id, text: content.text, user, type: 'regular', cid, created_at, updated_at: created_at }
}

function textAt(seq) {
  const message = messageAt(seq)
  const { created_at, user } = message
  return JSON.stringify({ type: 'message.new', cid, channel_type: 'messaging', channel_id: 'c0', created_at, user, message })
}

/** A client with a channel that is watched, as after a connect. */
function sitDown() {
  const client = new StreamChat('key', { disableCache: true, warmUp: false })
  client.user = { id: 'me' }
  client.userID = 'me'
  client.wsPromise = Promise.resolve()
  const channel = client.channel('messaging', 'c0')
  channel.initialized = true
  client.activeChannels[cid] = channel
  return { client, channel }
}

/** CPU µs per message; the channel's list is read at every event. */
export function streamIngest(count) {
  if (texts.length < count) texts = Array.from({ length: count }, (_, i) => textAt(i + 1))
  const { client, channel } = sitDown()
  let newest = ''
  channel.on('message.new', () => {
    const { messages } = channel.state
    newest = messages[messages.length - 1].id
  })
  const watch = cpuWatch()
  for (let i = 0; i < count; i++) client.dispatchEvent(JSON.parse(texts[i]))
  const tookMs = watch()
  if (newest !== rowAt('c0', count).id) throw new Error(`stream-chat shows ${newest} last.`)
  return (tookMs * 1_000) / count
}

/** ms from the text of a page of 100 to the list that shows it, with 200 held. */
export async function streamPage() {
  const times = []
  const text = JSON.stringify({
    channel: { id: 'c0', cid, type: 'messaging' },
    messages: Array.from({ length: 100 }, (_, i) => messageAt(i + 1)),
  })
  for (let i = 0; i < 40; i++) {
    const { client, channel } = sitDown()
    for (let seq = 101; seq <= 300; seq++) client.dispatchEvent(JSON.parse(textAt(seq)))
    let startedMs = 0
    client.post = async () => {
      startedMs = performance.now()
      return JSON.parse(text)
    }
    await channel.query({ messages: { limit: 100, id_lt: rowAt('c0', 101).id } }, 'current')
    const { messages } = channel.state
    times.push(performance.now() - startedMs)
    if (messages.length !== 300 || messages[0].id !== rowAt('c0', 1).id) throw new Error(`stream-chat shows ${messages.length} messages.`)
  }
  return times.sort((a, b) => a - b)[times.length >> 1]
}
