/** The server's process in a world: the shipped hub, a door before it, and a life that ends and begins again. */
import type { CloseCode } from '../../protocol/codes.js'
import { bandOf, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { LinkClosed } from '../../ports/transport.js'
import type { Faults } from '../../server/faults.js'
import { createHub, type Hub, type HubLink } from '../../server/hub.js'
import type { Chance } from './chance.js'
import { type FragileStore, fragileStore } from './fragile-store.js'
import type { Journal } from './journal.js'
import type { Truth } from './oracle/truth.js'
import type { Plan } from './plan.js'
import type { Time } from './time.js'

/** The server's end of a link. */
export interface Caller {
  readonly user: string
  send(frames: readonly ServerFrame[]): void
  /** The server closes, after what it has sent. */
  close(why: LinkClosed): void
  /** The process died: the connection breaks. */
  cut(): void
}

export interface Visit {
  receive(frame: ClientFrame): void
  gone(): void
}

export interface WorldServer {
  readonly store: FragileStore
  isUp(): boolean
  enter(caller: Caller): Visit
  start(): void
  kill(): void
  drain(): void
  /** The next `hello` is refused with this code; the next `send` for good. */
  refuseHello(code: CloseCode): void
  refuseOperation(): void
  forgive(): void
  put(room: string, members: readonly string[]): void
  post(room: string, id: string, author: string, content: unknown): void
}

export interface ServerParts {
  readonly time: Time
  readonly chance: Chance
  readonly journal: Journal
  readonly plan: Plan
  readonly truth: Truth
  readonly faults: Faults | undefined
  /** Called when the process has died by itself. */
  readonly died: () => void
}

interface Life {
  readonly hub: Hub
  alive: boolean
}

export function worldServer(parts: ServerParts): WorldServer {
  const { time, journal, plan, truth, faults } = parts
  const store = fragileStore({ time, journal, truth, faults, storeMs: plan.storeMs })
  const callers = new Set<Caller>()
  let minted = 0
  let life: Life | null = null
  let helloCode: CloseCode | undefined
  let refusing = false
  const refused = new Set<string>()
  const mint = () => `i${++minted}`

  const kill = () => {
    if (life) life.alive = false
    life = null
    for (const caller of [...callers]) caller.cut()
    callers.clear()
    parts.died()
  }

  const start = () => {
    if (life) return
    const born: Life = {
      alive: true,
      hub: createHub(
        {
          store: store.forLife(() => born.alive, kill),
          clock: { now: () => time.clock.wall() },
          mint,
          turn(run) {
            time.beat()
            queueMicrotask(() => {
              time.beat()
              if (born.alive) run()
            })
          },
        },
        faults,
      ),
    }
    life = born
  }

  const refusesForGood = (caller: Caller, frame: ClientFrame): boolean => {
    if (frame.type !== 'operation') return false
    const key = `${caller.user} ${frame.localId} ${frame.try}`
    if (refusing && frame.operation.kind === 'send') {
      refusing = false
      refused.add(key)
      journal.fired('operation refused for good')
    }
    if (!refused.has(key)) return false
    const { conversation, localId, try: count } = frame
    caller.send([{ type: 'reject', conversation, localId, try: count, code: 'forbidden', final: true }])
    return true
  }

  return {
    store,
    isUp: () => life !== null,
    start,
    kill,
    enter(caller) {
      callers.add(caller)
      const mine = life
      let link: HubLink | null = null
      const gone = () => {
        callers.delete(caller)
        if (mine?.alive) link?.closed()
      }
      const turnAway = (code: CloseCode) => {
        gone()
        caller.close({ band: bandOf(closeCodes[code]), code })
      }
      return {
        receive(frame) {
          if (!mine?.alive || !callers.has(caller)) return
          if (link) return refusesForGood(caller, frame) ? undefined : link.receive(frame)
          if (frame.type !== 'hello') return turnAway('bad-frame')
          if (helloCode) {
            const code = helloCode
            helloCode = undefined
            journal.fired('hello refused')
            return turnAway(code)
          }
          link = mine.hub.connect({
            user: caller.user,
            hello: frame,
            send: (frames) => {
              if (mine.alive) caller.send(frames)
            },
            close: (code, retryAfterMs) => {
              callers.delete(caller)
              caller.close({ band: bandOf(closeCodes[code]), code, retryAfterMs })
            },
          })
        },
        gone,
      }
    },
    drain() {
      life?.hub.drain(500)
    },
    refuseHello(code) {
      helloCode = code
    },
    refuseOperation() {
      refusing = true
    },
    forgive() {
      helloCode = undefined
      refusing = false
    },
    put: (room, members) =>
      void life?.hub.put({ tenant: '', conversation: room, members: members.map((user) => ({ user })) }).catch(() => {}),
    post: (room, id, author, content) => void life?.hub.post({ tenant: '', conversation: room, id, author, content }).catch(() => {}),
  }
}
