/**
 * A timeline's view from the state: confirmed rows and pending operations (R18, R19). Messages keep their object while
 * nothing of them changed, and a new row costs one new message, however many are shown.
 */
import type { Mutable } from '../core/turn.js'
import type { Entry } from '../core/outbox/entry.js'
import { ownRead } from '../core/receipts.js'
import type { ConversationState, Window } from '../core/state.js'
import { shown } from '../core/timeline/history.js'
import { lowerBound } from '../core/timeline/window.js'
import type { MessageRow } from '../protocol/frames.js'
import type { Gap, Message, MessageStatus, View } from './api.js'
import { readContent, type StandardSchema } from './content.js'
import { ChatError } from './errors.js'
import { failure } from './failure.js'
import { type Levels, levelsOf, noLevels, statusAt } from './status.js'

interface Memo<C> {
  readonly stem: readonly MessageRow[]
  readonly rows: readonly MessageRow[]
  readonly levels: Levels
  readonly confirmed: readonly Message<C>[]
}

interface Last<C> {
  readonly state: ConversationState
  readonly online: boolean
  readonly view: View<C>
}

const noMarks: ConversationState['receipts']['marks'] = new Map()
const noMembers: ConversationState['log']['members'] = []

export const loadingView: View<never> = { messages: [], gaps: [], hasOlder: false, hasNewer: false, atLatest: true, state: 'loading' }

/** Makes views of one conversation, remembering the last. */
export function viewMaker<C>(user: string, schema: StandardSchema<C> | undefined): (state: ConversationState, link: number) => View<C> {
  let memo: Memo<C> = { stem: [], rows: [], levels: noLevels, confirmed: [] }
  let marks = noMarks
  let members = noMembers
  let last: Last<C> | null = null
  const pending = new WeakMap<Entry, Message<C>>()
  const toPending = (entry: Entry): Message<C> => {
    const known = pending.get(entry)
    if (known) return known
    const made = pendingMessage(entry, user, schema)
    pending.set(entry, made)
    return made
  }

  return (state, link) => {
    const live = link !== 0 && state.log.liveOn === link
    if (last && last.state === state && last.online === live) return last.view
    let { levels } = memo
    if (state.receipts.marks !== marks || state.log.members !== members) {
      marks = state.receipts.marks
      members = state.log.members
      levels = levelsOf({ members, memberCount: state.log.memberCount, marks }, user)
    }
    const window = shown(state.log)
    const confirmed = present(memo, window, levels, user, schema)
    memo = { stem: window.stem, rows: window.rows, levels, confirmed }
    const messages = withPending(state, window, confirmed, toPending)
    const view = same(last?.view, assemble(state, window, kept(last?.view.messages, messages), user, live))
    last = { state, online: live, view }
    return view
  }
}

/** What stands as it stood is taken over as one run; only what follows it is looked at row by row. */
function present<C>(
  memo: Memo<C>,
  { rows, stem }: Window,
  levels: Levels,
  user: string,
  schema: StandardSchema<C> | undefined,
): readonly Message<C>[] {
  if (rows === memo.rows && levels === memo.levels) return memo.confirmed
  const old = memo.rows
  const shift = rows.length > 0 && rows[0] !== old[0] ? lowerBound(old, (rows[0] as MessageRow).seq) : 0
  let same = stem === memo.stem ? old.length : 0
  while (same < rows.length && rows[same] === old[same + shift]) same += 1
  const added: Message<C>[] = []
  for (let i = same; i < rows.length; i++) {
    const row = rows[i] as MessageRow
    added.push(old[i + shift] === row ? (memo.confirmed[i + shift] as Message<C>) : toMessage(row, levels, user, schema))
  }
  const run = shift === 0 && same === memo.confirmed.length ? memo.confirmed : memo.confirmed.slice(shift, shift + same)
  // Not pushed onto a copy: growing it would copy it again.
  const messages = run.concat(added)
  if (levels !== memo.levels) restate(messages, levels)
  return messages
}

/** Watermarks moved: own messages say so. */
function restate<C>(messages: Message<C>[], levels: Levels): void {
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i] as Message<C>
    if (message.mine && message.seq !== undefined) messages[i] = withStatus(message, statusAt(levels, message.seq))
  }
}

function withStatus<C>(message: Message<C>, status: MessageStatus): Message<C> {
  return message.status === status ? message : { ...message, status }
}

