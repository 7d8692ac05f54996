/**
 * The bus port: how the nodes of one chat tell each other what they wrote. The store is truth, the bus is a hint: whatever is published may
 * be lost, doubled, late or out of order, and a subscription may begin late or be gone. It then takes longer, a few seconds at most, and
 * nothing else. So an implementation keeps nothing, repeats nothing and waits for nothing.
 */
import type { Place } from './store.js'

export interface Bus {
  /** Gives a hint, a text of at most 8,000 bytes, to whoever hears the topic; its own node may be among them. Must not throw. */
  publish(topic: string, hint: string): void
  /** Returns its end. A topic has letters, digits and `_-%.` alone, and at most 2,400 of them. */
  subscribe(topic: string, hear: (hint: string) => void): () => void
  /** Called by whoever made the bus, after its nodes have closed. */
  close(): Promise<void>
}

/** What one text carries at most, in bytes; the smallest limit known is that of a notification of PostgreSQL. */
export const hintBytes = 8_000

/** Where everything is told that concerns the followers of a conversation. An adapter may map topics to fewer channels. */
export function topicOf({ tenant, conversation }: Place): string {
  return `c.${name(tenant)}.${name(conversation)}`
}

/** Where everything is told that concerns one user alone. */
export function topicOfUser(tenant: string, user: string): string {
  return `u.${name(tenant)}.${name(user)}`
}

/** Without the signs that divide topics or stand for many of them. */
function name(id: string): string {
  return encodeURIComponent(id).replace(/[.!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** For nodes of one process: hints arrive at once. */
export function inProcessBus(): Bus {
  const hearers = new Map<string, Set<(hint: string) => void>>()
  return {
    publish(topic, hint) {
      for (const hear of [...(hearers.get(topic) ?? [])]) hear(hint)
    },
    subscribe(topic, hear) {
      const heard = hearers.get(topic) ?? new Set()
      // The same function twice is two subscriptions.
      const own = (hint: string) => hear(hint)
      hearers.set(topic, heard.add(own))
      return () => {
        heard.delete(own)
        if (heard.size === 0 && hearers.get(topic) === heard) hearers.delete(topic)
      }
    },
    async close() {
      hearers.clear()
    },
  }
}
