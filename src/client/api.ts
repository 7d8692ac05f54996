/** The public shape of a chat: what `createChat` returns and takes. Written for readers; the client implements it. */
import type { Clock } from '../ports/clock.js'
import type { StorageFactory, StorageState } from '../ports/storage.js'
import type { Transport } from '../ports/transport.js'
import type { Profile } from '../protocol/frames.js'
import type { ChatError } from '../ports/errors.js'
import type { StandardSchema } from './content.js'

/**
 * A value that changes. `get` returns the present snapshot, which never changes itself; `subscribe` calls `run`
 * at once and then after every change, at most once per microtask, and returns its own end. Both may be passed unbound.
 */
export interface Readable<T> {
  readonly get: () => T
  readonly subscribe: (run: (value: T) => void) => () => void
}

/** `saving`: not yet on disk. `queued`: waits for the link. `sending`: handed to it. `sent`: durable at the server. */
export type MessageStatus = 'saving' | 'queued' | 'sending' | 'failed' | 'sent' | 'delivered' | 'read'

/** One message of a timeline, confirmed or pending. Equal snapshots are the same object. */
export interface Message<Content = unknown> {
  /** Never changes, from the first keystroke's row to the confirmed one: the key of a rendered list. */
  readonly key: string
  /** The server's id; absent while pending. */
  readonly id?: string
  /** The id born on this device; only on own messages. */
  readonly localId?: string
  /** Its place in the log; absent while pending. */
  readonly seq?: number
  /** The `seq` of its last change; absent while pending. */
  readonly rev?: number
  readonly author: string
  readonly mine: boolean
  /** Milliseconds since 1970: the server's, or this device's while pending. Shown, never an order. */
  readonly at: number
  /** Absent when `deleted` or `invalid`. */
  readonly content?: Content
  readonly deleted?: true
  /** The content did not fit the application's schema; `raw` is what came. */
  readonly invalid?: { readonly raw: unknown }
  readonly status: MessageStatus
  /** `final`: it stands in the log. `provisional`: an own one that is pending, or one that a faster path has brought (R18). */
  readonly finality: 'provisional' | 'final'
  /** Why a `failed` message failed. */
  readonly error?: ChatError
}

