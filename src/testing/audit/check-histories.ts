/**
 * The external checker: reads exported histories and nothing else, and shares no code with what made them. Messages are one by their id
 * of the server; an own one is named by its local id until it has one.
 */

export interface AuditFinding {
  readonly conversation: string
  /** The client that shows it so, by history and name; of `differing` all of them. */
  readonly client: string
  /** Ids, or local ids of what has none. */
  readonly messages: readonly string[]
}

export interface AuditReport {
  /** Nothing was found. */
  readonly ok: boolean
  readonly clients: number
  /** Messages sent, and those that a server has confirmed. */
  readonly sent: number
  readonly settled: number
  /** Confirmed to their sender, and never shown to this client. */
  readonly lost: readonly AuditFinding[]
  /** Shown twice at once, or one sending as two messages. */
  readonly doubled: readonly AuditFinding[]
  /** Sent one after the other by this client, and shown the other way round. */
  readonly disordered: readonly AuditFinding[]
  /** Shown in an order to one client and in another to others, or at another time. */
  readonly differing: readonly AuditFinding[]
  /** Stood in the log here, and was gone later from between what stayed. */
  readonly undone: readonly AuditFinding[]
  /** Neither confirmed nor failed nor taken back at the end of the history. */
  readonly unsettled: readonly AuditFinding[]
}

interface Row {
  readonly id?: string
  readonly localId?: string
}

/** What one client did in one conversation. */
interface Seen {
  readonly client: string
  readonly conversation: string
  readonly sent: string[]
  readonly settled: Set<string>
  readonly failed: Set<string>
  readonly views: { readonly rows: readonly Row[]; readonly latest: boolean }[]
}

type Kind = Exclude<keyof AuditReport, 'ok' | 'clients' | 'sent' | 'settled'>

/** Each history as one text or as its lines. Throws `TypeError` at a line that is none of a history. */
export function checkHistories(...histories: readonly (string | readonly string[])[]): AuditReport {
  const all = histories.flatMap((history, i) => readHistory(typeof history === 'string' ? history.split('\n') : history, i + 1))
  const found: Record<Kind, AuditFinding[]> = { lost: [], doubled: [], disordered: [], differing: [], undone: [], unsettled: [] }
  for (const seen of all) {
    const { client, conversation } = seen
    const say = (kind: Kind, messages: readonly string[]) => {
      const isKnown = found[kind].some(
        (each) => each.client === client && each.conversation === conversation && `${each.messages}` === `${messages}`,
      )
      if (!isKnown) found[kind].push({ conversation, client, messages })
    }
    checkLost(seen, all, say)
    checkDoubled(seen, say)
    checkDisordered(seen, say)
    checkUndone(seen, say)
    for (const localId of seen.sent) if (!seen.settled.has(localId) && !seen.failed.has(localId)) say('unsettled', [localId])
  }
  for (const conversation of new Set(all.map((seen) => seen.conversation))) {
    const messages = inCycles(all.filter((seen) => seen.conversation === conversation))
    if (messages.length > 0) found.differing.push({ conversation, client: 'all', messages })
  }
  const sent = all.reduce((sum, seen) => sum + seen.sent.length, 0)
  const settled = all.reduce((sum, seen) => sum + seen.settled.size, 0)
  const ok = Object.values(found).every((findings) => findings.length === 0)
  return { ok, clients: new Set(all.map(({ client }) => client)).size, sent, settled, ...found }
}

type Say = (kind: Kind, messages: readonly string[]) => void

/** By local id: as its sender shows it. */
function idsOf({ views }: Seen): ReadonlyMap<string, string> {
  const rows = views.flatMap((view) => view.rows)
  return new Map(rows.flatMap(({ id, localId }) => (id !== undefined && localId !== undefined ? [[localId, id] as const] : [])))
}

function checkLost(seen: Seen, all: readonly Seen[], say: Say): void {
  const shown = new Set(seen.views.flatMap(({ rows }) => rows.map(({ id }) => id)))
  for (const other of all) {
    if (other.conversation !== seen.conversation) continue
    const ids = idsOf(other)
    for (const localId of other.settled) {
      const id = ids.get(localId)
      // Without an id it is lost to its sender.
      if (id === undefined ? other === seen : !shown.has(id)) say('lost', [id ?? localId])
    }
  }
}

function checkDoubled({ views }: Seen, say: Say): void {
  const idOf = new Map<string, string>()
  for (const { rows } of views) {
    const names = new Set<string>()
    for (const { id, localId } of rows) {
      for (const name of [id && `id ${id}`, localId && `local ${localId}`]) {
        if (name && names.has(name)) say('doubled', [id ?? localId ?? ''])
        if (name) names.add(name)
      }
      if (!id || !localId) continue
      const known = idOf.get(localId)
      if (known !== undefined && known !== id) say('doubled', [known, id])
      idOf.set(localId, id)
    }
  }
}

