/** What a link brings: its beginning and end, and frames, each handed to its slice in the order they came. */
import type { LinkFrame } from '../ports/transport.js'
import type { ChangeFrame, ServerFrame } from '../protocol/frames.js'
import { doubtAhead, isOf, showAhead, withdraw } from './ahead.js'
import type { CoreEvent } from './event.js'
import { askInbox, inboxFailed, inboxFrame } from './inbox/inbox.js'
import { gone } from './membership.js'
import { acked, rejected } from './outbox/settle.js'
import { learnPeople } from './people.js'
import { mergeMarks } from './receipts.js'
import { greet, heardFrom, leave, sessionFrame, welcomed } from './session.js'
import { admitLive } from './timeline/admit.js'
import { failedCatchUp, opened, unfollowed } from './timeline/catch-up.js'
import { endLoad, page } from './timeline/history.js'
import { hinted } from './timeline/live.js'
import { type Draft, draftOf, drafts, onlineLink, type Turn } from './turn.js'
import { heardTyping } from './typing.js'

type LinkEvent = Extract<CoreEvent, { kind: 'link-opened' | 'link-frames' | 'link-closed' }>

export function linkEvent(turn: Turn, event: LinkEvent): void {
  if (event.kind === 'link-opened') return greet(turn)
  if (event.kind === 'link-closed') return leave(turn, event.why)
  const { frames } = event
  // What is shown ahead may have come by another way, as from another tab: it proves nothing of this one.
  if (frames.some((frame) => !('author' in frame))) heardFrom(turn)
  let from = 0
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i] as LinkFrame
    const next = frames[i + 1]
    if (frame.type === 'change') {
      if (frame.people && onlineLink(turn)) learnPeople(turn, frame.people)
      // Changes of one conversation in a row are admitted together: its rows are copied once (R33).
      if (next?.type === 'change' && next.conversation === frame.conversation) continue
      const c = onlineLink(turn) && draftOf(turn, frame.conversation)
      if (c) admitLive(turn, c, frames.slice(from, i + 1) as ChangeFrame[])
    } else receive(turn, frame)
    from = i + 1
  }
}

function receive(turn: Turn, frame: Exclude<LinkFrame, ChangeFrame>): void {
  if (frame.type === 'welcome' && welcomed(turn, frame)) {
    askInbox(turn)
    for (const c of drafts(turn)) doubtAhead(turn, c)
  }
  const heads = sessionFrame(turn, frame)
  // Nobody has looked at the other fields of a frame of an unknown type.
  // What is shown ahead names its author, and needs no welcome.
  if (frame.type === 'unknown' || !('author' in frame || onlineLink(turn))) return
  if ('people' in frame) learnPeople(turn, frame.people)
  for (const { conversation, epoch, seq } of heads) {
    const c = draftOf(turn, conversation)
    if (c?.log.epoch === epoch) hinted(c, seq)
    else if (c?.log.epoch) unfollowed(c)
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
      return requestFailed(turn, frame)
    case 'inbox':
      return inboxFrame(turn, frame)
    default:
      if ('conversation' in frame) ofConversation(turn, frame)
  }
}

type ConversationFrame = Extract<LinkFrame, { type: 'left' | 'marks' | 'typing' | 'provisional' | 'withdrawn' }>

function ofConversation(turn: Turn, frame: ConversationFrame): void {
  const c = draftOf(turn, frame.conversation)
  if (!c) return
  if (frame.type === 'left') gone(turn, c, frame.why)
  else if (frame.type === 'marks') mergeMarks(turn, c, frame.epoch, frame.marks)
  else if (frame.type === 'typing') heardTyping(turn, c, frame.user, frame.on)
  else if (frame.type === 'provisional') showAhead(turn, c, frame)
  else withdraw(turn, c, isOf(frame))
}

type Failed = Extract<ServerFrame, { type: 'failed' }>

/** An `open` of a conversation that is not there (any more) ends it (R27); everything else is asked again. */
function requestFailed(turn: Turn, { request, code, retryAfterMs = 0 }: Failed): void {
  for (const { id, log } of turn.conversations) {
    const isOpen = log.catchUp?.request === request
    if (!isOpen && log.load?.id !== request) continue
    const c = draftOf(turn, id) as Draft
    if (!isOpen) return endLoad(turn, c, code === 'not-found' ? 'not-found' : 'rejected')
    return code === 'not-found' ? gone(turn, c, code) : failedCatchUp(turn, c, retryAfterMs)
  }
  inboxFailed(turn, request, retryAfterMs)
}
