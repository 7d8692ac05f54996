/**
 * What one tab shows ahead of its log, where its links have a fast path (R18): each row was said by its author and ends once, and what the
 * final path has told is not taken back.
 */
import type { Chat } from '../../../client/api.js'
import type { ChatState, ConversationState } from '../../../core/state.js'
import type { LinkFrame } from '../../../ports/transport.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { InvariantName } from '../invariants.js'
import type { Journal } from '../journal.js'
import { isSame } from './same.js'
import { ownKey, type Truth } from './truth.js'

/** What a user has said. */
export interface Said {
  readonly room: string
  readonly author: string
  readonly content: unknown
}

export interface Ahead {
  /** Hears what the final path tells the combinator, and what that tells the client of it. */
  final(frame: LinkFrame): void
  combined(frame: LinkFrame): void
  /** From now on it hears what the application is told. */
  listen(tab: { readonly chat: Pick<Chat<{ readonly text: string }>, 'on'>; readonly state: () => ChatState }): void
  /** `isWatched`: the conversation cannot be let go from memory. */
  look(conversation: ConversationState, isWatched: boolean): void
  /** The client holds the conversation no more, and with it forgets what it showed and in which order. */
  letGo(id: string): void
}

interface Parts {
  readonly journal: Journal
  readonly truth: Truth
  readonly said: ReadonlyMap<string, Said>
}

/** Of one room; messages by author and local id, in the order of arrival. */
interface Room {
  /** The final path has told of them. */
  readonly told: Set<string>
  /** By an answer of what is new, which the client may not have taken. */
  readonly named: Set<string>
  readonly arrived: string[]
  /**
   * The client has heard of them, and nothing of their end was seen. False: it may have shown nothing, as it did not hold the conversation,
   * was no member, or had the message in its log or its outbox.
   */
  readonly open: Map<string, boolean>
  /** The link has withdrawn them, before the final path told of them. */
  readonly withdrawn: Set<string>
  /** Ended with an event since the last look. */
  readonly ended: Set<string>
  /** Those that stood behind them and were shown no more before them, as the log has them. */
  readonly overtaken: Map<string, readonly string[]>
  /** As they stood at the last look. */
  rows: readonly string[]
}

function newRoom(told = new Set<string>()): Room {
  return { told, named: new Set(), arrived: [], open: new Map(), withdrawn: new Set(), ended: new Set(), overtaken: new Map(), rows: [] }
}

type Say = (invariant: InvariantName, room: string, what: string) => void
type Ending = 'corrected' | 'withdrawn'
type Named = Pick<Extract<LinkFrame, { type: 'provisional' }>, 'conversation' | 'author' | 'localId'>

/** `who` of `user`. */
export function aheadIn(parts: Parts, who: string, user: string): Ahead {
  const rooms = new Map<string, Room>()
  const say: Say = (invariant, room, what) => parts.journal.broken(invariant, `${who} in ${room}: ${what}`)
  const roomOf = (id: string): Room => {
    const room = rooms.get(id) ?? newRoom()
    rooms.set(id, room)
    return room
  }
  let shows = (_: Named): boolean => false
  return {
    final(frame) {
      const rows = frame.type === 'opened' || frame.type === 'page' ? frame.rows : []
      const changed = frame.type === 'change' && frame.change.kind === 'message' ? [frame.change.message] : rows
      for (const { author, localId } of changed)
        if (localId !== undefined) {
          const { told, named } = roomOf((frame as { conversation: string }).conversation)
          told.add(ownKey(author, localId))
          if (frame.type === 'opened') named.add(ownKey(author, localId))
        }
    },
    combined(frame) {
      const { type } = frame
      if (type !== 'provisional' && type !== 'withdrawn') return
      const { told, arrived, open, withdrawn } = roomOf(frame.conversation)
      const key = ownKey(frame.author, frame.localId)
      if (told.has(key)) say('final-stays', frame.conversation, `${key} is ${type}, after the final path has told of it`)
      withdrawn.delete(key)
      if (type === 'withdrawn') return void withdrawn.add(key)
      // What is not shown now is when it is told again; or all has changed before the client looks at the frame.
      if (!open.get(key)) arrived.push(key)
      open.set(key, shows(frame))
    },
    listen({ chat, state }) {
      shows = (named) => {
        const { slots, conversations } = state()
        const at = conversations[slots.get(named.conversation) ?? -1]
        if (!at || at.log.state === 'gone') return false
        const own = named.author === user ? at.entries : []
        const { tail, view } = at.log
        return !own.some(({ localId }) => localId === named.localId) && ![...tail.rows, ...(view?.rows ?? [])].some(isOf(named))
      }
      const hear = (kind: Ending, id: string, { key, author }: { readonly key: string; readonly author: string }) =>
        ended(parts, id, roomOf(id), kind, ownKey(author, localIdIn(key, author, user)), state(), say)
      chat.on('corrected', ({ conversation, was }) => hear('corrected', conversation, was))
      chat.on('withdrawn', ({ conversation, message }) => hear('withdrawn', conversation, message))
    },
    look(conversation, isWatched) {
      const { id, ahead, entries } = conversation
      for (const row of ahead)
        if (!isSaid(parts, id, row)) say('cache-within-truth', id, `${row.localId} is shown, which ${row.author} never said`)
      const room = roomOf(id)
      const own = new Set(entries.map(({ localId }) => ownKey(user, localId)))
      const gone = (key: string) => endOf(parts, conversation, room, own, key)
      const now = ahead.map(({ author, localId }) => ownKey(author, localId))
      // An answer that was not taken may have named what stood behind it, and not itself. On a line that is over places say nothing of this one.
      const isBehind = (key: string, other: string) => {
        const places = parts.truth.now(id)?.own
        return (places?.get(other) ?? 0) < (places?.get(key) ?? 0) && !parts.truth.landedBefore(id, ...namesIn(other))
      }
      lookAt(room, now, gone, isBehind, isWatched ? (what) => say('ends-once', id, what) : () => {})
    },
    letGo: (id) => void rooms.set(id, newRoom(roomOf(id).told)),
  }
}

