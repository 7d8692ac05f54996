/** The verb `operation`: to the store, then the answer to its sender, then the change to all (R12, R13, R15). */
import { byteLength } from '../bytes.js'
import type { ErrorCode } from '../../protocol/codes.js'
import type { ClientFrame, MessageRow } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import type { Outcome, SendWrite, VoidWrite } from '../store.js'
import { type OutcomeOf, tellStored } from './fan-out.js'
import type { Link } from './link.js'
import { type HubState, push, roomAt } from './state.js'

export type OperationFrame = Extract<ClientFrame, { type: 'operation' }>

export function operate(state: HubState, link: Link, frame: OperationFrame): void {
  const refused = refusal(frame)
  if (refused) return reject(state, link, frame, refused, { final: true })
  const write = writeOf(state, link, frame)
  if (planted.ackBeforeCommit) acknowledgeEarly(state, link, frame, write)
  state.writes.add(write, (outcome) => settle(state, link, frame, outcome), link)
}

export function reject(
  state: HubState,
  link: Link,
  frame: OperationFrame,
  code: ErrorCode,
  how: { final: boolean; retryAfterMs?: number },
): void {
  const { conversation, localId } = frame
  push(state, link, { type: 'reject', conversation, localId, try: frame.try, code, ...how })
}

function refusal({ operation }: OperationFrame): ErrorCode | undefined {
  if (operation.kind === 'unknown') return 'unsupported'
  if (operation.kind === 'void') return undefined
  if (operation.content === undefined) return 'bad-request'
  return isLarge(JSON.stringify(operation.content)) ? 'too-large' : undefined
}

/** Most contents are short: one is measured in bytes only where its characters leave the question open. */
function isLarge(text: string): boolean {
  return text.length > limits.contentBytes || (text.length * 3 > limits.contentBytes && byteLength(text) > limits.contentBytes)
}

function writeOf(state: HubState, { tenant, user }: Link, frame: OperationFrame): SendWrite | VoidWrite {
  const { conversation, localId, operation } = frame
  const after = planted.ignoreAfter ? undefined : frame.after
  if (operation.kind !== 'send') return { kind: 'void', tenant, conversation, user, localId, after }
  return { kind: 'send', tenant, conversation, user, localId, after, content: operation.content, at: state.options.clock.now() }
}

function settle(state: HubState, link: Link, frame: OperationFrame, outcome: Outcome | undefined): void {
  if (!outcome) return reject(state, link, frame, 'unavailable', { final: false })
  if (outcome.kind === 'stored') return acknowledge(state, link, frame, outcome)
  if (outcome.kind === 'refused') return reject(state, link, frame, outcome.code, { final: outcome.code === 'not-found' })
  if (outcome.kind !== 'known') return
  const { conversation, localId } = frame
  const { epoch, seq, message } = outcome
  // What is undefined is not written.
  push(state, link, { type: 'ack', conversation, localId, epoch, seq, message })
}

/** To all first: a sender who follows has the message by then, and its answer need not carry it again. */
function acknowledge(state: HubState, link: Link, frame: OperationFrame, outcome: OutcomeOf<'stored'>): void {
  const { conversation, localId } = frame
  const { epoch, message } = outcome
  const follow = link.follows.get(conversation)
  tellStored(state, { tenant: link.tenant, conversation }, outcome)
  const isTold = follow !== undefined && follow.held === undefined && !isBehind(state, link, conversation, outcome)
  push(state, link, { type: 'ack', conversation, localId, epoch, seq: outcome.stored.seq, message: isTold ? undefined : message })
}

/** One of several nodes may have to tell first what another wrote. */
function isBehind(state: HubState, { tenant }: Link, conversation: string, { epoch, stored }: OutcomeOf<'stored'>): boolean {
  const room = state.node && roomAt(state, { tenant, conversation })
  return room !== undefined && (room.epoch !== epoch || room.head < stored.seq)
}

/** A planted bug: answers with the place the message would get if nothing came between. */
function acknowledgeEarly(state: HubState, link: Link, frame: OperationFrame, write: SendWrite | VoidWrite): void {
  const { conversation, localId } = frame
  const room = roomAt(state, { tenant: link.tenant, conversation })
  if (!room || write.kind === 'void') return
  const seq = room.head + 1
  const message: MessageRow = {
    id: localId,
    seq,
    index: room.head,
    rev: seq,
    at: write.at,
    author: link.user,
    localId,
    content: write.content,
  }
  push(state, link, { type: 'ack', conversation, localId, epoch: room.epoch, seq, message })
}