/** What failed once goes to the end when it is sent again. */
function checkDisordered({ sent, failed, views }: Seen, say: Say): void {
  const place = new Map(sent.filter((localId) => !failed.has(localId)).map((localId, n) => [localId, n]))
  for (const { rows } of views) {
    let last: Row | undefined
    for (const row of rows) {
      const at = row.id !== undefined && row.localId !== undefined ? place.get(row.localId) : undefined
      if (at === undefined) continue
      if (last && (place.get(last.localId as string) as number) > at) say('disordered', [last.id as string, row.id as string])
      last = row
    }
  }
}

function checkUndone({ views }: Seen, say: Say): void {
  views.forEach((view, i) => {
    const before = views[i - 1]?.rows.filter(({ id }) => id !== undefined) ?? []
    const now = new Set(view.rows.map(({ id }) => id))
    const first = before.findIndex(({ id }) => now.has(id))
    const last = view.latest ? before.length : before.findLastIndex(({ id }) => now.has(id))
    before.forEach(({ id }, at) => {
      if (first >= 0 && at > first && at < last && !now.has(id)) say('undone', [id as string])
    })
  })
}

/** Ids of which each stands before the other somewhere: what is left when beginnings and ends are taken off again and again. */
function inCycles(all: readonly Seen[]): readonly string[] {
  const behind = new Map<string, Set<string>>()
  for (const { views } of all) {
    for (const { rows } of views) {
      const ids = rows.flatMap(({ id }) => id ?? [])
      ids.forEach((id, i) => {
        const next = ids[i + 1]
        const after = behind.get(id) ?? new Set()
        behind.set(id, after)
        if (next !== undefined && next !== id) after.add(next)
      })
    }
  }
  return withoutEnds(withoutEnds(behind).reversed).left
}

function withoutEnds(behind: ReadonlyMap<string, ReadonlySet<string>>) {
  const before = new Map<string, Set<string>>([...behind.keys()].map((id) => [id, new Set()]))
  for (const [id, after] of behind) for (const next of after) before.get(next)?.add(id)
  const open = new Map([...behind].map(([id, after]) => [id, [...after].filter((next) => behind.has(next)).length]))
  const ends = [...open].flatMap(([id, count]) => (count === 0 ? [id] : []))
  for (let id = ends.pop(); id !== undefined; id = ends.pop()) {
    open.delete(id)
    for (const earlier of before.get(id) ?? []) {
      const count = (open.get(earlier) as number) - 1
      open.set(earlier, count)
      if (count === 0) ends.push(earlier)
    }
  }
  const left = [...open.keys()]
  return { left, reversed: new Map(left.map((id) => [id, before.get(id) as Set<string>])) }
}

function readHistory(lines: readonly string[], number: number): readonly Seen[] {
  const all = new Map<string, Seen>()
  let isBegun = false
  lines.forEach((text, i) => {
    if (text.trim() === '') return
    const line = parsed(text)
    if (!isBegun && (line?.chatloom !== 'history' || line.version !== 1))
      throw unreadable(i, 'does not say that a history of version 1 follows')
    if (isBegun && !take(all, line ?? {}, number)) throw unreadable(i, 'is no event of a history')
    isBegun = true
  })
  if (!isBegun) throw unreadable(0, 'is missing')
  return [...all.values()]
}

const unreadable = (i: number, why: string) =>
  new TypeError(`checkHistories: line ${i + 1} ${why}. Pass the lines of deliveryAuditor() as they are.`)

type Line = Readonly<Record<string, unknown>>

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    return undefined
  }
}

/** False: it cannot be read. */
function take(all: Map<string, Seen>, { event, client, conversation, localId, from, rows, latest }: Line, number: number): boolean {
  if (typeof client !== 'string' || typeof conversation !== 'string') return false
  const key = JSON.stringify([client, conversation])
  const fresh: Seen = { client: `${number}/${client}`, conversation, sent: [], settled: new Set(), failed: new Set(), views: [] }
  const seen = all.get(key) ?? fresh
  all.set(key, seen)
  if (event === 'shown') {
    const before = seen.views.at(-1)?.rows ?? []
    const isWhole = Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null)
    if (!isWhole || typeof from !== 'number' || !(from >= 0 && from <= before.length)) return false
    seen.views.push({ rows: [...before.slice(0, from), ...rows], latest: latest === true })
    return true
  }
  if (typeof localId !== 'string') return false
  if (event === 'sent') seen.sent.push(localId)
  else if (event === 'settled') seen.settled.add(localId)
  else if (event === 'failed') seen.failed.add(localId)
  else return false
  return true
}
