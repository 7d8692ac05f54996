/** Frames as a server would say them of the conversation `c`, where every change is a message unless a test says otherwise. */
import type { Change, ChangeFrame, ClientFrame, MessageRow, Opened, Page, ServerFrame } from '../../src/protocol/frames.js'
import type { DrivenCore } from './driven-core.js'

/** The message made by change `seq`. By default each change made one, so that index = seq - 1, and `ann` wrote it. */
export function row(seq: number, more: Partial<MessageRow> = {}): MessageRow {
  return { id: `m${seq}`, seq, index: seq - 1, rev: seq, at: 1_000_000 + seq, author: 'ann', content: { n: seq }, ...more }
}

/** Messages `from`..`to`, both included. */
export function rows(from: number, to: number): MessageRow[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => row(from + i))
}

export function changeFrame(seq: number, change: Change, more: Partial<ChangeFrame> = {}): ChangeFrame {
  return { type: 'change', conversation: 'c', epoch: 'e1', seq, tag: `t${seq}`, change, ...more }
}

/** A live new message at `seq`. */
export function said(seq: number, message: Partial<MessageRow> = {}, more: Partial<ChangeFrame> = {}): ChangeFrame {
  return changeFrame(seq, { kind: 'message', message: row(seq, message) }, more)
}

/** The change at `seq` gives the message of `place` new content. */
export function edited(seq: number, place: number, message: Partial<MessageRow> = {}): ChangeFrame {
  return changeFrame(seq, { kind: 'message', message: row(place, { rev: seq, content: { edited: seq }, ...message }) })
}

/** An echo of an own message. */
export function echo(seq: number, localId: string, message: Partial<MessageRow> = {}): ChangeFrame {
  return said(seq, { author: 'me', localId, ...message })
}

export function ack(localId: string, seq: number | undefined, more: Partial<Extract<ServerFrame, { type: 'ack' }>> = {}): ServerFrame {
  return { type: 'ack', conversation: 'c', localId, epoch: 'e1', ...(seq === undefined ? {} : { seq }), ...more }
}

export function reject(localId: string, more: Partial<Extract<ServerFrame, { type: 'reject' }>>): ServerFrame {
  return { type: 'reject', conversation: 'c', localId, try: 1, code: 'unavailable', final: false, ...more }
}

/** An answer to `open`: a delta over (from, to], or with `reset` the page of it. */
export function openedFrame(request: number, from: number, to: number, more: Partial<Opened> = {}): Opened {
  return {
    type: 'opened',
    request,
    conversation: 'c',
    epoch: 'e1',
    from,
    to,
    tag: to === 0 ? '' : `t${to}`,
    head: to,
    more: false,
    floor: 0,
    hidden: [],
    rows: rows(from + 1, to),
    own: [],
    profile: { name: 'c' },
    memberCount: 2,
    members: [
      { user: 'me', joined: 0 },
      { user: 'ann', joined: 0 },
    ],
    people: [],
    marks: [],
    unread: { count: 0, more: false },
    ...more,
  }
}

export function pageFrame(request: number, from: number, to: number, asOf: number, more: Partial<Page> = {}): Page {
  return { type: 'page', request, conversation: 'c', epoch: 'e1', asOf, from, to, rows: rows(from + 1, to), people: [], ...more }
}

/** The last request of a kind that was sent. */
export function requestOf(core: DrivenCore, type: 'open' | 'history' | 'inbox'): number {
  const asked = core.sent(type as ClientFrame['type']).at(-1) as { readonly request: number } | undefined
  if (!asked) throw new Error(`No \`${type}\` was sent.`)
  return asked.request
}

/** Answers the last `open` with the newest `count` messages of a log of `head`: live from then on. */
export function openWith(core: DrivenCore, head: number, count = head, more: Partial<Opened> = {}): void {
  core.hear(openedFrame(requestOf(core, 'open'), head - count, head, { reset: 'first', ...more }))
}

/** A core that is online and live in `c`, watched, holding the newest `count` of `head` messages. */
export function live(core: DrivenCore, head: number, count = head, more: Partial<Opened> = {}): DrivenCore {
  core.online()
  core.dispatch({ kind: 'watch', conversation: 'c' })
  openWith(core, head, count, more)
  core.wait(1_000)
  return core
}

export function send(core: DrivenCore, localId: string, more: { readonly conversation?: string; readonly bytes?: number } = {}): void {
  core.dispatch({ kind: 'send', conversation: 'c', localId, content: { text: localId }, bytes: 20, ...more })
}
