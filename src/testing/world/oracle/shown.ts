/** What a tab shows of one conversation at one instant, held against the truth. */
import type { Message, View } from '../../../client/api.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { Content } from '../tab.js'
import type { InvariantName } from '../invariants.js'
import type { Journal } from '../journal.js'
import { indexFrom, isVisible } from './model.js'
import { isSame } from './same.js'
import { type Line, ownKey, type Truth } from './truth.js'

export interface Shown {
  readonly who: string
  readonly user: string
  readonly room: string
  readonly view: View<Content>
  /** Where the client says it stands. */
  readonly at: { readonly epoch: string; readonly head: number; readonly tag: string }
  /** Unsettled own messages: local id and status. */
  readonly outbox: readonly { readonly localId: string; readonly status: string }[]
}

type Say = (invariant: InvariantName, what: string) => void

/** Says what is broken; nothing is returned. */
export function checkShown(journal: Journal, truth: Truth, shown: Shown, discarded: ReadonlySet<string>): void {
  const { who, room, user, view, at, outbox } = shown
  const say: Say = (invariant, what) => journal.broken(invariant, `${who} in ${room}: ${what}`)
  const keys = new Set<string>()
  for (const { key } of view.messages) keys.add(key)
  if (keys.size !== view.messages.length) say('shown-once', `a message is shown twice (${view.messages.map(({ key }) => key.slice(-4))})`)
  for (const { localId, status } of outbox) {
    const awaited = status !== 'failed' && !discarded.has(localId) && view.atLatest && view.state !== 'gone'
    if (awaited && !keys.has(localId)) say('shown-once', `${localId} is ${status} but not shown`)
    if (status === 'sent' && !truth.everLanded(room, user, localId))
      say('acked-stays', `${localId} is said to be sent but is not in the store`)
  }
  const confirmed = view.messages.filter((message) => message.seq !== undefined)
  if (at.epoch === '') {
    if (confirmed.length > 0) say('cache-within-truth', 'messages are shown before the log is known')
    return
  }
  const line = truth.lineOf(room, at)
  if (!line) return say('cache-within-truth', `it stands at ${at.epoch} ${at.head} ${at.tag}, where the log never was`)
  // What a reader may see is looked up only where somebody has ever come or gone.
  const stints = line.stints.get(user) ?? []
  const isWhole = stints.length === 1 && stints[0]?.joined === 0 && stints[0].left > at.head
  const sees = (place: number) => isWhole || isVisible(line, user, place, at.head)
  // Who has come back with a right to the past is told of it in parts, and the first may end before the return: by the head of that
  // part the reader is still away. What is read of it must not be hidden for good; it need not be whole before the head is there.
  const maySee = (place: number) => sees(place) || truth.everSees(room, at.epoch, user, place)
  checkRun(line, confirmed, at.head, { sees, maySee }, say)
  checkEnds(line, view, confirmed, at.head, sees, say)
}

type Sees = (place: number) => boolean

/** What this reader must be shown, and what this reader may be shown. */
interface Sight {
  readonly sees: Sees
  readonly maySee: Sees
}

/** Row by row the messages of the log that this reader sees, each in a state not older than the head says. */
function checkRun(line: Line, confirmed: readonly Message<Content>[], head: number, { sees, maySee }: Sight, say: Say): void {
  const first = confirmed[0]
  if (!first) return
  let at = indexFrom(line, first.seq as number)
  for (let i = 0; i < confirmed.length; i++, at++) {
    const message = confirmed[i] as Message<Content>
    const { seq, rev } = message as { seq: number; rev: number }
    while (i > 0 && line.places[at] !== seq && line.places[at] !== undefined && !sees(line.places[at] as number)) at++
    const due = line.places[at]
    if (due !== seq) {
      const before = confirmed[i - 1]?.seq ?? 0
      if (before >= seq) return say('same-order', `${seq} is shown after ${before}`)
      return line.states.has(seq)
        ? say('no-silent-hole', `after ${before} comes ${seq}, not ${due}`)
        : say('cache-within-truth', `${seq} is shown, which never was`)
    }
    if (seq > head) return say('no-silent-hole', `${seq} is shown above the head ${head}`)
    if (!maySee(seq)) return say('nothing-after-removal', `${seq} is shown, which is hidden`)
    if (!checkState(line, message, rev, head, say)) return
  }
}

function checkState(line: Line, message: Message<Content>, rev: number, head: number, say: Say): boolean {
  const { seq = 0 } = message
  const states = line.states.get(seq) as readonly MessageRow[]
  const last = states[states.length - 1] as MessageRow
  if (rev === last.rev && message.content === last.content) return true
  const state = states.findLast((each) => each.rev === rev)
  if (!state || !isSame(state.content, message.content)) {
    say('cache-within-truth', `${seq} is shown in a state ${rev} that never was`)
    return false
  }
  const due = states.findLast((each) => each.rev <= head)
  if (!due || due.rev <= rev) return true
  say('not-undone', `${seq} is shown as of ${rev}, but the head ${head} knows ${due.rev}`)
  return false
}

/** The newest message stands at the end of a run that reaches it; nothing older is missing where the log is said to begin. */
function checkEnds(line: Line, view: View<Content>, confirmed: readonly Message<Content>[], head: number, sees: Sees, say: Say): void {
  const first = confirmed[0]
  const newest = line.places.findLast((place) => place <= head && sees(place)) ?? 0
  const last = confirmed[confirmed.length - 1]?.seq ?? 0
  if (view.atLatest && last < newest && (confirmed.length > 0 || !view.hasOlder))
    say('no-silent-hole', `the newest is ${newest}, but ${last} is shown last`)
  const oldest = line.places.find(sees) ?? Number.POSITIVE_INFINITY
  if (!view.hasOlder && first && oldest < (first.seq as number)) say('no-silent-hole', `nothing older is said to be before ${first.seq}`)
}

/** Own messages that have left the outbox are in the log up to the head; returns those that are settled. */
export function settledOf(
  journal: Journal,
  truth: Truth,
  shown: Pick<Shown, 'who' | 'user' | 'room' | 'at' | 'outbox'>,
  sent: Iterable<string>,
): string[] {
  const { who, user, room, at, outbox } = shown
  const line = at.epoch === '' ? undefined : truth.lineOf(room, at)
  const waiting = new Set(outbox.map(({ localId }) => localId))
  const settled: string[] = []
  for (const localId of sent) {
    if (waiting.has(localId)) continue
    const place = line?.own.get(ownKey(user, localId))
    if (place === undefined && !truth.everLanded(room, user, localId)) {
      journal.broken('leaves-by-ack', `${who} in ${room}: ${localId} has left the outbox and never landed`)
    }
    if (place !== undefined && place > at.head)
      journal.broken('leaves-by-ack', `${who} in ${room}: ${localId} left the outbox before the log reached ${place}`)
    settled.push(localId)
  }
  return settled
}
