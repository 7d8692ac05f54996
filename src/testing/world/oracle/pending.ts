/** Rows of a view that the log has not taken in: exactly what waits, each once, under its key and in its place (R2, R18). */
import type { Message, OutboxEntry } from '../../../client/api.js'
import type { Content } from '../tab.js'
import type { Say, Shown } from './seen.js'
import type { Birth } from './truth.js'

type Row = Message<Content>
type Waiting = OutboxEntry<Content>

/** `rows`: those of the view. `born`: the lane of a local id and its number there, where its order is promised. */
export function checkPending(shown: Shown, rows: readonly Row[], born: (localId: string) => Birth | undefined, say: Say): void {
  const { view, user, outbox, entries, ahead } = shown
  if (rows.length + outbox.length + ahead.length === 0) return
  const taken = new Set(entries.filter(({ voiding }) => voiding).map(({ localId }) => localId))
  const own = outbox.filter(({ localId }) => !taken.has(localId))
  const others = new Map(ahead.map((row) => [keyDue(row, user), row]))
  const waits = own.filter(({ status }) => status !== 'failed')
  checkWaiting(rows, view.atLatest ? waits : [], view.atLatest ? [...others.keys()] : [], say)
  checkLanes(waits, born, say)
  checkFailed(shown, own, say)
  // All that waits stands behind all else.
  const first = view.messages.findIndex(isWaiting)
  if (first >= 0 && !view.messages.slice(first).every(isWaiting)) say('pending-in-place', 'what waits stands before what does not')
  const ofKey = new Map(own.map((entry) => [entry.localId, entry]))
  for (const row of rows) checkRow(row, ofKey.get(row.key) ?? others.get(row.key), user, say)
}

const isWaiting = ({ seq, status }: Row) => seq === undefined && status !== 'failed'

/** From the first moment to the last (R2); two authors may have made the same local id. */
export function keyDue({ author, localId, id }: { author: string; localId?: string; id?: string }, user: string): string | undefined {
  if (localId === undefined) return id
  return author === user ? localId : `${author.length}:${author}${localId}`
}

/** Own ones in the order of the outbox, those of other tabs in the order in which they came, and no other. */
function checkWaiting(rows: readonly Row[], own: readonly Waiting[], others: readonly (string | undefined)[], say: Say): void {
  const keys = rows.filter(isWaiting).map(({ key }) => key)
  const theirs = new Set(others)
  const due = own.map(({ localId }) => localId)
  const missing = [...due, ...others].find((key) => !keys.includes(key as string))
  if (missing !== undefined) return say('shown-once', `${missing} waits but is not shown`)
  const extra = keys.find((key) => !due.includes(key) && !theirs.has(key))
  if (extra !== undefined) return say('shown-once', `${extra} is shown as pending, and nothing is behind it`)
  if (keys.filter((key) => !theirs.has(key)).join() !== due.join()) say('pending-in-place', `own ones stand as ${keys}, not as ${due}`)
  if (keys.filter((key) => theirs.has(key)).join() !== others.join()) say('pending-in-place', `others stand as ${keys}, not as ${others}`)
}

/** In the order in which they were made, lane by lane. */
function checkLanes(waits: readonly Waiting[], born: (localId: string) => Birth | undefined, say: Say): void {
  const newest = new Map<string, number>()
  for (const { localId } of waits) {
    const birth = born(localId)
    if (!birth) continue
    if (birth.n < (newest.get(birth.lane) ?? -1)) say('pending-in-place', `${localId} stands behind one that was made later`)
    newest.set(birth.lane, birth.n)
  }
}

/** Each stays behind what was newest when it failed; one whose place is not in the window is not shown. */
function checkFailed({ view, at, entries }: Shown, own: readonly Waiting[], say: Say): void {
  const keys = view.messages.filter(({ status }) => status === 'failed').map(({ key }) => key)
  const failed = own.filter(({ status }) => status === 'failed')
  if (keys.length + failed.length === 0) return
  const { from, to } = at.view ?? at.tail
  const behind = new Map(entries.map(({ localId, arm }) => [localId, arm.kind === 'failed' ? arm.behind : 0]))
  const placeOf = (localId: string) => behind.get(localId) ?? 0
  // The row behind which it stands; behind one row those that were sent first stand first.
  const rowOf = (localId: string) => view.messages.findLast(({ seq = Number.POSITIVE_INFINITY }) => seq <= placeOf(localId))?.seq ?? 0
  const due = failed
    .filter(({ localId }) => placeOf(localId) >= from && (view.atLatest || placeOf(localId) < to))
    .map(({ localId }) => localId)
    .sort((a, b) => rowOf(a) - rowOf(b))
  if (keys.toSorted().join() !== due.toSorted().join()) return say('shown-once', `failed are ${due}, shown as failed ${keys}`)
  if (keys.join() !== due.join()) return say('pending-in-place', `failed ones stand as ${keys}, not as ${due}`)
  let newest = 0
  let last = 0
  for (const { key, seq, status } of view.messages) {
    if (status === 'failed') last = placeOf(key)
    if (seq !== undefined) newest = seq
    const isEarly = seq !== undefined && last >= seq
    const isLate = status === 'failed' && newest > last
    if (isEarly || isLate) return say('pending-in-place', `what failed behind ${last} stands ${isLate ? 'behind' : 'before'} ${newest}`)
  }
}

/** What is shown is what waits. */
function checkRow(row: Row, due: Waiting | Shown['ahead'][number] | undefined, user: string, say: Say): void {
  if (!due) return
  const author = 'author' in due ? due.author : user
  const status = 'author' in due ? (author === user ? 'sending' : 'sent') : due.status
  const localId = author === user ? due.localId : undefined
  const isIt = row.author === author && row.mine === (author === user) && row.localId === localId && row.id === undefined
  const isSame = row.content === due.content || JSON.stringify(row.content) === JSON.stringify(due.content)
  if (!isIt || !isSame || row.finality !== 'provisional') say('cache-within-truth', `${row.key} is shown otherwise than it waits`)
  if (row.status !== status) say('status-true', `${row.key} is shown as ${row.status}, but is ${status}`)
}
