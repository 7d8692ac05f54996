/**
 * What tabs of one user have not sent yet, told by each to the others, with or without a link: shown there ahead of the log (R18),
 * and stored nowhere. What a tab leaves behind belongs to who adopts its lane, and is withdrawn if nobody does.
 */
import type { LinkFrame, Waiting } from '../../ports/transport.js'
import type { House } from './host.js'
import { isMessage, type Told } from './message.js'
import { createSlot } from './slot.js'

type Shown = Extract<LinkFrame, { type: 'provisional' }>
/** Of each tab; what stands behind them is told once they have left. */
const most = 256
/** By then an heir has adopted the lane of a tab that has ended, and the log has come to whoever follows it. */
const heirMs = 2_000

/** Until the client is closed. Returns the way to say again what waits in others. */
export function besideTabs({ tabs, clock }: House, name: string, client: Waiting, show: (frame: LinkFrame) => void): () => void {
  const id = `${clock.wall()}.${clock.roll()}`
  const { user: author } = client
  const theirs = new Map<string, { readonly from: string; readonly frame: Told }>()
  /** By tab: what ends the wait for its end, and then for an heir, or for the log. */
  const ends = new Map<string, () => void>()
  /** None until others can wait for the end of this tab. */
  let mine: ReadonlyMap<string, Shown> | undefined
  const outbox = createSlot()
  const channel = tabs.channel(`${name}/waits`, (data) => isMessage(data) && data.kind === 'waits' && hear(data.from, data.frames))
  const post = (frames: Told[], from = id) => channel.post({ kind: 'waits', from, frames })
  const again = () => {
    for (const { from, frame } of theirs.values()) if (from) show(frame)
  }

  function hear(from: string, frames: readonly Told[]) {
    if (from && !ends.has(from)) {
      const lock = tabs.lock(`${name}/${from}`, { held: () => ended(from) })
      ends.set(from, lock)
      if (mine) post([...mine.values()])
    }
    // What is withdrawn in nobody's name was left to the log.
    if (!ends.has(from)) ended(from)
    for (const frame of planted.withdrawnKept ? frames.filter(({ type }) => type !== 'withdrawn') : frames) {
      if (from && frame.type === 'withdrawn') theirs.delete(frame.localId)
      else theirs.set(frame.localId, { from, frame })
      if (from) show(frame)
    }
  }

  function ended(of: string) {
    ends.get(of)?.()
    const withdraw = () => {
      for (const [localId, { from, frame }] of theirs) if (from === of && theirs.delete(localId)) show({ ...frame, type: 'withdrawn' })
      ends.delete(of)
    }
    ends.set(of, clock.timer(clock.now() + heirMs, withdraw))
  }

  /** What the timeline has; one that is being taken back it has not. Far from the newest message it cannot say. */
  function finality({ conversation, localId }: Pick<Shown, 'conversation' | 'localId'>): string | undefined {
    const { atLatest, messages } = client.conversation(conversation).timeline.get()
    return atLatest ? messages.find((each) => each.localId === localId)?.finality : 'final'
  }

  function look(entries: ReturnType<Waiting['outbox']['get']>) {
    const was = mine
    const now = new Map<string, Shown>()
    for (const entry of entries.slice(0, most)) {
      const { localId, conversation, content, status } = entry
      if (status !== 'failed' && finality(entry))
        now.set(localId, { type: 'provisional', conversation, author, localId, content, at: clock.wall() })
    }
    mine = now
    const news: Told[] = [...now.values()].filter(({ localId }) => !was?.has(localId))
    for (const each of was?.values() ?? [])
      if (!now.has(each.localId)) post([{ ...each, type: 'withdrawn' }], finality(each) === 'final' ? '' : id)
    if (!was || news.length > 0) post(news)
  }

  const held = () => outbox(() => client.outbox.subscribe(look))
  const leave = tabs.lock(`${name}/${id}`, { held })
  const unwatch = client.session.subscribe(({ phase }) => {
    again()
    if (/closed|faulted/.test(phase)) for (const end of [outbox, unwatch, leave, channel.close, ...ends.values()]) end()
  })
  return again
}
