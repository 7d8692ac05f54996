/**
 * The server as a library: one hub behind a door for WebSockets and a Fetch handler with a door for server-sent events, mountable on any
 * server beside the host's own routes.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { MessageRow, Profile } from '../protocol/frames.js'
import type { Authenticate } from './auth.js'
import type { Bus } from './bus.js'
import { checkContent, checkConversation, checkId, checkOptions } from './check.js'
import { createEncoder } from './door/encode.js'
import { type OpenHall, openHall } from './door/hall.js'
import { sseDoor } from './door/sse/index.js'
import { webSocketDoor } from './door/websocket.js'
import { type Hub, type MemberInput, createHub } from './hub.js'
import { rounds } from './rounds.js'
import { type Logger, silentLogger } from './logger.js'
import type { HistoryRule, Store } from './store.js'

export interface ServerLimits {
  /** Open connections; more are answered 503. Default 50,000. */
  readonly connections?: number
  /** Frames a second of one link in the long run; more are rejected in passing. Default 500. */
  readonly framesPerSecond?: number
  /** Frames of one link at once; as many refused, beyond what the rate forgives, close it `rate-limited`. Default 2,000. */
  readonly frameBurst?: number
  /** Unsent bytes of one link; more cut it `slow-consumer`. Default 1 MiB. */
  readonly bufferedBytes?: number
  /** Time for the first frame and its token. Default 5,000. */
  readonly helloMs?: number
  /** How often clients ask whether the link lives; silent for 2.5 times as long is dead. Default 25,000. */
  readonly heartbeatMs?: number
}

export interface ChatServerOptions {
  /** Where everything true is kept: `memoryStore()` or `sqliteStore({ path })`. */
  readonly store: Store
  /** Joins this server to others over the same store. Then `close` leaves store and bus open, for the others. Default: it is the only one. */
  readonly bus?: Bus
  /** Whom a token speaks for. */
  readonly auth: Authenticate
  /** Tenant of identities and calls that name none. Default: one tenant alone. */
  readonly tenant?: string
  /** Origin headers that browsers may come from, such as `https://app.example`, or a test of one. Default any. */
  readonly origins?: readonly string[] | ((origin: string) => boolean)
  /** Default silent; `jsonLogger()` writes JSON lines. */
  readonly logger?: Logger
  readonly limits?: ServerLimits
  /** Whoever opens a conversation becomes its member, and makes it where there is none. For development alone. Default false. */
  readonly joinOnOpen?: boolean
}

export interface ConversationInput {
  readonly id: string
  readonly tenant?: string
  /** All members from now on: who is missing is removed. */
  readonly members: readonly (string | MemberInput)[]
  /** Name, picture, whatever the application shows; at most 4 KiB as JSON. Default: as it is. */
  readonly profile?: Profile
  /** What later joiners see of the past. Default at the first call: `full`. */
  readonly history?: HistoryRule
}

export interface PostInput {
  /** Makes the post idempotent: once per conversation, for ever. */
  readonly id: string
  readonly tenant?: string
  readonly conversation: string
  /** Any name; need not be a member. */
  readonly author: string
  readonly content: unknown
}

