/** Writes that no link asks for: the application beside the server says who is in a conversation, how people are called, and posts. */
import type { MessageRow, Profile } from '../../protocol/frames.js'
import type { Outcome, PersonWrite, PostWrite, PutWrite } from '../store.js'
import { tellArranged, tellNamed, tellStored } from './fan-out.js'
import type { HubState } from './state.js'

export interface MemberInput {
  readonly user: string
  /** Replaces the user's stored profile. */
  readonly profile?: Profile
}

export interface PutInput extends Omit<PutWrite, 'kind' | 'members'> {
  readonly members: readonly MemberInput[]
}

export type PostInput = Omit<PostWrite, 'kind' | 'at'>

/** People first: a joiner has a name when all hear of them. */
export async function put(state: HubState, { members, ...write }: PutInput): Promise<void> {
  const { tenant } = write
  const named = members.map(({ user, profile }) => profile && introduce(state, { tenant, user, profile }))
  const arranged = settled(state, { kind: 'put', ...write, members: members.map(({ user }) => user) }, (outcome) => {
    if (outcome.kind === 'arranged') tellArranged(state, write, outcome)
  })
  await Promise.all([...named, arranged])
}

export function introduce(state: HubState, { tenant, user, profile }: Omit<PersonWrite, 'kind'>): Promise<void> {
  return settled(state, { kind: 'person', tenant, user, profile }, (outcome) => {
    if (outcome.kind === 'named') tellNamed(state, tenant, { user, profile }, outcome)
  })
}

/** Resolves with the stored message; undefined where there is no such conversation. */
export function post(state: HubState, write: PostInput): Promise<MessageRow | undefined> {
  return settled(state, { kind: 'post', ...write, at: state.options.clock.now() }, (outcome) => {
    if (outcome.kind === 'stored') tellStored(state, write, outcome)
    return outcome.kind === 'stored' || outcome.kind === 'known' ? outcome.message : undefined
  })
}

/** `tell` runs in the tick of the answer, so that what is told keeps the order of the log. */
function settled<T>(state: HubState, write: PutWrite | PostWrite | PersonWrite, tell: (outcome: Outcome) => T): Promise<T> {
  const name = write.kind === 'person' ? write.user : write.conversation
  return new Promise((resolve, reject) =>
    state.writes.add(write, (outcome) =>
      outcome ? resolve(tell(outcome)) : reject(new Error(`The ${write.kind} of ${name} failed in the store; see the log.`)),
    ),
  )
}
