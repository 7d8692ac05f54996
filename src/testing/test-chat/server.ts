/** The server of a test: the shipped hub over the shipped store, in memory. */
import type { MessageRow } from '../../protocol/frames.js'
import { checkContent, checkConversation, checkId } from '../../server/check.js'
import { createHub, type Hub } from '../../server/hub.js'
import type { RateLimit } from '../../server/hub/rate.js'
import { createMemoryStore } from '../../server/memory-store.js'
import type { ConversationInput } from '../../server/server.js'
import type { Store } from '../../server/store.js'
import type { Time } from '../world/time.js'

export interface TestServer {
  /**
   * Somebody writes a message, and is a member from then on. A conversation that is not there is made, with every user of the test.
   * Resolves once it is stored, and has come wherever nothing is between. Throws `TypeError` on bad input.
   */
  says(conversation: string, author: string, content: unknown): Promise<MessageRow>
  /** Makes a conversation, or makes it equal to this. Conversations need not be made: whoever opens one joins it. Throws `TypeError` on bad input. */
  put(conversation: Omit<ConversationInput, 'tenant'>): Promise<void>
}

export interface World {
  readonly hub: Hub
  readonly store: Store
  readonly server: TestServer
}

const tenant = ''

/** `users`: everybody who has a device in the test. */
export function worldOf(time: Time, users: () => readonly string[], rate?: RateLimit): World {
  const store = createMemoryStore()
  let minted = 0
  let posted = 0
  const hub = createHub({
    store,
    clock: { now: () => time.clock.wall() },
    mint: () => `i${++minted}`,
    turn(run) {
      queueMicrotask(() => {
        time.beat()
        run()
      })
    },
    joinOnOpen: true,
    rate,
  })

  const join = async (conversation: string, author: string) => {
    const members = await store.members({ tenant, conversation })
    const all = new Set([...(members.length > 0 ? members : users()), author])
    await hub.put({ tenant, conversation, members: Array.from(all, (user) => ({ user })) })
  }

  return {
    hub,
    store,
    server: {
      async says(conversation, author, content) {
        checkId('server.says', 'conversation', conversation)
        checkId('server.says', 'author', author)
        const checked = checkContent('server.says', content)
        await join(conversation, author)
        const row = await hub.post({ tenant, conversation, id: `said ${++posted}`, author, content: checked })
        await time.quiet()
        return row as MessageRow
      },
      async put(conversation) {
        await hub.put(checkConversation('server.put', tenant, conversation))
        await time.quiet()
      },
    },
  }
}
