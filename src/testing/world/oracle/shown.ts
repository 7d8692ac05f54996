/** What a tab shows of one conversation at one instant, held against the truth. */
import type { Message } from '../../../client/api.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { Content } from '../tab.js'
import type { Journal } from '../journal.js'
import { indexFrom, isVisible } from './model.js'
import { checkPending, keyDue } from './pending.js'
import { isSame } from './same.js'
import { type Known, newKnown, noteShown, type Say, type Shown } from './seen.js'
import { checkStatus } from './status.js'
import { type Birth, type Line, ownKey, type Truth } from './truth.js'
import { checkSaid } from './view.js'

/** Says what is broken; nothing is returned. `known`: from earlier looks. */
export function checkShown(
  journal: Journal,
  truth: Truth,
  shown: Shown,
  born: (localId: string) => Birth | undefined,
  known = newKnown(),
): void {
  const { who, room, user, view, outbox } = shown
  const say: Say = (invariant, what) => journal.broken(invariant, `${who} in ${room}: ${what}`)
  noteShown(known, view.messages)
  if (known.keys.size !== view.messages.length)
    say('shown-once', `a message is shown twice (${view.messages.map(({ key }) => key.slice(-4))})`)
  for (const { localId, status } of outbox) {
    if (status === 'sent' && !truth.everLanded(room, user, localId))
      say('acked-stays', `${localId} is said to be sent but is not in the store`)
  }
  checkLog(truth, shown, known, say)
  checkPending(shown, known.pending, born, say)
  checkSaid(shown, say)
}

/** What is confirmed is the log. */
function checkLog(truth: Truth, shown: Shown, known: Known, say: Say): void {
  const { room, user, at } = shown
  const { confirmed } = known
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
  checkRun(line, known, at.head, user, { sees, maySee }, say)
  checkEnds(line, shown, confirmed, sees, say)
  checkStatus(truth, line, shown, confirmed, say)
}

type Sees = (place: number) => boolean

/** What this reader must be shown, and what this reader may be shown. */
interface Sight {
  readonly sees: Sees
  readonly maySee: Sees
}

/** Row by row the messages of the log that this reader sees, each in a state not older than the head says. */
function checkRun(line: Line, known: Known, head: number, user: string, sight: Sight, say: Say): void {
  const { sees, maySee } = sight
  const { confirmed, judged } = known
  if (known.of !== line.states) judged.clear()
  known.of = line.states
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
    if (!checkMessage(line, judged, message, rev, head, user, say)) return
  }
}

/** A message is made by the one chat of one user: where it shows what is still the newest state nothing is left to judge. */
function checkMessage(
  line: Line,
  judged: Known['judged'],
  message: Message<Content>,
  rev: number,
  head: number,
  user: string,
  say: Say,
): boolean {
  const seq = message.seq as number
  const last = judged.get(seq)
  if (last?.message === message && last.states[last.states.length - 1] === last.newest) return true
  const states = line.states.get(seq) as readonly MessageRow[]
  const newest = states[states.length - 1] as MessageRow
  if (!checkState(states, message, rev, head, say) || !checkFields(newest, message, user, say)) return false
  // An older state is right for a while: until the head knows a newer one.
  if (rev === newest.rev) judged.set(seq, { message, states, newest })
  return true
}

function checkState(states: readonly MessageRow[], message: Message<Content>, rev: number, head: number, say: Say): boolean {
  const { seq = 0 } = message
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

/** Who said it, when and under which names does not change; under two names it would be mounted anew (R2). */
function checkFields(due: MessageRow, message: Message<Content>, user: string, say: Say): boolean {
  const { seq = 0, key, id, author, mine, localId, at, deleted, finality } = message
  const isMine = due.author === user
  const isIt = id === due.id && author === due.author && at === due.at && mine === isMine
  if (!isIt || localId !== (isMine ? due.localId : undefined) || deleted !== undefined || finality !== 'final') {
    say('cache-within-truth', `${seq} is shown as ${id} of ${author}, not as ${due.id} of ${due.author}`)
    return false
  }
  const name = keyDue(due, user)
  if (key !== name) say('one-key', `${seq} is shown under ${key}, not under ${name}`)
  return key === name
}

/** The newest message stands at the end of a run that reaches it; nothing older is missing where the log is said to begin. */
function checkEnds(line: Line, { view, at }: Shown, confirmed: readonly Message<Content>[], sees: Sees, say: Say): void {
  const { from, to } = at.view ?? at.tail
  const end = Math.min(view.atLatest ? Number.POSITIVE_INFINITY : to, at.head)
  const first = confirmed[0]?.seq
  const newest = line.places.findLast((place) => place <= end && sees(place)) ?? 0
  const last = confirmed[confirmed.length - 1]?.seq ?? 0
  if (last < newest && (confirmed.length > 0 || !view.hasOlder))
    say('no-silent-hole', `up to ${end} the newest is ${newest}, but ${last} is shown last`)
  // Where it says that it begins, and where nothing older is said to be.
  const begin = view.hasOlder ? from : 0
  let oldestAt = indexFrom(line, begin + 1)
  while (oldestAt < line.places.length && !sees(line.places[oldestAt] as number)) oldestAt++
  const oldest = line.places[oldestAt] ?? Number.POSITIVE_INFINITY
  if (first !== undefined && oldest < first) say('no-silent-hole', `nothing is said to be between ${begin} and ${first}, but ${oldest} is`)
}

/** Own messages that have left the outbox are in the log up to the head; returns those that are settled. */
export function settledOf(
  journal: Journal,
  truth: Truth,
  shown: Pick<Shown, 'who' | 'user' | 'room' | 'outbox'> & {
    readonly at: { readonly epoch: string; readonly head: number; readonly tag: string }
  },
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
