/** Writes down what chats send and what they show, so that somebody else can compare both (`check-histories.ts`). */
import type { Chat, Conversation, View } from '../../client/api.js'
import type { Row } from './read-history.js'

export interface DeliveryAuditor {
  /** From now on notes what this chat sends to these conversations and shows of them, under a name of its own. Returns the end. */
  attach<C>(name: string, chat: Chat<C>, conversations: readonly string[]): () => void
  /** The history so far, as JSON lines without their ends. It holds ids and no content. */
  readonly lines: readonly string[]
}

/**
 * Subscribes to timelines and outbox of what is attached, and stands before `send` of its conversations: what is lost between the call
 * and the outbox is missed too.
 */
export function deliveryAuditor(): DeliveryAuditor {
  const lines = [JSON.stringify({ chatloom: 'history', version: 1 })]
  return {
    lines,
    attach(client, chat, conversations) {
      const { user } = chat
      const note = (conversation: string, event: string, more: object) =>
        void lines.push(JSON.stringify({ event, client, user, conversation, ...more }))
      const known = new Set<string>()
      const noteOnce = (event: 'sent' | 'found', localId: string, conversation: string) => {
        if (known.has(localId)) return
        known.add(localId)
        note(conversation, event, { localId })
        chat.settled(localId).then(
          // Its id is learnt from the view: an answer need not carry it.
          () => note(conversation, 'settled', { localId }),
          ({ code }) => code !== 'closed' && code !== 'unknown-message' && note(conversation, 'failed', { localId, code }),
        )
      }
      const ends = conversations.flatMap((conversation) => [
        noteViews(chat, conversation, (more) => note(conversation, 'shown', more)),
        noteSends(chat.conversation(conversation), (localId) => noteOnce('sent', localId, conversation)),
      ])
      const end = chat.outbox.subscribe((entries) => {
        for (const { localId, conversation } of entries) if (conversations.includes(conversation)) noteOnce('found', localId, conversation)
      })
      return () => {
        for (const each of [...ends, end]) each()
      }
    },
  }
}

/** The handle of a conversation is one for all who ask for it. */
function noteSends<C>(talk: Conversation<C>, note: (localId: string) => void): () => void {
  const { send } = talk
  let isOver = false
  const noting: typeof send = (content) => {
    const localId = send(content)
    if (!isOver) note(localId)
    return localId
  }
  talk.send = noting
  return () => {
    isOver = true
    // Somebody else may stand before it by now.
    if (talk.send === noting) talk.send = send
  }
}

/** Each view from the first row that differs from the view before. */
function noteViews<C>(chat: Chat<C>, conversation: string, note: (view: object) => void): () => void {
  let before: readonly string[] = []
  // The first is noted also where it is empty.
  let wasLatest: boolean | undefined
  return chat.conversation(conversation).timeline.subscribe(({ messages, atLatest: latest }: View<C>) => {
    const rows = messages.map(({ id, localId }): Row => ({ id, localId }))
    const texts = rows.map((row) => JSON.stringify(row))
    const differs = texts.findIndex((text, i) => text !== before[i])
    const from = differs < 0 ? texts.length : differs
    if (from === texts.length && texts.length === before.length && latest === wasLatest) return
    note({ from, rows: rows.slice(from), latest })
    before = texts
    wasLatest = latest
  })
}
