/** The door before the hub: who comes in first says who he is, some are turned away, some operations are refused for good. */
import { bandOf, type CloseCode, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { LinkClosed } from '../../ports/transport.js'
import type { Hub, HubLink } from '../../server/hub.js'
import type { Journal } from './journal.js'
import type { Truth } from './oracle/truth.js'
import { type Tampering, tampered } from './tamper.js'

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

/** One life of the server's process. */
export interface Life {
  readonly hub: Hub
  alive: boolean
}

/** What the next frame of its kind meets. */
export interface Orders {
  /** The next `hello` is refused with this code. */
  refuseHello(code: CloseCode): void
  /** The next `send` is refused for good. */
  refuseOperation(): void
  /** The next answer of `open` that lends itself to it is tampered with. */
  tamper(how: Tampering): void
  forgive(): void
}

export interface Door {
  readonly orders: Orders
  enter(life: Life | null, caller: Caller): Visit
  /** Breaks every connection. */
  cutAll(): void
}

interface Standing {
  hello: CloseCode | undefined
  operation: boolean
  tampering: Tampering | undefined
  /** Transmissions that were refused for good: a copy that comes later is too. */
  readonly refused: Set<string>
}

export function door(journal: Journal, truth: Truth): Door {
  const callers = new Set<Caller>()
  const standing: Standing = { hello: undefined, operation: false, tampering: undefined, refused: new Set() }
  return {
    orders: {
      refuseHello(code) {
        standing.hello = code
      },
      refuseOperation() {
        standing.operation = true
      },
      tamper(how) {
        standing.tampering = how
      },
      forgive() {
        Object.assign(standing, { hello: undefined, operation: false, tampering: undefined })
      },
    },
    enter: (life, caller) => visit({ journal, truth, callers, standing }, life, caller),
    cutAll() {
      for (const caller of [...callers]) caller.cut()
      callers.clear()
    },
  }
}

interface Hall {
  readonly journal: Journal
  readonly truth: Truth
  readonly callers: Set<Caller>
  readonly standing: Standing
}

function visit(hall: Hall, life: Life | null, caller: Caller): Visit {
  const { callers, standing, journal } = hall
  let link: HubLink | null = null
  callers.add(caller)
  const gone = () => {
    callers.delete(caller)
    if (life?.alive) link?.closed()
  }
  const turnAway = (code: CloseCode) => {
    gone()
    caller.close({ band: bandOf(closeCodes[code]), code })
  }
  return {
    receive(frame) {
      if (!life?.alive || !callers.has(caller)) return
      if (link) return refusesForGood(hall, caller, frame) ? undefined : link.receive(frame)
      if (frame.type !== 'hello') return turnAway('bad-frame')
      const code = standing.hello
      standing.hello = undefined
      if (code) {
        journal.fired('hello refused')
        return turnAway(code)
      }
      link = life.hub.connect({
        user: caller.user,
        hello: frame,
        send(frames) {
          if (life.alive) caller.send(frames.map((each) => asSent(hall, each)))
        },
        close(closeCode, retryAfterMs) {
          callers.delete(caller)
          caller.close({ band: bandOf(closeCodes[closeCode]), code: closeCode, retryAfterMs })
        },
      })
    },
    gone,
  }
}

function refusesForGood({ standing, journal }: Hall, caller: Caller, frame: ClientFrame): boolean {
  if (frame.type !== 'operation') return false
  const { conversation, localId, try: count, operation } = frame
  const key = `${caller.user} ${localId} ${count}`
  if (standing.operation && operation.kind === 'send') {
    standing.operation = false
    standing.refused.add(key)
    journal.fired('operation refused for good')
  }
  if (!standing.refused.has(key)) return false
  caller.send([{ type: 'reject', conversation, localId, try: count, code: 'forbidden', final: true }])
  return true
}

function asSent({ standing, journal, truth }: Hall, frame: ServerFrame): ServerFrame {
  const { tampering } = standing
  if (!tampering || frame.type !== 'opened') return frame
  const changed = tampered(frame, tampering, truth.now(frame.conversation))
  if (!changed) return frame
  journal.fired(tampering === 'late' ? 'answer begun too late' : 'answer with an old row')
  standing.tampering = undefined
  return changed
}
