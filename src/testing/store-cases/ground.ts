/** What every store case stands on: one fresh store, short words for writes, and checks that need no test runner. */
import type { Position } from '../../protocol/frames.js'
import type { InboxRead, MarkWrite, OpenRead, Outcome, PageRead, PutWrite, Store, StoreWrite } from '../../server/store.js'

export interface StoreGround {
  readonly store: Store
  /** Takes the store's place away again, after it was closed. */
  dispose?(): void | Promise<void>
}

/** The store of one case, spoken to in conversation `c` of tenant `t` unless told otherwise. */
export interface StoreTalk {
  readonly store: Store
  put(members: readonly string[], more?: Partial<PutWrite>): Promise<Outcome>
  send(
    user: string,
    localId: string,
    more?: { after?: string; content?: unknown; conversation?: string; tenant?: string },
  ): Promise<Outcome>
  takeBack(user: string, localId: string, after?: string): Promise<Outcome>
  post(id: string, content: unknown): Promise<Outcome>
  mark(user: string, more: Partial<MarkWrite>): Promise<Outcome>
  write(...batch: StoreWrite[]): Promise<readonly Outcome[]>
  open(user: string, position?: Position): Promise<OpenRead>
  page(user: string, anchor: Parameters<Store['page']>[0]['anchor'], limit: number): Promise<PageRead>
  inbox(user: string, cursor?: string): Promise<InboxRead>
}

/** `nodes`: what several nodes over one store ask of it, `changes` and `news`; without it the store serves one server alone. */
export type StoreGap = (typeof storeGaps)[number]

export const storeGaps = ['nodes'] as const

export interface StoreCase {
  /** What the case rests on. */
  readonly needs?: StoreGap
  readonly name: string
  run(talk: StoreTalk): Promise<void>
}

export const place = { tenant: 't', conversation: 'c' } as const

export function groundOf({ store }: StoreGround): StoreTalk {
  let minted = 0
  const mint = () => `id${++minted}`
  const write = (...batch: StoreWrite[]) => store.write(batch, mint)
  const one = async (asked: StoreWrite) => (await write(asked))[0] as Outcome
  const open = async (user: string, position?: Position) => present(await store.open({ ...place, user, position }), `open by ${user}`)
  return {
    store,
    write,
    put: (members, more = {}) => one({ kind: 'put', ...place, members, ...more }),
    send: (user, localId, { content = localId, ...more } = {}) => one({ kind: 'send', ...place, user, localId, content, at: 1, ...more }),
    takeBack: (user, localId, after) => one({ kind: 'void', ...place, user, localId, after }),
    post: (id, content) => one({ kind: 'post', ...place, id, author: 'system', content, at: 1 }),
    mark: async (user, more) => one({ kind: 'mark', ...place, user, epoch: (await open(user)).epoch, ...more }),
    open,
    page: async (user, anchor, limit) => present(await store.page({ ...place, user, anchor, limit }), `page for ${user}`),
    inbox: (user, cursor) => store.inbox({ tenant: place.tenant, user, cursor }),
  }
}

export function same(actual: unknown, expected: unknown, what: string): void {
  if (!isSame(actual, expected)) throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
}

/** As plain data: a field that is undefined is not one that is absent. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  const [some, others] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  if (Array.isArray(a) !== Array.isArray(b) || some.size !== others.size) return false
  return [...some].every(([key, value]) => others.has(key) && isSame(value, others.get(key)))
}

/** The seq an outcome names, or what it is instead. */
export function seqOf(outcome: Outcome): number | string {
  if (outcome.kind === 'stored') return outcome.stored.seq
  if (outcome.kind === 'known') return outcome.seq === undefined ? 'void' : `known ${outcome.seq}`
  return outcome.kind === 'refused' ? outcome.code : outcome.kind
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what}: expected an answer, got none`)
  return value
}
