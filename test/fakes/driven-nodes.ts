/** Several hubs over one store and one scripted bus, in one thread and in virtual time; what each link is sent is looked at. */
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { type Hub, createHub } from '../../src/server/hub.js'
import { memoryStore } from '../../src/server/memory-store.js'
import { roundMs, rounds } from '../../src/server/rounds.js'
import type { Store } from '../../src/server/store.js'
import { virtualClock } from '../../src/testing/virtual-clock.js'
import { type ScriptedBus, scriptedBus } from './scripted-bus.js'

type Hello = Extract<ClientFrame, { type: 'hello' }>
type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>
export type DrivenNodes = ReturnType<typeof drivenNodes>
export type DrivenLink = ReturnType<DrivenNodes['link']>

export interface NodesOptions {
  readonly seed?: number
  readonly store?: Store
}

/** After so long everything that was written has arrived, whatever the bus did: a look at the news, and the reads that follow it. */
export const healedMs = roundMs.most + 100

export function drivenNodes(count: number, { seed = 1, store = memoryStore() }: NodesOptions = {}) {
  const clock = virtualClock({ seed, startMs: 1_000 })
  const bus: ScriptedBus = scriptedBus(clock)
  const turns: (() => void)[] = []
  const reads = Array.from({ length: count }, () => new Map<string, number>())
  let minted = 0

  const nodes = reads.map((read, n): Hub => {
    const hub = createHub({
      store: counted(store, read),
      bus: bus.of(n),
      clock: { now: clock.now },
      mint: () => `id${++minted}`,
      turn: (run) => void turns.push(run),
    })
    rounds({ check: hub.check, later: (ms, run) => clock.timer(clock.now() + ms, run), roll: clock.roll })
    return hub
  })

  /** Runs turns until nothing moves; a macrotask lets every promise settle. */
  async function settle() {
    do {
      for (const run of turns.splice(0)) run()
      await new Promise(setImmediate)
    } while (turns.length)
  }

  /** Moves time on, from timer to timer. */
  async function pass(ms: number) {
    const end = clock.now() + ms
    let isOver = false
    clock.timer(end, () => {
      isOver = true
    })
    await settle()
    while (!isOver) {
      clock.runNext()
      await settle()
    }
  }

  function link(node: number, user: string, hello: Partial<Hello> = {}) {
    const frames: ServerFrame[] = []
    const closes: string[] = []
    const connected = (nodes[node] as Hub).connect({
      user,
      hello: { type: 'hello', version: 1, user, device: 'd', lane: `${user}${node}`, link: 1, ...hello },
      send: (sent) => void frames.push(...sent),
      close: (code) => void closes.push(code),
    })
    const of = <T extends ServerFrame['type']>(type: T) => frames.filter((frame): frame is FrameOf<T> => frame.type === type)
    const say = (...sent: ClientFrame[]) => {
      for (const frame of sent) connected.receive(frame)
    }
    return { ...connected, node, user, frames, closes, of, say, seqs: (conversation = 'c') => seqsOf(frames, conversation) }
  }

  async function put(node: number, members: readonly string[], conversation = 'c', more = {}) {
    const done = (nodes[node] as Hub).put({ tenant: '', conversation, members: members.map((user) => ({ user })), ...more })
    await settle()
    await done
  }

  /** What this node has asked of the store since the last call. */
  function asked(node: number): Readonly<Record<string, number>> {
    const counts = Object.fromEntries(reads[node] ?? [])
    reads[node]?.clear()
    return counts
  }

  return { nodes, clock, bus, store, settle, pass, link, put, asked }
}

const seqsOf = (frames: readonly ServerFrame[], conversation: string) =>
  frames.flatMap((frame) => (frame.type === 'change' && frame.conversation === conversation ? [frame.seq] : []))

function counted(store: Store, counts: Map<string, number>): Store {
  const counting =
    <Args extends readonly unknown[], T>(name: string, ask: (...args: Args) => T) =>
    (...args: Args) => {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      return ask(...args)
    }
  return {
    ...store,
    open: counting('open', store.open),
    page: counting('page', store.page),
    inbox: counting('inbox', store.inbox),
    members: counting('members', store.members),
    changes: counting('changes', store.changes),
    news: counting('news', store.news),
  }
}
