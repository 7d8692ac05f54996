/** The peer: stream-chat's client, one channel, its own event as text through JSON.parse and `dispatchEvent`, as its socket does. */
import { StreamChat } from 'stream-chat'
import { rowAt } from './log.mjs'
import { cpuWatch } from './rounds.mjs'

const cid = 'messaging:c0'
let texts = []

function textAt(seq) {
  const { id, at, author, content } = rowAt('c0', seq)
  const created_at = new Date(at).toISOString()
  const user = { id: author, name: author }
  const message = { id, text: content.text, user, type: 'regular', cid, created_at, updated_at: created_at }
  return JSON.stringify({ type: 'message.new', cid, channel_type: 'messaging', channel_id: 'c0', created_at, user, message })
}

/** CPU µs per message; the channel's list is read at every event. */
export function streamIngest(count) {
  if (texts.length < count) texts = Array.from({ length: count }, (_, i) => textAt(i + 1))
  const client = new StreamChat('key', { disableCache: true, warmUp: false })
  client.user = { id: 'me' }
  client.userID = 'me'
  client.wsPromise = Promise.resolve()
  const channel = client.channel('messaging', 'c0')
  channel.initialized = true
  client.activeChannels[cid] = channel
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
