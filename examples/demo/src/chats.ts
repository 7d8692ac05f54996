/** The people of the page: each a chat of its own, with its own disk and its own, spoilable network. */
import { type Chat, createChat, type StandardSchema } from 'chatloom'
import { indexedDbStorage } from 'chatloom/indexeddb'
import { type Controls, createControls, unreliable } from '../network.js'
import { createWays, type Ways } from '../ways.js'
import { createDoor, type Door } from './door.js'
import { tabNumber } from './tabs.js'

export interface Content {
  readonly text: string
}

export interface Person {
  readonly user: string
  readonly chat: Chat<Content>
  readonly controls: Controls
  readonly ways: Ways
  readonly door: Door
  /** Which of this user's tabs this is. */
  readonly tab: Promise<number>
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
  const tab = tabNumber(user)
  const ways = createWays(user, tab)
  const chat = createChat<Content>({
    user,
    // Several people are signed in side by side in this page.
    tenant: user,
    transport: unreliable(ways.transport, controls),
    storage: indexedDbStorage({ name: 'chatloom-demo' }),
    content: contentSchema,
  })
  chat.connect()
  return { user, chat, controls, ways, door: createDoor(user), tab }
}
