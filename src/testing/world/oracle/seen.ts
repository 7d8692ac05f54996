/** What the oracle looks at of one conversation in one tab, and how it says what is wrong with it. */
import type { OutboxEntry, View } from '../../../client/api.js'
import type { ConversationState } from '../../../core/state.js'
import type { InvariantName } from '../invariants.js'
import type { Content } from '../tab.js'

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