/** A confirmed row as the application sees it. Written out, not spread: it is made once per message. */
export function toMessage<C>(row: MessageRow, levels: Levels, user: string, schema: StandardSchema<C> | undefined): Message<C> {
  const mine = row.author === user
  const message: Mutable<Message<C>> = {
    key: row.id,
    id: row.id,
    seq: row.seq,
    rev: row.rev,
    author: row.author,
    mine,
    at: row.at,
    content: row.content as C,
    status: 'sent',
  }
  if (mine) {
    message.status = statusAt(levels, row.seq)
    if (row.localId !== undefined) {
      message.key = row.localId
      message.localId = row.localId
    }
  }
  if (row.deleted) message.deleted = true
  else if (schema) Object.assign(message, readContent(schema, row.content))
  return message
}

/** An unsettled entry as the application sees it; what the server stored counts where it has said so. */
export function pendingMessage<C>(entry: Entry, user: string, schema: StandardSchema<C> | undefined): Message<C> {
  const { localId, at, arm } = entry
  const stored = arm.kind === 'acked' ? arm.message : undefined
  const content = stored?.content ?? entry.content
  return {
    key: localId,
    localId,
    author: user,
    mine: true,
    at: stored?.at ?? at,
    ...(schema ? readContent(schema, content) : { content: content as C }),
    status: pendingStatus(entry),
    ...(arm.kind === 'failed' ? { error: failure(arm.code) } : {}),
  }
}

export function pendingStatus({ arm }: Entry): 'saving' | 'queued' | 'sending' | 'sent' | 'failed' {
  if (arm.kind === 'inflight') return 'sending'
  return arm.kind === 'acked' ? 'sent' : arm.kind
}

/** Pending rows stand at the end of the run that reaches the head; a failed one stays where it failed. */
function withPending<C>(
  { entries, log }: ConversationState,
  window: Window,
  confirmed: readonly Message<C>[],
  toPending: (entry: Entry) => Message<C>,
): readonly Message<C>[] {
  if (entries.length === 0) return confirmed
  const atLatest = log.view === null
  const messages = confirmed.slice()
  const end: Message<C>[] = []
  let inserted = 0
  for (const entry of entries) {
    if (entry.voiding) continue
    if (entry.arm.kind !== 'failed') {
      if (atLatest) end.push(toPending(entry))
    } else if (entry.arm.behind >= window.from && (atLatest || entry.arm.behind < window.to)) {
      messages.splice(lowerBound(window.rows, entry.arm.behind + 1) + inserted, 0, toPending(entry))
      inserted += 1
    }
  }
  for (const message of end) messages.push(message)
  return messages
}

function assemble<C>(state: ConversationState, window: Window, messages: readonly Message<C>[], user: string, live: boolean): View<C> {
  const { log } = state
  const gaps: readonly Gap[] = log.view && log.view.to < log.tail.from ? [{ from: log.view.to + 1, to: log.tail.from }] : noGaps
  const firstUnread = firstUnreadKey(state, window, user)
  const unknown = log.epoch === ''
  const gone = log.state === 'gone'
  return {
    messages,
    gaps,
    hasOlder: !unknown && window.from > log.floor,
    hasNewer: log.view !== null,
    atLatest: log.view === null,
    firstUnread,
    state: gone ? 'gone' : unknown ? 'loading' : live ? 'ready' : 'stale',
    error: gone ? goneError : undefined,
  }
}

const noGaps: readonly Gap[] = []
const goneError = new ChatError(
  'conversation-gone',
  'The conversation cannot be followed: this user is not a member of it. Ask to be added.',
)

function firstUnreadKey(state: ConversationState, window: Window, user: string): string | undefined {
  const read = ownRead(state, user)
  if (read < window.from || read >= state.log.head) return undefined
  for (let i = lowerBound(window.rows, read + 1); i < window.rows.length; i++) {
    const row = window.rows[i] as MessageRow
    if (row.author !== user && !row.deleted) return row.id
  }
  return undefined
}

/** The old list where every message in it is the same. */
function kept<C>(old: readonly Message<C>[] | undefined, messages: readonly Message<C>[]): readonly Message<C>[] {
  if (!old || old === messages || old.length !== messages.length) return messages
  for (let i = messages.length - 1; i >= 0; i--) if (old[i] !== messages[i]) return messages
  return old
}

/** The old view where nothing it shows has changed. */
function same<C>(old: View<C> | undefined, view: View<C>): View<C> {
  if (!old || old.messages !== view.messages || old.state !== view.state || old.firstUnread !== view.firstUnread) return view
  if (old.hasOlder !== view.hasOlder || old.hasNewer !== view.hasNewer || old.error !== view.error) return view
  const [a, b] = [old.gaps[0], view.gaps[0]]
  return a?.from === b?.from && a?.to === b?.to ? old : view
}
