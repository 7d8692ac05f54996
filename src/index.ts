/** chatloom: a chat that never loses, doubles or disorders a message. */
import type { Chat, ChatOptions } from './client/api.js'
import { composeChat } from './client/create-chat.js'
import type { StorageFactory } from './ports/storage.js'
import { memoryStorage } from './storage/memory/index.js'

/**
 * Makes a chat for one user over a transport and a storage. Nothing is opened until it is used, and no link before
 * `connect()`. Throws `bad-argument` for a `user` that is no string of 1 to 128 characters, and for
 * a `transport`, `storage`, `content`, `logger` or `metrics` that is none.
 */
export function createChat<Content = unknown>(options: ChatOptions<Content>): Chat<Content> {
  const given: unknown = options?.storage
  // Forgotten parentheses would be a storage that is none, found out at its first use.
  return composeChat({ ...options, storage: (given !== memoryStorage && (given ?? memoryStorage())) as StorageFactory })
}

export type {
  CallOptions,
  Chat,
  ChatEvents,
  ChatOptions,
  Conversation,
  Details,
  Gap,
  Inbox,
  InboxItem,
  Logger,
  Message,
  MessageStatus,
  Metric,
  OutboxEntry,
  Readable,
  Session,
  View,
} from './client/api.js'
export type { StandardSchema } from './client/content.js'
export { ChatError, type ChatErrorCode, isChatError, type Retry } from './ports/errors.js'
export type { Clock } from './ports/clock.js'
export type * from './ports/storage.js'
export type * from './ports/transport.js'
export type { ClientFrame, Profile, ServerFrame } from './protocol/frames.js'
export { memoryStorage } from './storage/memory/index.js'
