/** What a timeline should show, and the words for what it shows instead. */
import type { Chat, Message, MessageStatus } from '../../client/api.js'
import { isFields } from '../../protocol/guards.js'
import { type Checks, checkValue, oneOf, shown, words } from '../checked.js'

/** One message: its text, or some of what is shown of it. */
export type ExpectedMessage = string | { readonly author?: string; readonly text?: string; readonly status?: MessageStatus }

const checks: Checks<Exclude<ExpectedMessage, string>> = {
  author: words,
  text: words,
  status: oneOf('saving', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed'),
}

/** What no message can be like would be waited for in vain, or be like every message. */
export function checkExpected(expected: readonly ExpectedMessage[]): void {
  checkValue('expectView', 'what is expected', expected, { holds: Array.isArray, words: 'an array of messages' })
  for (const message of expected) {
    if (typeof message === 'string') continue
    checkValue('expectView', 'a message that is expected', message, { holds: isFields, words: 'a text or an object' })
    for (const [name, value] of Object.entries(message)) {
      const check = Object.hasOwn(checks, name) && checks[name as keyof typeof checks]
      if (!check)
        throw new TypeError(`expectView cannot begin: no message has ${name} in ${shown(message)}. Tell it by author, text or status.`)
      if (value !== undefined) checkValue('expectView', name, value, check)
    }
  }
}

export function shows(messages: readonly Message[], expected: readonly ExpectedMessage[]): boolean {
  return messages.length === expected.length && messages.every((message, i) => isLike(message, expected[i] as ExpectedMessage))
}

function isLike(message: Message, expected: ExpectedMessage): boolean {
  const { author, text, status } = typeof expected === 'string' ? { text: expected } : expected
  const differs = (wanted: string | undefined, is: string) => wanted !== undefined && wanted !== is
  return !(differs(author, message.author) || differs(text, textOf(message)) || differs(status, message.status))
}

/** Content that is a text or has one; else its JSON. */
function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  return isFields(content) && typeof content.text === 'string' ? content.text : `${JSON.stringify(content)}`
}

/** What went wrong, in lines. */
export function difference(chat: Chat, conversation: string, expected: readonly ExpectedMessage[], withinMs: number): string {
  const { messages, state } = chat.conversation(conversation).timeline.get()
  const session = chat.session.get()
  const why = session.phase === 'waiting' ? `, ${session.why}` : ''
  return [
    `${conversation} did not show ${chat.user} what was expected within ${withinMs} ms.`,
    'expected:',
    ...lines(expected.map(wordsOf)),
    `shown (${state}, session ${session.phase}${why}):`,
    ...lines(messages.map((message) => wordsOf({ author: message.author, text: textOf(message), status: message.status }))),
  ].join('\n')
}

const lines = (all: readonly string[]) => (all.length > 0 ? all.map((line) => `  ${line}`) : ['  nothing'])

function wordsOf(message: ExpectedMessage): string {
  if (typeof message === 'string') return message
  const { author, text = '…', status } = message
  return `${author === undefined ? '' : `${author}: `}${text}${status === undefined ? '' : ` (${status})`}`
}
