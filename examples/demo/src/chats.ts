/** The people of the page: each a chat of its own, with its own disk and its own, spoilable network. */
import { type Chat, createChat, type StandardSchema } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import { webSocketTransport } from 'chatloom/websocket'
import { type Controls, createControls, unreliable } from '../network.js'

export interface Content {
  readonly text: string
}

export interface Person {
  readonly user: string
  readonly chat: Chat<Content>
  readonly controls: Controls
  /** Has the server cut this user's sockets, without a word. */
  readonly kill: () => Promise<void>
}

declare global {
  interface Window {
    chats: Record<string, Chat<Content>>
  }
}

const contentSchema: StandardSchema<Content> = {
  '~standard': {
    version: 1,
    vendor: 'demo',
    validate: (value) => {
      const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : undefined
      return typeof text === 'string' ? { value: { text } } : { issues: [{ message: 'text must be a string' }] }
    },
  },
}

/** Creates a person's chat and connects it. */
export function createPerson(user: string): Person {
  const controls = createControls()
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const socket = webSocketTransport({ url: `${scheme}://${location.host}/ws?user=${user}`, token: user })
  const chat = createChat<Content>({
    user,
    transport: unreliable(socket, controls),
    storage: indexedDbStorage({ name: 'chatloom-demo' }),
    content: contentSchema,
  })
  chat.connect()
  const kill = async (): Promise<void> => {
    await fetch(`/demo/kill?user=${user}`, { method: 'POST' })
  }
  return { user, chat, controls, kill }
}
