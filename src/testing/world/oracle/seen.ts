/** What the oracle looks at of one conversation in one tab, and how it says what is wrong with it. */
import type { Message, OutboxEntry, View } from '../../../client/api.js'
import type { ConversationState } from '../../../core/state.js'
import type { InvariantName } from '../invariants.js'
import type { MessageRow } from '../../../protocol/frames.js'
import type { Content } from '../tab.js'
import type { LogModel } from './model.js'

export interface Shown extends Pick<ConversationState, 'entries' | 'ahead' | 'receipts'> {
  readonly who: string
  readonly user: string
  readonly room: string
  readonly view: View<Content>
  /** Where the client says it stands, and which run of its log it shows. */
  readonly at: Pick<ConversationState['log'], 'epoch' | 'head' | 'tag' | 'floor' | 'tail' | 'view' | 'members'>
  /** Unsettled own messages of this room. */
  readonly outbox: readonly OutboxEntry<Content>[]
}

export type Say = (invariant: InvariantName, what: string) => void

type Row = Message<Content>

/** A message that was found to show the newest state that the log had of it. */
interface Judged {
  readonly message: Row
  readonly states: readonly MessageRow[]
  readonly newest: MessageRow
}

/** What is remembered of one conversation in one tab from look to look. No message, list or state of a message ever changes. */
export interface Known {
  messages: readonly Row[]
  /** Of these messages. */
  readonly keys: Set<string>
  confirmed: readonly Row[]
  pending: readonly Row[]
  /** The states of the log on which the judged ones stand. */
  of: LogModel['states'] | undefined
  /** By place. */
  readonly judged: Map<number, Judged>
}

export const newKnown = (): Known => ({ messages: [], keys: new Set(), confirmed: [], pending: [], of: undefined, judged: new Map() })

/** These are shown now; of those that were shown at the last look too nothing is read anew. */
export function noteShown(known: Known, messages: readonly Row[]): void {
  const { keys, messages: was } = known
  if (was === messages) return
  let same = 0
  while (same < messages.length && messages[same] === was[same]) same++
  for (const { key } of was.slice(same)) keys.delete(key)
  for (const { key } of messages.slice(same)) keys.add(key)
  known.messages = messages
  known.confirmed = messages.filter(({ seq }) => seq !== undefined)
  known.pending = messages.filter(({ seq }) => seq === undefined)
}