type End = 'told' | 'own' | 'logged' | 'lost'

/** What has become of what is shown ahead no more. */
function endOf(parts: Parts, conversation: ConversationState, { ended, named }: Room, own: ReadonlySet<string>, key: string): End {
  if (ended.has(key)) return 'told'
  if (own.has(key)) return 'own'
  // An answer that came too late to be taken has named it: the next one brings it, or it is further back than that reaches.
  return isReached(parts, conversation, key) || named.has(key) ? 'logged' : 'lost'
}

function lookAt(
  room: Room,
  now: readonly string[],
  endOf: (key: string) => End,
  isBehind: (key: string, other: string) => boolean,
  say: (what: string) => void,
): void {
  const { rows, open, ended, overtaken } = room
  const logged: string[] = []
  for (const key of rows.toReversed()) {
    if (now.includes(key)) {
      if (logged.length > 0) overtaken.set(key, [...(overtaken.get(key) ?? []), ...logged])
      continue
    }
    const end = endOf(key)
    if (end === 'lost') say(`${key} is shown no more, is not in the log, and nobody was told`)
    if (end === 'logged' && overtaken.get(key)?.some((other) => isBehind(key, other)))
      say(`${key} stands elsewhere than it was shown, and nobody was told`)
    if (end === 'logged') logged.push(key)
    overtaken.delete(key)
    open.delete(key)
  }
  for (const key of now) if (open.has(key)) open.set(key, true)
  ended.clear()
  room.rows = now
}

/** The application is told that one was wrong. */
function ended(parts: Parts, id: string, room: Room, kind: Ending, key: string, { slots, conversations }: ChatState, say: Say): void {
  const { open, arrived, told, withdrawn } = room
  const { truth } = parts
  const at = conversations[slots.get(id) ?? -1]
  if (!open.delete(key)) say('ends-once', id, `${key} is ${kind}, and was not shown since it ended`)
  room.ended.add(key)
  if (!at) return
  if (kind === 'withdrawn') {
    // A restored backup may have lost it since, and behind the newest page, which is all that a reset brings, nobody has looked for it.
    const place = truth.now(id)?.own.get(key) ?? 0
    // Who was removed hears no more: what the log of this tab had not come to by then will not come.
    if (at.log.state === 'gone' && !isReached(parts, at, key)) return
    const isKept = told.has(key) && !withdrawn.has(key)
    if (isKept && place > at.log.tail.from) say('final-stays', id, `${key} is withdrawn, of which the final path has told`)
    return
  }
  // On a line that is over, and by a late answer, too, one may have been taken in before it.
  const places = truth.now(id)?.own
  const isNamedBefore = (each: string) => room.named.has(each) && (places?.get(each) ?? 0) < (places?.get(key) ?? 0)
  const isBefore = (each: string) => isNamedBefore(each) || isReached(parts, at, each) || truth.landedBefore(id, ...namesIn(each))
  if (!arrived.slice(arrived.lastIndexOf(key) + 1).some(isBefore))
    say('ends-once', id, `${key} is corrected, and stands in the log as it was shown`)
}

const namesIn = (key: string) => key.split(' ') as [author: string, localId: string]

/** Has the log of this tab come to it? */
function isReached({ truth }: Parts, { id, log }: ConversationState, key: string): boolean {
  const line = log.epoch === '' ? undefined : truth.lineOf(id, log)
  return (line?.own.get(key) ?? Number.POSITIVE_INFINITY) <= log.head
}

function isSaid(
  { said }: Parts,
  id: string,
  row: { readonly author: string; readonly localId: string; readonly content: unknown },
): boolean {
  const found = said.get(row.localId)
  return found !== undefined && found.room === id && found.author === row.author && isSame(found.content, row.content)
}

function isOf({ author, localId }: Named): (row: MessageRow) => boolean {
  return (row) => row.author === author && row.localId === localId
}

/** The key of a message is made of it. */
const localIdIn = (key: string, author: string, user: string) => (author === user ? key : key.slice(`${author.length}:${author}`.length))
