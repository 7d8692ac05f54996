/** What a link brings: its beginning and end, and frames, each handed to its slice in the order they came. */
import type { ChangeFrame, ServerFrame } from '../protocol/frames.js'
import type { CoreEvent } from './event.js'
import { askInbox, inboxFailed, inboxFrame } from './inbox/inbox.js'
import { gone } from './membership.js'
import { acked, rejected } from './outbox/settle.js'
import { learnPeople } from './people.js'
import { mergeMarks } from './receipts.js'
import { greet, heardFrom, leave, sessionFrame, welcomed } from './session.js'
import type { ConversationState } from './state.js'
import { admitLive } from './timeline/admit.js'
import { failedCatchUp, opened, unfollowed } from './timeline/catch-up.js'
import { heard } from './timeline/live.js'
import { failedLoad, page } from './timeline/history.js'
import { conversationOf, onlineLink, type Turn } from './turn.js'
import { heardTyping } from './typing.js'

type LinkEvent = Extract<CoreEvent, { kind: 'link-opened' | 'link-frames' | 'link-closed' }>

export function linkEvent(turn: Turn, event: LinkEvent): void {
  if (event.kind === 'link-opened') return greet(turn)
  if (event.kind === 'link-closed') return leave(turn, event.why, false)
  heardFrom(turn)
  const { frames } = event
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i] as ServerFrame
    // Changes of one conversation in a row are admitted together: its rows are copied once (R33).
    if (frame.type === 'change') {
      const run: ChangeFrame[] = [frame]
      for (let next = frames[i + 1]; next?.type === 'change' && next.conversation === frame.conversation; next = frames[i + 1]) {
        run.push(next)
        i += 1
      }
      const conversation = conversationOf(turn, frame.conversation)
      if (conversation && onlineLink(turn) !== 0) admitLive(turn, conversation, run)
    } else receive(turn, frame)
  }
}

function receive(turn: Turn, frame: Exclude<ServerFrame, ChangeFrame>): void {
  if (frame.type === 'welcome') return welcomed(turn, frame) ? cameOnline(turn) : undefined
  const heads = sessionFrame(turn, frame)
  if (onlineLink(turn) === 0) return
  for (const { conversation: id, epoch, seq } of heads) {
    const conversation = conversationOf(turn, id)
    if (conversation && conversation.log.epoch === epoch) heard(turn, conversation, seq)
    else if (conversation && conversation.log.epoch !== '') unfollowed(turn, conversation)
  }
  switch (frame.type) {
    case 'opened':
      return opened(turn, frame)
    case 'page':
      return page(turn, frame)
    case 'ack':
      return acked(turn, frame)
    case 'reject':
      return rejected(turn, frame)
    case 'failed':
      return requestFailed(turn, frame.request, frame.code, frame.retryAfterMs ?? 0)
    case 'inbox':
      return inboxFrame(turn, frame)
    case 'people':
      return learnPeople(turn, frame.people)
    case 'left':
    case 'marks':
    case 'typing':
      return ofConversation(turn, frame, conversationOf(turn, frame.conversation))
    default:
      return
  }
}

type ConversationFrame = Extract<ServerFrame, { type: 'left' | 'marks' | 'typing' }>

function ofConversation(turn: Turn, frame: ConversationFrame, conversation: ConversationState | undefined): void {
  if (!conversation) return
  if (frame.type === 'left') gone(turn, conversation, frame.why)
  else if (frame.type === 'marks') mergeMarks(turn, conversation, frame.epoch, frame.marks)
  else heardTyping(turn, conversation, frame.user, frame.on)
}

/** An `open` of a conversation that is not there (any more) ends it (R27); everything else is asked again. */
function requestFailed(turn: Turn, request: number, code: string, retryAfterMs: number): void {
  const conversation = turn.state.conversations.find((each) => each.log.catchUp?.request === request)
  if (conversation && code === 'not-found') return gone(turn, conversation, code)
  if (!failedCatchUp(turn, request, retryAfterMs) && !failedLoad(turn, request, code)) inboxFailed(turn, request, retryAfterMs)
}

function cameOnline(turn: Turn): void {
  askInbox(turn)
  for (let slot = 0; slot < turn.state.conversations.length; slot++) turn.touched.add(slot)
}