export interface ChatServer {
  /** Server-sent events and their POSTs at any path, and `GET …/health`; anything else is 404. For a node:http server: `nodeHandler(chat.fetch)`. */
  fetch(request: Request): Promise<Response>
  /** For the `upgrade` event of a node:http server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Takes every upgrade of this server; returns its end. */
  attach(server: Server): () => void
  readonly conversations: {
    /** Makes a conversation or makes it equal to this; the same call again changes nothing. Throws `TypeError` on bad input; rejects when the store fails. */
    put(conversation: ConversationInput): Promise<void>
  }
  /** A message of the backend itself. The same `id` and content is one message; the same `id` with other content revises it in place: same place, higher `rev`. Rejects where there is no such conversation. */
  post(message: PostInput): Promise<MessageRow>
  /** Tells every link to come back, waits, closes links and, without a bus, the store. Safe to call twice. */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

const defaultHeartbeatMs = 25_000
const silentBeats = 2.5
/** The first of those that a drain sends away come back after this, and of each second so many: a new process must let them in. */
const comeBackMs = 1_000
const backPerSecond = 250
/** However many they are. */
const longestSpreadMs = 30_000

/** Construction does no I/O and opens no port. Throws `TypeError` where store or auth is missing. */
export function createChatServer(options: ChatServerOptions): ChatServer {
  checkOptions(options)
  const { store, bus, auth, tenant, logger = silentLogger } = options
  const hub = newHub(options)
  const hall = newHall(options, hub)
  const gate = { auth, logger, now: hall.now }
  const encoder = createEncoder()
  const handleUpgrade = webSocketDoor(hall, gate, encoder)
  const sse = sseDoor(hall, gate, encoder)
  const endRounds = bus ? rounds({ check: hub.check, later, roll: Math.random }) : () => {}
  let closing: Promise<void> | undefined

  async function shutDown(drainMs: number): Promise<void> {
    const { visitors } = hall
    logger.info('drain', { links: visitors.size, drainMs })
    hall.shut()
    hub.drain(comeBackMs, Math.min(longestSpreadMs, (visitors.size * 1_000) / backPerSecond))
    if (drainMs > 0 && visitors.size > 0) await new Promise((resolve) => setTimeout(resolve, drainMs))
    endRounds()
    await hub.stop('drain', comeBackMs)
    hall.clear()
    sse.close()
    if (!bus) await store.close()
    logger.info('closed')
  }

  return {
    async fetch(request) {
      const answer = await sse.fetch(request)
      if (answer) return answer
      const isHealth = request.method === 'GET' && new URL(request.url).pathname.endsWith('/health')
      if (!isHealth) return Response.json({ error: 'not-found' }, { status: 404 })
      return Response.json({ status: closing ? 'draining' : 'ok', links: hall.visitors.size }, { status: closing ? 503 : 200 })
    },
    handleUpgrade,
    attach(server) {
      server.on('upgrade', handleUpgrade)
      return () => server.off('upgrade', handleUpgrade)
    },
    conversations: {
      async put(conversation) {
        await hub.put(checkConversation('conversations.put', conversation.tenant ?? tenant ?? '', conversation))
      },
    },
    async post({ id, conversation, author, content, tenant: own = tenant ?? '' }) {
      checkId('post', 'id', id)
      if (own) checkId('post', 'tenant', own)
      checkId('post', 'conversation', conversation)
      checkId('post', 'author', author)
      const message = await hub.post({ tenant: own, conversation, id, author, content: checkContent('post', content) })
      if (!message) throw new Error(`post: there is no conversation ${conversation}; put it first.`)
      return message
    },
    close({ drainMs = 0 } = {}) {
      closing ??= shutDown(drainMs)
      return closing
    },
  }
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

function newHub({ store, bus, logger, limits = {}, joinOnOpen }: ChatServerOptions): Hub {
  const { framesPerSecond = 500, frameBurst = 2_000, heartbeatMs = defaultHeartbeatMs } = limits
  return createHub({
    store,
    bus,
    clock: { now: Date.now },
    mint: mintId,
    turn: setImmediate,
    logger,
    rate: { perSecond: framesPerSecond, burst: frameBurst },
    heartbeatMs,
    joinOnOpen,
  })
}

function newHall({ tenant, origins, logger = silentLogger, limits = {} }: ChatServerOptions, hub: Hub): OpenHall {
  const { connections = 50_000, bufferedBytes = 1024 * 1024, helloMs = 5_000, heartbeatMs = defaultHeartbeatMs } = limits
  const silenceMs = heartbeatMs * silentBeats
  const isAllowed = typeof origins === 'function' ? origins : (origin: string) => origins?.includes(origin) ?? true
  return openHall({ hub, tenant, isAllowed, logger, connections, bufferedBytes, helloMs, silenceMs, now: Date.now })
}

/** 96 random bits, in 16 characters. Bytes are drawn in blocks: one draw costs as much as a hundred. */
const mintId = (() => {
  const size = 12
  let block = Buffer.alloc(0)
  let at = 0
  return () => {
    if (at >= block.length) {
      block = randomBytes(size * 256)
      at = 0
    }
    at += size
    return block.toString('base64url', at - size, at)
  }
})()
