/** What runs in the page of an end-to-end test: the client from source, opened by the test through `window.loom`. */
import type { Chat, Conversation, Readable, View } from '../../src/client/api.js'
import { composeChat } from '../../src/client/create-chat.js'
import type { Faults } from '../../src/core/planted.js'
import { indexedDbStorage } from '../../src/storage/indexeddb/index.js'
import { type FallbackOptions, fallback } from '../../src/transports/fallback/index.js'
import { shared } from '../../src/transports/shared/index.js'
import { sseTransport } from '../../src/transports/sse/index.js'
import { webSocketTransport } from '../../src/transports/websocket/index.js'
import { watchBrowser, watched, watchLinks, welcomedSince } from './watched.js'

export interface PageOptions {
  readonly user: string
  /** `ws:`, or `http:` for events. */
  readonly url: string
  /** The same server over events: reached by `url` or this, whichever works. Default `url` alone. */
  readonly events?: { readonly url: string } & FallbackOptions
  readonly faults?: Faults
  /** Follow this conversation at once. Default none. */
  readonly conversation?: string
  /** Open no link. Default false. */
  readonly idle?: boolean
  /** One link with the other tabs. Default false. */
  readonly shared?: boolean
  /** Signs in for all tabs, as by a cookie: each takes the token of who did so last. Default: each page has its own. */
  readonly signIn?: boolean
}

export interface Shown {
  readonly key: string
  readonly content: unknown
  readonly status: string
  readonly author: string
  readonly seq: number | undefined
}

const shown = (view: View): Shown[] => view.messages.map(({ key, content, status, author, seq }) => ({ key, content, status, author, seq }))

/** Resolves once a value is as it should be. */
function until<T>(of: Readable<T>, isIt: (value: T) => boolean): Promise<void> {
  return new Promise((done) => {
    let stop = () => {}
    let isDone = false
    stop = of.subscribe((value) => {
      if (isDone || !isIt(value)) return
      isDone = true
      queueMicrotask(() => stop())
      done()
    })
  })
}

let chat: Chat
let talk: Conversation
/** Every view in which a key stood twice: the law says there is none (L5). */
const doubled: string[] = []
/** Every view in which the log stood in another order (L3). */
const disordered: string[] = []
/** Console marks of entries that were reported durable, for tests that kill the browser. */
const marked = new Set<string>()

const loom = {
  doubled,
  disordered,
  watched,
  welcomedSince,
  async open({ user, url, events, faults = {}, conversation, idle = false, shared: isShared = false, signIn = false }: PageOptions) {
    globalThis.planted = faults
    if (isShared) watchBrowser()
    if (signIn) localStorage.setItem('signed in', user)
    const token = () => (signIn && localStorage.getItem('signed in')) || user
    const first = (url.startsWith('ws') ? webSocketTransport : sseTransport)({ url, token })
    const own = events ? fallback([first, sseTransport({ url: events.url, token })], events) : first
    const transport = isShared ? watchLinks(shared(own)) : own
    chat = composeChat({ user, transport, storage: indexedDbStorage({ name: 'e2e' }) })
    chat.outbox.subscribe((entries) => {
      for (const { localId, content, status, durable } of entries) {
        if (!durable || status === 'saving' || marked.has(localId)) continue
        marked.add(localId)
        console.log(`durable ${String(content)}`)
      }
    })
    if (conversation !== undefined) loom.follow(conversation)
    if (!idle) chat.connect()
  },
  follow(id: string) {
    talk = chat.conversation(id)
    return talk.timeline.subscribe((view) => {
      const keys = view.messages.map(({ key }) => key)
      if (new Set(keys).size !== keys.length) doubled.push(keys.join(' '))
      const places = view.messages.flatMap(({ seq }) => seq ?? [])
      if (places.some((seq, i) => i > 0 && seq <= (places[i - 1] as number))) disordered.push(places.join(' '))
    })
  },
  chat: () => chat,
  talk: () => talk,
  view: () => ({ ...talk.timeline.get(), messages: shown(talk.timeline.get()) }),
  send: (content: string) => talk.send(content),
  /**
   * Resolves once nothing waits to be sent, everything up to `seq` is shown, and nothing ahead of it: what a tab that died had not stored
   * goes from the others after two seconds. Asks no timer: those of hidden pages are slow.
   */
  async settled(seq: number) {
    await until(chat.outbox, (entries) => entries.length === 0)
    await until(
      talk.timeline,
      ({ state, messages }) =>
        state === 'ready' &&
        (seq === 0 || (messages.every((each) => each.seq !== undefined) && messages.some((each) => (each.seq ?? 0) >= seq))),
    )
  },
  until,
  /** Scrolls to the beginning and gives every message on the way, oldest first. */
  async all(): Promise<Shown[]> {
    await talk.jumpToLatest()
    const bySeq = new Map<number, Shown>()
    const pending: Shown[] = []
    for (;;) {
      const view = talk.timeline.get()
      for (const message of shown(view)) {
        if (message.seq === undefined) pending.push(message)
        else bySeq.set(message.seq, message)
      }
      if (!view.hasOlder) break
      await talk.loadOlder({ limit: 100 })
    }
    await talk.jumpToLatest()
    return [
      ...[...bySeq.values()].sort((a, b) => (a.seq as number) - (b.seq as number)),
      ...new Map(pending.map((each) => [each.key, each])).values(),
    ]
  },
}

export type Loom = typeof loom
declare global {
  interface Window {
    loom: Loom
  }
}
window.loom = loom