/** A hole between two places of which messages are known to be missing here; both ends are not held. */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** What a timeline shows: one contiguous run of messages, oldest first (R19). */
export interface View<Content = unknown> {
  readonly messages: readonly Message<Content>[]
  readonly gaps: readonly Gap[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  /** The run reaches the newest message; pending messages stand at its end. */
  readonly atLatest: boolean
  /** The key of the first message not read yet, where it is held. */
  readonly firstUnread?: string
  /** `stale`: shown from the cache or while away. `gone`: left, removed or never there; read-only. */
  readonly state: 'loading' | 'ready' | 'stale' | 'gone'
  readonly error?: ChatError
}

export interface Details {
  readonly profile: Profile
  readonly members: readonly string[]
  readonly memberCount: number
  readonly people: ReadonlyMap<string, Profile>
  /** Watermarks of every member known, by user. */
  readonly marks: ReadonlyMap<string, { readonly delivered: number; readonly read: number }>
}

export interface CallOptions {
  /** Ends the wait, not the work: the promise rejects `aborted`. Of `logout`, see there. */
  readonly signal?: AbortSignal
}

/** One conversation. Handles are cheap: the same id gives the same handle. */
export interface Conversation<Content = unknown> {
  readonly id: string
  readonly timeline: Readable<View<Content>>
  /** Who is typing now, without oneself. */
  readonly typing: Readable<readonly string[]>
  readonly details: Readable<Details>
  /** Shows the message now and sends it when it can; returns its localId. Content is copied as JSON. Throws `content-invalid`, `content-too-large`, `outbox-full`, `closed`, `conversation-gone`. */
  send(content: Content): string
  /** Puts a failed message at the end of the queue; one that failed as `uncertain` may then come twice. Throws `unknown-message` where there is none that failed, also while what an earlier page left is not read yet: wait until `outbox` shows it. */
  retry(localId: string): void
  /** Takes back an unsent message; one that may have landed is shown if it did. Throws `unknown-message` as `retry` does. */
  discard(localId: string): void
  /** Reads up to the newest message shown, and ends `markUnread()`; does nothing while the page is hidden. */
  markRead(): void
  /**
   * Counts as unread again what stands from the place `seq` on, for this user on every device until `markRead()`; others see
   * nothing of it. Default the newest message of somebody else that is held. Does nothing while the log is not known, or
   * outside of it. Throws `bad-argument` where `seq` is no whole number.
   */
  markUnread(seq?: number): void
  /** Call on every keystroke; sent at most every 3 s, ended after 5 s without a call. */
  setTyping(on: boolean): void
  /**
   * Puts up to `limit` (default 50; below 1 counts as 1, above 100 as 100) older messages before those shown; nothing where there
   * are none. Waits until the log is known. Rejects `bad-argument` for no whole number, `offline`, `conversation-gone`, `rejected`, `aborted`, `closed`.
   */
  loadOlder(options?: CallOptions & { readonly limit?: number }): Promise<void>
  /** Puts newer messages behind those shown after a jump; nothing at the latest. Rejects as `loadOlder` does. */
  loadNewer(options?: CallOptions & { readonly limit?: number }): Promise<void>
  /**
   * Shows the run of messages around a place. Waits until the log is known. Rejects `not-found` outside the visible log,
   * else as `loadOlder` does.
   */
  jumpTo(seq: number, options?: CallOptions): Promise<void>
  /** Back to the newest messages. Asks nobody. */
  jumpToLatest(options?: CallOptions): Promise<void>
}

export interface InboxItem<Content = unknown> {
  readonly conversation: string
  readonly profile: Profile
  readonly people: ReadonlyMap<string, Profile>
  /** Confirmed or pending, whichever is newest. */
  readonly last?: Message<Content>
  readonly unread: number
  /** There are more than `unread`: show `100+`. */
  readonly unreadMore: boolean
}

export interface Inbox<Content = unknown> {
  /** Newest activity first: the first 100, more with every `loadMore()`. */
  readonly items: readonly InboxItem<Content>[]
  readonly hasMore: boolean
  /** The sum of all items' unread: the badge. */
  readonly unread: number
  readonly unreadMore: boolean
  readonly state: 'loading' | 'ready' | 'stale'
}

export type Session =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly attempt: number }
  /** `transport`: the way that carries the traffic now. */
  | { readonly phase: 'online'; readonly transport: string; readonly features: readonly string[] }
  | { readonly phase: 'waiting'; readonly attempt: number; readonly retryInMs: number; readonly why: string }
  | { readonly phase: 'refused'; readonly code: string }
  | { readonly phase: 'closed' }
  | { readonly phase: 'faulted'; readonly error: ChatError }

export interface OutboxEntry<Content = unknown> {
  readonly localId: string
  readonly conversation: string
  readonly content: Content
  readonly status: 'saving' | 'queued' | 'sending' | 'sent' | 'failed'
  /** On disk: survives reload and crash until `logout()` (L1). */
  readonly durable: boolean
  readonly attempts: number
  readonly error?: ChatError
}

export interface ChatEvents<Content = unknown> {
  /**
   * Once per message new to this device, in conversations held in memory: those that are subscribed to, have messages under way or
   * were used lately; never for history scrolled in. For notifications of every conversation subscribe to `inbox`, whose items carry the
   * last message and the unread count.
   */
  message: [{ readonly conversation: string; readonly message: Message<Content>; readonly source: 'live' | 'catch-up' }]
  /** The server could not continue from what was held; `lost` are own messages once reported `sent` that are gone (R8). */
  reset: [{ readonly conversation: string; readonly why: string; readonly lost: readonly string[] }]
  /** The log says otherwise than a message shown ahead of it: other content, or another order. The message keeps its key. */
  corrected: [{ readonly conversation: string; readonly message: Message<Content>; readonly was: Message<Content> }]
  /** A message shown ahead of the log that will not come: it is no longer shown. */
  withdrawn: [{ readonly conversation: string; readonly message: Message<Content> }]
  failed: [{ readonly conversation: string; readonly localId: string; readonly error: ChatError }]
  /** This user is no longer a member; of conversations held in memory, as `message`. Any other vanishes from `inbox`. */
  left: [{ readonly conversation: string; readonly why: string }]
  /** A broken invariant or a throwing subscriber; the outbox stays on disk. */
  fault: [ChatError]
}

