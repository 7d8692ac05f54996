/**
 * The hub: links in, frames out, everything true in the store. It owns no socket and no timer; its only time is `clock`, its only
 * chance `mint`, its only delay `turn`. So a simulated world can run it in one thread, and the same calls give the same frames.
 * Answers and broadcasts leave each link in one order: a write is acknowledged after its transaction, and told to all right after.
 */
import type { CloseCode } from '../protocol/codes.js'
import type { ClientFrame, MessageRow } from '../protocol/frames.js'
import { protocolVersion } from '../protocol/frames.js'
import * as limits from '../protocol/limits.js'
import { serverLimits } from '../protocol/server-limits.js'
import { ping, receipt, typing } from './hub/ephemeral.js'
import { check } from './hub/check.js'
import { tellMarks } from './hub/fan-out.js'
import { unfollow } from './hub/follow.js'
import { hearHints, sayLink } from './hub/hear-hints.js'
import { goOn, hear } from './hub/hearing.js'
import { inbox, tellInboxes } from './hub/inbox.js'
import { introduce, post, type PostInput, put, type PutInput } from './hub/host-writes.js'
import { type Connection, type Link, newLink, nothing } from './hub/link.js'
import { forget, register, sameLane, shut } from './hub/links.js'
import { newNode, publish } from './hub/node.js'
import { operate, reject } from './hub/operation.js'
import { take } from './hub/rate.js'
import { fail, history, open } from './hub/read.js'
import { type HubOptions, type HubState, push } from './hub/state.js'
import { createWrites } from './hub/writes.js'
import { silentLogger } from './logger.js'

export type { MemberInput, PutInput } from './hub/host-writes.js'
export type { Connection } from './hub/link.js'
export type { HubOptions } from './hub/state.js'

/** What a door does with a welcomed link. */
export interface HubLink {
  /** A decoded frame, and how much of a text it was; ignored once the link is closed. */
  receive(frame: ClientFrame, bytes?: number): void
  /** What waited unsent has left. */
  drained(): void
  /** The connection is gone, for whatever reason. */
  closed(): void
}

export interface Hub {
  /** Welcomes the link, or closes it at once with the reason. */
  connect(connection: Connection): HubLink
  /** Resolves when stored; rejects when the store failed. Idempotent (see `server.conversations.put`). */
  put(write: PutInput): Promise<void>
  /** Resolves with the stored message; undefined where there is no such conversation. */
  post(write: PostInput): Promise<MessageRow | undefined>
  /** Announces the end to every link. They are to come back one after the other, the first after `retryAfterMs`, the last so much later. */
  drain(retryAfterMs: number, spreadMs?: number): void
  /**
   * Looks in the store for what the other nodes have written and the bus has lost. To be called again and again: this bounds how late
   * anything can be. Without a bus it does nothing.
   */
  check(): Promise<void>
  /** Closes every link, and resolves when every write asked for is settled. */
  stop(code: CloseCode, retryAfterMs?: number): Promise<void>
}

const defaultRate = { perSecond: 500, burst: 2_000 }
const defaultHeartbeatMs = 25_000
const features = ['dense', 'index', 'idempotent', 'echo', 'after', 'receipts', 'typing', 'inbox'] as const

export function createHub(options: HubOptions): Hub {
  const state = newState(options)
  return {
    connect: (connection) => connect(state, connection),
    put: (write) => put(state, write),
    post: (write) => post(state, write),
    drain(retryAfterMs, spreadMs = 0) {
      const stepMs = spreadMs / state.links.size
      let at = 0
      for (const link of state.links) push(state, link, { type: 'drain', retryAfterMs: retryAfterMs + Math.round(stepMs * at++) })
      flush(state)
    },
    check: () => checkOnce(state),
    async stop(code, retryAfterMs) {
      for (const link of [...state.links]) shut(state, link, 'closed', code, retryAfterMs)
      await state.writes.idle()
      await state.node?.checking
    },
  }
}

function newState(options: HubOptions): HubState {
  const { store, mint, turn, logger = silentLogger, bus } = options
  const state: HubState = {
    options,
    writes: createWrites({ store, mint, turn, logger, flush: () => flush(state) }),
    node: bus && newNode(bus, mint(), (text) => hearHints(state, text, (link) => shut(state, link, 'fenced', 'superseded')), logger),
    links: new Set(),
    users: new Map(),
    rooms: new Map(),
    rosters: new Map(),
    moved: new Map(),
    spreading: 0,
    settled: new Map(),
    spread: new Map(),
    marked: new Set(),
    stale: new Set(),
    unsent: [],
    asking: new Set(),
    act: (link, frame) => act(state, link, frame),
  }
  return state
}

