/** A reader that forgives nothing: what one link is sent must be whole, in order and told once, and in the end be what the store has. */
import type { InboxRow, Mark, MessageRow, ServerFrame } from '../../src/protocol/frames.js'
import type { Store } from '../../src/server/store.js'

interface Followed {
  head: number
  readonly marks: Map<string, Mark>
  readonly rows: Map<number, MessageRow>
}

export interface StrictReader {
  /** What is wrong with these frames; nothing if all is well. */
  read(frames: readonly ServerFrame[]): readonly string[]
  unfollow(conversation: string): void
  /** What this reader does not have, or has and should not. */
  compare(store: Store, conversations: readonly string[]): Promise<readonly string[]>
}

/** `asked`: the conversation of an `open`; `ask`: opens it again, for there is a head that no change has led to. */
export function strictReader(user: string, asked: (request: number) => string, ask: (conversation: string) => void): StrictReader {
  const followed = new Map<string, Followed>()
  const rows = new Map<string, InboxRow>()
  let cursor: string | undefined
  let wrong: string[] = []

  /** The answer may be of an earlier state than what was told while it was read. */
  function opened({ conversation, head, marks, rows: found }: Extract<ServerFrame, { type: 'opened' }>): void {
    const log = followed.get(conversation) ?? { head, marks: new Map(), rows: new Map() }
    followed.set(conversation, log)
    log.head = Math.max(log.head, head)
    for (const mark of marks) merge(log, mark)
    for (const row of found) keep(log, row)
  }

  function change({ conversation, seq, change: what }: Extract<ServerFrame, { type: 'change' }>): void {
    const log = followed.get(conversation)
    if (!log) return void wrong.push(`${conversation}: change ${seq} to one who does not follow`)
    if (seq !== log.head + 1) wrong.push(`${conversation}: change ${seq} after ${log.head}`)
    log.head = seq
    if (what.kind === 'message') keep(log, what.message)
    if (what.kind === 'member' && what.joined) merge(log, { user: what.user, delivered: seq, read: seq })
  }

  function compareHead(conversation: string, seq: number): void {
    const log = followed.get(conversation)
    if (log && seq > log.head) ask(conversation)
  }

  function listed(frame: Extract<ServerFrame, { type: 'inbox' }>): void {
    if (frame.prev === undefined) rows.clear()
    else if (frame.prev !== cursor) wrong.push(`the list goes on from ${frame.prev}, not from ${cursor}`)
    cursor = frame.next
    for (const row of frame.rows) if (row.rev >= (rows.get(row.conversation)?.rev ?? 0)) rows.set(row.conversation, row)
    for (const conversation of frame.gone) rows.delete(conversation)
  }

  async function compareLog(store: Store, conversation: string): Promise<void> {
    const truth = await store.open({ tenant: '', conversation, user })
    const log = followed.get(conversation)
    if (!log) return
    if (!truth) return void wrong.push(`${conversation}: still follows`)
    if (log.head !== truth.head) wrong.push(`${conversation}: is at ${log.head} of ${truth.head}`)
    for (const row of truth.rows)
      if (log.rows.get(row.seq)?.content !== row.content)
        wrong.push(`${conversation}: ${row.seq} is ${String(log.rows.get(row.seq)?.content)}`)
    for (const mark of truth.marks)
      if (JSON.stringify(log.marks.get(mark.user)) !== JSON.stringify(mark))
        wrong.push(`${conversation}: ${JSON.stringify(log.marks.get(mark.user))} is not ${JSON.stringify(mark)}`)
  }

  function take(): readonly string[] {
    const found = wrong
    wrong = []
    return found
  }

  return {
    read(frames) {
      for (const frame of frames) {
        if (frame.type === 'opened') opened(frame)
        else if (frame.type === 'change') change(frame)
        else if (frame.type === 'marks') for (const mark of frame.marks) merge(followed.get(frame.conversation), mark)
        else if (frame.type === 'inbox') listed(frame)
        else if (frame.type === 'head') for (const { conversation, seq } of frame.heads) compareHead(conversation, seq)
        else if (frame.type === 'left') followed.delete(frame.conversation)
        else if (frame.type === 'failed') followed.delete(asked(frame.request))
        else if (frame.type === 'typing' && !followed.has(frame.conversation)) wrong.push(`${frame.conversation}: typing to a stranger`)
      }
      return take()
    },
    unfollow: (conversation) => void followed.delete(conversation),
    async compare(store, conversations) {
      for (const conversation of conversations) await compareLog(store, conversation)
      const list = (await store.inbox({ tenant: '', user })).rows
      const shown = (all: Iterable<InboxRow>) =>
        JSON.stringify(
          [...all].map(({ conversation, head, unread, read, last }) => [conversation, head, unread, read, last?.content]).sort(),
        )
      if (shown(list) !== shown(rows.values())) wrong.push(`the list is ${shown(rows.values())}, not ${shown(list)}`)
      return take()
    },
  }
}

function keep({ rows }: Followed, row: MessageRow): void {
  if (row.rev >= (rows.get(row.seq)?.rev ?? 0)) rows.set(row.seq, row)
}

function merge(log: Followed | undefined, { user, delivered, read, marked }: Mark): void {
  const held = log?.marks.get(user)
  const newest = (marked?.rev ?? 0) > (held?.marked?.rev ?? 0) ? marked : held?.marked
  const both = { user, delivered: Math.max(held?.delivered ?? 0, delivered), read: Math.max(held?.read ?? 0, read) }
  log?.marks.set(user, newest ? { ...both, marked: newest } : both)
}
