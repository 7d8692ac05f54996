/** What must hold in a world after every step, by name. The oracle reports a breach under one of these. */

export interface Invariant {
  /** The laws it belongs to. */
  readonly law: string
  readonly says: string
}

export const invariants = {
  'acked-stays': { law: 'L1', says: 'What was acknowledged or said to be durable stays, for ever or until it is taken back.' },
  'one-effect': { law: 'L2', says: 'One local id has one entry in the log.' },
  'shown-once': { law: 'L5', says: 'A message is shown exactly once in every view, pending or confirmed, and no view fails.' },
  'one-key': { law: 'L5', says: 'A message has one key, from its first moment on.' },
  'pending-in-place': { law: 'L5', says: 'What waits stands in its order behind the newest, and what failed where it failed.' },
  'same-order': { law: 'L3', says: 'All clients show the messages of a conversation in the order of its log.' },
  'dense-seq': { law: 'L3', says: 'Every change takes the next seq.' },
  'no-silent-hole': { law: 'L4', says: 'What is shown is contiguous and reaches what it says it reaches.' },
  'view-says': { law: 'L4', says: 'What a view says of its ends and its gaps is so.' },
  'author-order': { law: 'L6', says: 'The operations of one lane take effect in the order they were made.' },
  'marks-rise': { law: 'L7', says: 'Watermarks only rise, and read is at most the head.' },
  'unread-recount': { law: 'L7', says: 'The unread count is what counting again gives, and begins where it is said to.' },
  'status-true': { law: 'L7', says: 'A message is said to be as far as the watermarks are, and no further.' },
  converges: { law: 'L9', says: 'After all has healed, everybody agrees within a bound.' },
  'cursor-behind-rows': { law: 'L8', says: 'The stored cursor never runs ahead of the stored rows, nor back.' },
  'cache-within-truth': { law: 'L8', says: 'What is shown or cached was once true, or is pending.' },
  'not-undone': { law: 'L4', says: 'No replay undoes what the head already knows.' },
  'leaves-by-ack': { law: 'L1', says: 'An entry leaves the outbox by a durable answer or a visible failure alone.' },
  'silent-after-logout': { law: 'L10', says: 'No frame is sent for a user who has logged out.' },
  'no-row-of-another': { law: 'L10', says: 'No row of one user is kept for another, or after the logout.' },
  'nothing-after-removal': { law: 'L4', says: 'A removed member is told nothing from behind the removal.' },
  caps: { law: 'L11', says: 'Queues and memory stay under their caps.' },
  'retry-budget': { law: 'L11', says: 'Nobody presses a server: attempts stay under their budget.' },
  'returns-spread': { law: 'L9', says: 'Clients that have lost a server come back spread over the time, not together.' },
  'force-paused': { law: 'L11', says: 'No tab takes the link that tabs share by force more than once a minute.' },
  'dense-index': { law: 'L3', says: 'Messages are numbered without a hole.' },
  'fresh-rows': { law: 'L8', says: 'No stored row is older than the state it is said to be of.' },
  'final-stays': { law: 'L4', says: 'What the final path has told a device is neither withdrawn there nor shown as provisional again.' },
  'ends-once': {
    law: 'L5',
    says: 'What is shown ahead of the log ends once: in its place in the log, or with one event that says otherwise.',
  },
  'nothing-left': { law: 'L11', says: 'After the end no rejection, timer, listener, lock or link is left.' },
} as const satisfies { readonly [name: string]: Invariant }

export type InvariantName = keyof typeof invariants

export const invariantNames = Object.keys(invariants) as readonly InvariantName[]