/** The end of a tick: everything gathered leaves, one call per link. Whoever waits for an answer comes before those who read a list. */
function flush(state: HubState): void {
  if (state.marked.size) tellMarks(state)
  for (const link of state.unsent) {
    const { out, shared } = link
    link.out = nothing
    link.shared = false
    if (out.length > 0) link.send(out, shared)
  }
  state.unsent.length = 0
  for (const link of state.asking) goOn(state, link)
  if (state.moved.size || state.stale.size) tellInboxes(state)
  if (state.node?.out.size) publish(state.node)
}

/** One at a time. Where the store cannot say what was missed, everybody comes back and asks. */
async function checkOnce(state: HubState): Promise<void> {
  const { node } = state
  if (!node) return
  node.checking ??= check(state).then((isSure) => {
    node.checking = undefined
    if (!isSure) for (const link of [...state.links]) shut(state, link, 'closed', 'going-away')
  })
  await node.checking
}

function connect(state: HubState, connection: Connection): HubLink {
  const { clock, heartbeatMs = defaultHeartbeatMs } = state.options
  const { user, tenant, profile, window = serverLimits.socketWindow } = connection
  const link = newLink(connection, clock.now())
  const refused = refusal(state, connection, link)
  if (refused) {
    link.state = 'closed'
    connection.send([{ type: 'refused', code: refused }], false)
    connection.close(refused)
    return { receive() {}, drained() {}, closed() {} }
  }
  const older = sameLane(state, link)
  if (older) shut(state, older, 'fenced', 'superseded')
  register(state, link)
  sayLink(state, link)
  push(state, link, {
    type: 'welcome',
    version: protocolVersion,
    user,
    ...(tenant ? { tenant } : {}),
    time: clock.now(),
    heartbeatMs,
    limits: { followed: limits.followed, window, contentBytes: limits.contentBytes, pageRows: limits.pageRows },
    features,
  })
  // The log of the store has said it; the next link tries again.
  if (profile) introduce(state, { tenant: link.tenant, user, profile }).catch(() => {})
  return {
    receive: (frame, bytes = 0) => receive(state, link, frame, bytes),
    drained: () => goOn(state, link),
    closed() {
      if (link.state === 'open') link.state = 'closed'
      forget(state, link)
    },
  }
}

function refusal(state: HubState, { hello, user }: Connection, link: Link): CloseCode | undefined {
  if (hello.version !== protocolVersion) return 'unsupported-version'
  if (hello.user !== user) return 'wrong-user'
  const other = sameLane(state, link)
  return other && other.number > link.number ? 'superseded' : undefined
}

function receive(state: HubState, link: Link, frame: ClientFrame, bytes: number): void {
  if (link.state !== 'open') return
  const verdict = take(link.bucket, state.options.rate ?? defaultRate, state.options.clock.now())
  if (verdict.kind === 'cut') return shut(state, link, 'closed', 'rate-limited')
  if (verdict.kind === 'refuse') return hold(state, link, frame, verdict.retryAfterMs)
  if (!hear(state, link, frame, bytes)) shut(state, link, 'closed', 'slow-consumer')
}

function act(state: HubState, link: Link, frame: ClientFrame): void | Promise<void> {
  switch (frame.type) {
    case 'operation':
      return operate(state, link, frame)
    case 'open':
      return open(state, link, frame)
    case 'history':
      return history(state, link, frame)
    case 'inbox':
      return inbox(state, link, frame)
    case 'receipt':
      return receipt(state, link, frame)
    case 'typing':
      return typing(state, link, frame)
    case 'unfollow':
      return unfollow(state, link, frame.conversation)
    case 'ping':
      return ping(state, link, frame)
    case 'hello':
      return shut(state, link, 'closed', 'bad-frame')
  }
}

/** Too fast: what waits for an answer gets a passing one; ephemera are dropped. */
function hold(state: HubState, link: Link, frame: ClientFrame, retryAfterMs: number): void {
  if (frame.type === 'operation') reject(state, link, frame, 'rate-limited', { final: false, retryAfterMs })
  else if ('request' in frame) fail(state, link, frame.request, 'rate-limited', retryAfterMs)
  else if (frame.type === 'unfollow') unfollow(state, link, frame.conversation)
  else if (frame.type === 'ping') ping(state, link, frame)
}
