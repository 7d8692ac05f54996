/** Made-up logs: the message at a place is always the same, so that what a timeline shows can be compared with what was sent. */

export const epoch = '01J8Z6K3QF7W2N9XH4TB5VCM0R'
const words = 'the loom moves back and forth until what was thread has become cloth and nobody asks which came first'.split(' ')
const startMs = 1_790_000_000_000

export const tagOf = (seq) => `t${seq.toString(36).padStart(8, '0')}`

/** The message at `seq` of a dense log in which every change is a message. */
export function rowAt(conversation, seq) {
  const at = seq % words.length
  return {
    id: `${conversation}-${seq.toString(36).padStart(10, '0')}`,
    seq,
    index: seq - 1,
    rev: seq,
    at: startMs + seq * 1_000,
    author: `u${seq % 7}`,
    content: { text: `${words.slice(at).join(' ').slice(0, 36)} ${seq}` },
  }
}

export function rowsIn(conversation, from, to) {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => rowAt(conversation, from + 1 + i))
}

export function changeAt(conversation, seq) {
  const change = { kind: 'message', message: rowAt(conversation, seq) }
  return { type: 'change', conversation, epoch, seq, tag: tagOf(seq), change }
}

/** Live changes as text frames, for places in (from, to]. */
export function textsIn(conversation, from, to) {
  return Array.from({ length: to - from }, (_, i) => JSON.stringify(changeAt(conversation, from + 1 + i)))
}

/** Throws where a shown message is not the one of its place. */
export function assertShown(conversation, message, seq) {
  const row = rowAt(conversation, seq)
  const same = message?.seq === seq && message.id === row.id && message.author === row.author && message.content?.text === row.content.text
  if (!same) throw new Error(`At ${conversation}/${seq} stands ${JSON.stringify(message)}.`)
}