/** One figure per event, in milliseconds where it is a time. */
export type Metric =
  /** From the call of `send` to `sent`. */
  | { readonly name: 'send-latency'; readonly ms: number }
  /** From `sent` to `delivered`. */
  | { readonly name: 'delivered-latency'; readonly ms: number }
  /** From asking for what is missing to having it. */
  | { readonly name: 'catch-up'; readonly ms: number; readonly rows: number }
  /** The way that carries the traffic from now on, where a transport has several. */
  | { readonly name: 'transport'; readonly transport: string }
  | { readonly name: 'reconnect'; readonly attempt: number; readonly why: string }

export interface Logger {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

export interface ChatOptions<Content = unknown> {
  /** The user this client believes it is; the server refuses any other (R26). */
  readonly user: string
  readonly transport: Transport
  /** Default `memoryStorage()`: nothing survives the page. */
  readonly storage?: StorageFactory
  /** Separates the stored data of several backends. Default none. */
  readonly tenant?: string
  /**
   * Types and checks content at both ends: what it makes of the content handed to `send` is stored, and read with it again. So it
   * must validate synchronously, take what it gives, as JSON, and give the same back; `send` throws `content-invalid` for one that does
   * not, such as one that turns texts into their lengths. Default: any JSON.
   */
  readonly content?: StandardSchema<Content>
  /**
   * When the others are told that a message is delivered here: once it is `received` (stored, or summarised in the inbox), or only once
   * its conversation is `opened`, which is while somebody subscribes to it. Default `received` (R23).
   */
  readonly delivered?: 'received' | 'opened'
  /** Default silent. One that throws, or rejects, is told as `fault` and harms nothing. */
  readonly logger?: Logger
  /** Called with every figure as it is known. One that throws, or rejects, is told as `fault` and harms nothing. Default none. */
  readonly metrics?: (metric: Metric) => void
  /** Default the machine's own; tests hand in a virtual one. */
  readonly clock?: Clock
}

export interface Chat<Content = unknown> {
  readonly user: string
  readonly session: Readable<Session>
  readonly inbox: Readable<Inbox<Content>> & {
    /** Shows 100 more items where there are more. */
    readonly loadMore: () => void
  }
  /** Every unsettled own message of this user here, in order. */
  readonly outbox: Readable<readonly OutboxEntry<Content>[]>
  /** Where rows live, and why not on disk. */
  readonly storage: Readable<StorageState>
  /** Opens the link and keeps it open; calling again after `refused` tries anew. Throws `closed`. */
  connect(): void
  /** The handle of a conversation; does no I/O. Throws `bad-argument` for an empty id or one over 128 characters. */
  conversation(id: string): Conversation<Content>
  /**
   * Resolves with the message once it is `sent`. Rejects with its error when it failed, `discarded`, `unknown-message`, `aborted`, and
   * `closed` when the chat ends. Waits as long as the message may still go: offline, and while the session is refused, which
   * `connect()` may cure. Reads the outbox first where the message is not known: it may be one of an earlier page.
   */
  settled(localId: string, options?: CallOptions): Promise<Message<Content>>
  /** Listens until the returned function is called. Throws `bad-argument` for another event, or where `run` is no function. */
  on<E extends keyof ChatEvents>(event: E, run: (...args: ChatEvents<Content>[E]) => void): () => void
  /**
   * Ends link, timers and listeners, and keeps the disk. Safe to call twice. All of it is done in the call itself: the promise waits for the
   * storage to be closed and takes no `signal`, for there is nothing left that one could end.
   */
  close(): Promise<void>
  /**
   * Tries to flush for `flushMs` (default 0), wipes this user's data and closes; resolves with what was never sent (R28). Rejects `storage-failed`
   * where the disk could not be read and wiped: nothing more is sent, what waits rejects `closed`, every other call but `close` fails as
   * `logged-out`, and it may be called again, which flushes no more. Called while one wipes, it joins that one, and one that still flushes
   * joins it too. Its `signal` counts during the flush alone, and ends the work as well: `aborted`, nothing is wiped, and the chat goes on.
   */
  logout(options?: CallOptions & { readonly flushMs?: number }): Promise<{ readonly unsent: readonly OutboxEntry<Content>[] }>
}

export type { ChatError, Profile, StorageState }
