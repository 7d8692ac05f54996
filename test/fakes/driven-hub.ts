/** The hub alone, in one thread: every turn is run by hand, every frame is looked at. */
import type { ClientFrame, Profile, ServerFrame } from '../../src/protocol/frames.js'
import { type HubOptions, createHub } from '../../src/server/hub.js'
import { memoryStore } from '../../src/server/memory-store.js'

type Hello = Extract<ClientFrame, { type: 'hello' }>

export function drivenHub(more: Partial<HubOptions> = {}) {
  const turns: (() => void)[] = []
  let minted = 0
  let now = 1_000
  const hub = createHub({
    store: memoryStore(),
    clock: { now: () => now },
    mint: () => `id${++minted}`,
    turn: (run) => void turns.push(run),
    ...more,
  })
  /** Runs turns until nothing moves; a macrotask lets every promise settle. */
  async function settle() {
    do {
      for (const run of turns.splice(0)) run()
      await new Promise(setImmediate)
    } while (turns.length)
  }
  function link(user: string, hello: Partial<Hello> = {}, profile?: Profile) {
    const frames: ServerFrame[] = []
    const closes: string[] = []
    const connected = hub.connect({
      user,
      profile,
      hello: { type: 'hello', version: 1, user, device: 'd', lane: user, link: 1, ...hello },
      send: (sent) => void frames.push(...sent),
      close: (code) => void closes.push(code),
    })
    const of = <T extends ServerFrame['type']>(type: T) =>
      frames.filter((frame): frame is Extract<ServerFrame, { type: T }> => frame.type === type)
    return {
      ...connected,
      frames,
      closes,
      of,
      say: (...sent: ClientFrame[]) => {
        for (const frame of sent) connected.receive(frame)
      },
      /** What came since the last call. */
      fresh: () => frames.splice(0).map((frame) => frame.type),
    }
  }
  const put = async (members: readonly string[], conversation = 'c') => {
    const done = hub.put({ tenant: '', conversation, members: members.map((user) => ({ user })) })
    await settle()
    await done
  }
  const tick = (ms: number) => {
    now += ms
  }
  return { hub, settle, link, put, tick }
}

export const open = (conversation = 'c'): ClientFrame => ({ type: 'open', request: 1, conversation })
export const send = (localId: string, conversation = 'c', after?: string): ClientFrame => ({
  type: 'operation',
  conversation,
  localId,
  try: 1,
  after,
  operation: { kind: 'send', content: localId },
})
