/** What one follower may see of what all are told (R7). */
import type { Change, ServerFrame } from '../../protocol/frames.js'
import { isVisible } from '../ledger/visible.js'
import type { Follow } from './link.js'

/** Of a kind that no client knows: it moves the log, and tells nothing (R10). */
const hiddenChange = { kind: 'hidden' } as object as Change
/** One object for all from whom the message is hidden, so that a door encodes it once. */
const veiled = new WeakMap<ServerFrame, ServerFrame>()

/** A change to a message from before this reader came, or from a time without them, is told without it. */
export function asSeen(follow: Follow, frame: ServerFrame): ServerFrame {
  if (frame.type !== 'change' || frame.change.kind !== 'message') return frame
  // A new one too: what waited for an answer may have been said while the reader was away.
  if (isVisible(follow, frame.change.message.seq)) return frame
  const known = veiled.get(frame)
  if (known) return known
  const made = { ...frame, change: hiddenChange, people: undefined }
  veiled.set(frame, made)
  return made
}
