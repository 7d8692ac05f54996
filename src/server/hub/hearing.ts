/**
 * What a link says is heard in its order, and a question only while there is room for the answer. Answers may be a quarter of a mebibyte:
 * those to fifty questions at once would wait in memory, and their reader be taken for a slow consumer. What is behind a question that waits,
 * waits too.
 */
import type { ClientFrame } from '../../protocol/frames.js'
import type { Link } from './link.js'
import type { HubState } from './state.js'

const readsAtOnce = 2
/** A link with more unsent bytes is asked to read first. */
const crowdedBytes = 256 * 1024
/** Who says more and reads nothing is cut: by the number of frames, as each takes a question's work, and by what they hold. */
const mostHeld = 1_000
const mostHeldBytes = 1024 * 1024

/** False: too much waits to be heard. */
export function hear(state: HubState, link: Link, frame: ClientFrame, bytes: number): boolean {
  if (link.held === undefined && mayGo(link, frame)) {
    begin(state, link, frame)
    return true
  }
  link.held = [...(link.held ?? []), { frame, bytes }]
  link.heldBytes += bytes
  return link.held.length <= mostHeld && link.heldBytes <= mostHeldBytes
}

/** An answer is on its way, or there is room again. */
export function goOn(state: HubState, link: Link): void {
  link.reads -= link.answered
  link.answered = 0
  const { held = [] } = link
  let heard = 0
  for (const { frame, bytes } of held) {
    if (link.state !== 'open' || !mayGo(link, frame)) break
    begin(state, link, frame)
    link.heldBytes -= bytes
    heard += 1
  }
  const rest = held.slice(heard)
  link.held = rest.length > 0 ? rest : undefined
  if (link.reads === 0) state.asking.delete(link)
}

function mayGo({ reads, waiting }: Link, { type }: ClientFrame): boolean {
  const isQuestion = type === 'open' || type === 'history' || type === 'inbox'
  return !isQuestion || (reads < readsAtOnce && (waiting?.() ?? 0) <= crowdedBytes)
}

function begin(state: HubState, link: Link, frame: ClientFrame): void {
  const answer = state.act(link, frame)
  if (!answer) return
  link.reads += 1
  state.asking.add(link)
  void answer.then(() => {
    link.answered += 1
    // Else at the end of the tick, when it is known how much of it could be sent.
    if (link.out.length === 0) goOn(state, link)
  })
}
