/**
 * The external checker: reads exported histories and nothing else, and shares no code with what made them. Messages are one by their id
 * of the server; an own one is named by its local id until it has one.
 */
import { type Row, readHistory, type Seen, unusable } from './read-history.js'

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
  /** Confirmed to their sender, and never shown to this client although what stands before and behind was. */
  readonly lost: readonly AuditFinding[]
  /** Shown twice at once, or one sending as two messages. */
  readonly doubled: readonly AuditFinding[]
  /** Sent one after the other by one client of this user, and shown the other way round. */
  readonly disordered: readonly AuditFinding[]
  /** Shown in an order to one client and in another to others, or at another time. */
  readonly differing: readonly AuditFinding[]
  /** Stood in the log here, and was gone later from between what stayed. */
  readonly undone: readonly AuditFinding[]
  /** Neither confirmed nor failed nor taken back at the end of the histories of this user. */
  readonly unsettled: readonly AuditFinding[]
}

/** One message that a user sent, whichever of the user's pages tell of it. */
interface Sending {
  readonly localId: string
  readonly conversation: string
  /** The first that tells of it. */
  readonly client: string
  isSettled: boolean
  isFailed: boolean
  id: string | undefined
}

type Kind = Exclude<keyof AuditReport, 'ok' | 'clients' | 'sent' | 'settled'>
type Sendings = ReadonlyMap<string, Sending>
/** By id, the ids that stand right behind it somewhere. */
type Order = ReadonlyMap<string, ReadonlySet<string>>

/** Each history as one text or as its lines. Throws `TypeError` at a line that is none of a history, and where there is nothing to check. */
export function checkHistories(...histories: readonly (string | readonly string[])[]): AuditReport {
  if (histories.length === 0) throw unusable('there is no history. Pass the lines of deliveryAuditor().')
  const all = histories.flatMap((history, i) => readHistory(typeof history === 'string' ? history.split('\n') : history, i + 1))
  const sendings = sendingsOf(all)
  const found: Record<Kind, AuditFinding[]> = { lost: [], doubled: [], disordered: [], differing: [], undone: [], unsettled: [] }
  const sayOf =
    ({ client, conversation }: Pick<Seen, 'client' | 'conversation'>): Say =>
    (kind, messages) => {
      const isKnown = found[kind].some(
        (each) => each.client === client && each.conversation === conversation && `${each.messages}` === `${messages}`,
      )
      if (!isKnown) found[kind].push({ conversation, client, messages })
    }
  for (const sending of sendings.values()) checkEnd(sending, sayOf(sending))
  for (const conversation of new Set(all.map((seen) => seen.conversation))) {
    const here = all.filter((seen) => seen.conversation === conversation)
    const behind = orderOf(here)
    const wanted = [...sendings.values()].filter((sending) => sending.isSettled && sending.conversation === conversation)
    for (const seen of here) {
      const say = sayOf(seen)
      checkLost(seen, behind, wanted, say)
      checkDoubled(seen, say)
      for (const other of here) if (other.user === seen.user) checkDisordered(seen, other.sent, sendings, say)
      checkUndone(seen, say)
    }
    const messages = withoutEnds(withoutEnds(behind).reversed).left
    if (messages.length > 0) found.differing.push({ conversation, client: 'all', messages })
  }
  const settled = [...sendings.values()].filter(({ isSettled }) => isSettled).length
  const ok = Object.values(found).every((findings) => findings.length === 0)
  return { ok, clients: new Set(all.map(({ client }) => client)).size, sent: sendings.size, settled, ...found }
}

type Say = (kind: Kind, messages: readonly string[]) => void

const keyOf = ({ user, conversation }: Seen, localId: string) => JSON.stringify([user, conversation, localId])

/** What one page sent, another of the same user may bring home. */
function sendingsOf(all: readonly Seen[]): Sendings {
  const sendings = new Map<string, Sending>()
  for (const seen of all) {
    const { client, conversation, sent, found, settled, failed } = seen
    for (const localId of new Set([...sent, ...found, ...settled, ...failed])) {
      const key = keyOf(seen, localId)
      const sending = sendings.get(key) ?? { localId, conversation, client, isSettled: false, isFailed: false, id: undefined }
      sendings.set(key, sending)
      sending.isSettled ||= settled.has(localId)
      sending.isFailed ||= failed.has(localId)
    }
  }
  for (const seen of all)
    for (const { id, localId } of seen.views.flatMap(({ rows }) => rows)) {
      const sending = id !== undefined && localId !== undefined && sendings.get(keyOf(seen, localId))
      if (sending) sending.id = id
    }
  return sendings
}

function checkEnd({ localId, id, isSettled, isFailed }: Sending, say: Say): void {
  if (isSettled && id === undefined) say('lost', [localId])
  if (!isSettled && !isFailed && id === undefined) say('unsettled', [localId])
}

/** Asked for is what stands between the first and the last of a run that this client showed: before and behind it was not here. */
function checkLost({ views }: Seen, behind: Order, wanted: readonly Sending[], say: Say): void {
  const before = reversedOf(behind)
  const shown = new Set(views.flatMap(({ rows }) => rows.map(({ id }) => id)))
  for (const run of runsOf(views)) {
    const [later, earlier] = [reached(run, behind), reached(run, before)]
    for (const { id } of wanted) if (id !== undefined && !shown.has(id) && later.has(id) && earlier.has(id)) say('lost', [id])
  }
}

/** Views that share a message are one run. */
function runsOf(views: Seen['views']): Iterable<ReadonlySet<string>> {
  const runs = new Map<string, Set<string>>()
  for (const { rows } of views) {
    const ids = rows.flatMap(({ id }) => id ?? [])
    const touched = new Set(ids.flatMap((id) => runs.get(id) ?? []))
    const [run = new Set<string>(), ...others] = touched
    for (const id of [...ids, ...others.flatMap((other) => [...other])]) {
      run.add(id)
      runs.set(id, run)
    }
  }
  return new Set(runs.values())
}

function reached(from: ReadonlySet<string>, next: Order): ReadonlySet<string> {
  const all = new Set(from)
  for (const id of all) for (const other of next.get(id) ?? []) all.add(other)
  return all
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
function checkDisordered(seen: Seen, sent: readonly string[], sendings: Sendings, say: Say): void {
  const inOrder = sent.filter((localId) => !sendings.get(keyOf(seen, localId))?.isFailed)
  const place = new Map(inOrder.map((localId, n) => [localId, n]))
  for (const { rows } of seen.views) {
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

function orderOf(all: readonly Seen[]): Order {
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
  return behind
}

function reversedOf(behind: Order): ReadonlyMap<string, Set<string>> {
  const before = new Map<string, Set<string>>([...behind.keys()].map((id) => [id, new Set()]))
  for (const [id, after] of behind) for (const next of after) before.get(next)?.add(id)
  return before
}

/** Twice, and what is left are ids of which each stands before the other somewhere: ends are taken off again and again. */
function withoutEnds(behind: Order) {
  const before = reversedOf(behind)
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
