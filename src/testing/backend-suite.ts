/**
 * `docs/protocol.md` as cases any test runner can run against any server: each case names the paragraph it asks for.
 *
 *   for (const { name, run } of backendSuite({ url: 'ws://127.0.0.1:8787' })) it(name, run)
 */
import {
  type BackendArrange,
  type BackendCase,
  type BackendConversation,
  type BackendNeed,
  backendNeeds,
  groundOf,
} from './backend-cases/ground.js'
import type { Trace } from './backend-cases/guest.js'
import { backendCases } from './backend-cases/index.js'
import { brief, SkipError, UnmetError } from './backend-cases/unmet.js'
import type { Dialer } from './dialer.js'
import { dialerOf } from './dialer-of.js'
import { checkGaps, type Gaps } from './gaps.js'

export type { BackendArrange, BackendConversation, BackendNeed }

export interface BackendSuiteOptions {
  /** Where the server listens: an address `ws:` or `wss:`, `http:` or `https:` for its server-sent events, or a dialer for any other door. */
  readonly url: string | Dialer
  /**
   * Tokens by user: two members, then one who is no member where there is one. Or what makes a token of any user's name, so that each
   * case has users of its own. Default: a name is its own token, as `chatloom serve --dev` takes it.
   */
  readonly tokens?: Readonly<Record<string, string>> | ((user: string) => string)
  /** Tokens that must be refused: one whose time is over, and one that never was good. Default none: those cases are skipped. */
  readonly badTokens?: { readonly expired?: string; readonly wrong?: string }
  /** A conversation of the first two users and nobody else; its cases run one at a time. Default: a conversation begins when a user opens it. */
  readonly conversation?: string
  /** What the server's own code can do for the suite. Default nothing. */
  readonly arrange?: BackendArrange
  /** What this server cannot be asked, with the reason for a reader; the cases that need it are skipped. Default none. */
  readonly gaps?: Gaps<BackendNeed>
  /** How long one answer may take, in milliseconds. Default 5,000. */
  readonly deadlineMs?: number
}

/** Absent: the server passed. */
export interface BackendVerdict {
  /** Why the case was not asked. */
  readonly skipped?: string
}

export interface BackendSuiteCase {
  /** The paragraph and the sentence: `§7.2 answers a known localId …`. */
  readonly name: string
  /** Of `docs/protocol.md`, such as `7.2`. */
  readonly paragraph: string
  /** `core`: needed by every server; `slow`: waits for time to pass; `sse`: asked over server-sent events alone; and the features and needs of the case. */
  readonly tags: readonly string[]
  /** May not run beside others. */
  readonly alone: boolean
  /** Resolves when the server passes or cannot be asked; rejects with a `BackendError`. */
  run(): Promise<BackendVerdict>
}

/** What a server did not do, in sentences. */
export class BackendError extends Error {
  readonly paragraph: string
  /** The last text said to the server, shortened. */
  readonly sent: string
  readonly expected: string
  /** What came instead, shortened. */
  readonly came: string

  constructor({ paragraph, name }: BackendCase, sent: string, expected: string, came: string) {
    super(`§${paragraph} the server ${name}\n  sent      ${sent}\n  expected  ${expected}\n  but       ${came}`)
    this.name = 'BackendError'
    this.paragraph = paragraph
    this.sent = sent
    this.expected = expected
    this.came = came
  }
}

const defaultDeadlineMs = 5_000

/** The cases a server must pass. Throws `TypeError` for a gap that is none or has no reason. */
export function backendSuite(options: BackendSuiteOptions): readonly BackendSuiteCase[] {
  const { deadlineMs = defaultDeadlineMs, url, gaps = {} } = options
  checkGaps('backendSuite', gaps, backendNeeds)
  const dialer = typeof url === 'string' ? dialerOf(url) : url
  const stage: Stage = { options, dialer, deadlineMs, id: ids(), welcomed: once(() => greet(stage)) }
  const asked = backendCases.filter(({ door }) => door === undefined || dialer.events !== undefined)
  return asked.map((one) => ({
    name: `§${one.paragraph} ${one.name}`,
    paragraph: one.paragraph,
    tags: [
      ...(one.core ? ['core'] : []),
      ...(one.slow ? ['slow'] : []),
      ...(one.door ? [one.door] : []),
      ...(one.features ?? []),
      ...(one.needs ?? []),
    ],
    alone: one.alone === true || options.conversation !== undefined,
    run: () => run(stage, one),
  }))
}

interface Stage {
  readonly options: BackendSuiteOptions
  readonly dialer: Dialer
  readonly deadlineMs: number
  readonly id: () => string
  /** What the server says it can do, asked once. */
  readonly welcomed: () => Promise<{ readonly features: readonly string[] }>
}

async function run(stage: Stage, one: BackendCase): Promise<BackendVerdict> {
  const missing = (one.needs ?? []).map((need) => lack(stage.options, need)).find((reason) => reason !== undefined)
  if (missing !== undefined) return { skipped: missing }
  const { features } = await stage.welcomed()
  const undeclared = (one.features ?? []).find((feature) => !features.includes(feature))
  if (undeclared !== undefined) return { skipped: `welcome.features does not name ${undeclared}` }
  const trace: Trace = { said: 'nothing' }
  const { ground, clear } = newGround(stage, trace)
  try {
    await one.run(ground)
    return {}
  } catch (error) {
    if (error instanceof SkipError) return { skipped: error.message }
    if (!(error instanceof UnmetError)) throw error
    throw new BackendError(one, brief(trace.said), error.expected, error.came)
  } finally {
    clear()
  }
}

function newGround({ options, dialer, deadlineMs, id }: Stage, trace: Trace) {
  const { tokens = (user: string) => user, badTokens = {}, arrange = {}, conversation: shared } = options
  const isMaker = typeof tokens === 'function'
  const names = isMaker ? ['ann', 'bob', 'eve'].map((name) => `${name}-${id()}`) : Object.keys(tokens)
  const users = [names[0] ?? 'ann', names[1] ?? 'bob', names[2] ?? 'eve'] as const
  const token = isMaker ? tokens : (user: string) => (Object.hasOwn(tokens, user) ? tokens[user] : undefined)
  return groundOf({ dialer, deadlineMs, trace, token, users, badTokens, shared, arrange, id })
}

/** Why the need is not there; undefined: it is. */
function lack({ tokens, badTokens = {}, conversation, arrange = {}, gaps = {} }: BackendSuiteOptions, need: BackendNeed) {
  if (gaps[need] !== undefined) return gaps[need]
  const unless = (there: unknown, reason: string) => (there ? undefined : reason)
  const hasThird = tokens === undefined || typeof tokens === 'function' || Object.keys(tokens).length > 2
  switch (need) {
    case 'fresh':
      return unless(conversation === undefined, 'it needs conversations of its own, and one was named')
    case 'closed':
      return unless((arrange.put || conversation !== undefined) && hasThird, 'it needs a conversation and a user who is kept out of it')
    case 'expired':
    case 'wrong':
      return unless(badTokens[need], `no ${need} token was given`)
    default:
      return unless(arrange[need], `it needs the hook ${need}`)
  }
}

async function greet(stage: Stage) {
  const { ground, clear } = newGround(stage, { said: '' })
  try {
    const { welcome } = await ground.enter(ground.ann)
    return welcome
  } finally {
    clear()
  }
}

/** No two runs against one server may make the same. */
function ids(): () => string {
  const run = crypto.randomUUID().slice(0, 8)
  let made = 0
  return () => `${run}-${++made}`
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
