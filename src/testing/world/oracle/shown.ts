/** What a tab shows, held against the truth: L1, L4, L5, L7 for one conversation at one instant. */
import type { Message, View } from '../../../client/api.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { Content } from '../device.js'
import type { Journal } from '../journal.js'
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

/** Says what is broken; nothing is returned. */
export function checkShown(journal: Journal, truth: Truth, shown: Shown, discarded: ReadonlySet<string>): void {
  const { who, room, user, view, at, outbox } = shown
  const say = (law: string, what: string) => journal.broken(law, `${who} in ${room}: ${what}`)
  const keys = new Set(view.messages.map(({ key }) => key))
  if (keys.size !== view.messages.length) say('L5', `a message is shown twice (${view.messages.map(({ key }) => key.slice(-4))})`)
  for (const { localId, status } of outbox) {
    const awaited = status !== 'failed' && !discarded.has(localId) && view.atLatest && view.state !== 'gone'
    if (awaited && !keys.has(localId)) say('L5', `${localId} is ${status} but not shown`)
    if (status === 'sent' && !truth.everLanded(room, user, localId)) say('L1', `${localId} is said to be sent but is not in the store`)
  }
  const confirmed = view.messages.filter((message) => message.seq !== undefined)
  if (at.epoch === '') {
    if (confirmed.length > 0) say('L4', 'messages are shown before the log is known')
    return
  }
  const line = truth.lineOf(room, at)
  if (!line) return say('L4', `it stands at ${at.epoch} ${at.head} ${at.tag}, where the log never was`)
  checkRun(line, confirmed, at.head, say)
  checkEnds(line, view, confirmed, at.head, say)
}

type Say = (law: string, what: string) => void

/** Row by row the messages of the log, each in a state not older than the head says. */
function checkRun(line: Line, confirmed: readonly Message<Content>[], head: number, say: Say): void {
  const first = confirmed[0]
  if (!first) return
  const start = indexOfPlace(line.places, first.seq as number)
  for (let i = 0; i < confirmed.length; i++) {
    const message = confirmed[i] as Message<Content>
    const { seq, rev } = message as { seq: number; rev: number }
    if (line.places[start + i] !== seq) return say('L4', `after ${confirmed[i - 1]?.seq} comes ${seq}, not ${line.places[start + i]}`)
    if (seq > head) return say('L4', `${seq} is shown above the head ${head}`)
    const states = line.states.get(seq) as readonly MessageRow[]
    const last = states[states.length - 1] as MessageRow
    if (rev === last.rev && message.content === last.content) continue
    const state = states.find((each) => each.rev === rev)
    if (!state) return say('L4', `${seq} is shown in a state ${rev} that never was`)
    if (JSON.stringify(state.content) !== JSON.stringify(message.content)) return say('L4', `${seq} is shown with the content of another`)
    const due = states.findLast((each) => each.rev <= head)
    if (due && due.rev > rev) return say('L4', `${seq} is shown as of ${rev}, but the head ${head} knows ${due.rev}`)
  }
}

/** The newest message stands at the end of a run that reaches it; nothing older is missing where the log is said to begin. */
function checkEnds(line: Line, view: View<Content>, confirmed: readonly Message<Content>[], head: number, say: Say): void {
  const newest = newestPlace(line, head)
  const last = confirmed[confirmed.length - 1]?.seq ?? 0
  if (view.atLatest && newest !== last && (confirmed.length > 0 || !view.hasOlder))
    say('L4', `the newest is ${newest}, but ${last} is shown last`)
  const first = confirmed[0]
  if (!view.hasOlder && first && line.places[0] !== first.seq) say('L4', `nothing older is said to be before ${first.seq}`)
}

function newestPlace(line: Line, head: number): number {
  let at = line.places.length
  while (at > 0 && (line.places[at - 1] as number) > head) at--
  return line.places[at - 1] ?? 0
}

export function indexOfPlace(places: readonly number[], seq: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle] as number) < seq) low = middle + 1
    else high = middle
  }
  return low
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
      journal.broken('L1', `${who} in ${room}: ${localId} has left the outbox and never landed`)
    }
    if (place !== undefined && place > at.head)
      journal.broken('L5', `${who} in ${room}: ${localId} left the outbox before the log reached ${place}`)
    settled.push(localId)
  }
  return settled
}
