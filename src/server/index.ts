/** `chatloom/server`: a chat server as a library. */
export { type Authenticate, type AuthRequest, type Identity, type JwtAuthOptions, jwtAuth } from './auth.js'
export { type Bus, inProcessBus } from './bus.js'
export type { MemberInput } from './hub.js'
export { type Logger, jsonLogger } from './logger.js'
export { memoryStore } from './memory-store.js'
export { nodeHandler } from './node-handler.js'
export {
  type ChatServer,
  type ChatServerOptions,
  type ConversationInput,
  type PostInput,
  type ServerLimits,
  createChatServer,
} from './server.js'
export { type SqliteStoreOptions, sqliteStore } from './sqlite-store.js'
export type * from './store.js'
