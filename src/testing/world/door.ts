/** The door before the hub: who comes in first says who he is, some are turned away, some operations are refused for good, and the process may die in the middle of what it sends. */
import { bandOf, type CloseCode, closeCodes } from '../../protocol/codes.js'
import type { ClientFrame, ServerFrame } from '../../protocol/frames.js'
import type { LinkClosed } from '../../ports/transport.js'
import type { Hub, HubLink } from '../../server/hub.js'
import type { FaultName } from './faults.js'
import type { Journal } from './journal.js'
import { following } from './oracle/told.js'
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

/** One life of a server's process. */
export interface Life {
  readonly hub: Hub
  /** An older build knows no `after`, and allows less. */
  readonly isOld: boolean
  alive: boolean
  readonly kill: () => void
}

/** What the next frame of its kind meets. */
export interface Orders {
  /** The next `hello` is refused with this code. */
  refuseHello(code: CloseCode): void
  /** The next `hello` comes with the token of this user. */
  mistake(user: string): void
  /** The next `send` is refused for good. */
  refuseOperation(): void
  /** The token of the next sender has expired. */
  expire(): void
  /** The next answer of `open` that lends itself to it is tampered with. */
  tamper(how: Tampering): void
  /** The process dies when such a frame has left for one link. */
  dieAfter(what: 'ack' | 'change'): void
  forgive(): void
}

export interface Door {
  readonly orders: Orders
  enter(life: Life | null, caller: Caller): Visit
  /** Breaks every connection to what has died. */
  cut(life: Life | null): void
  /** Links that somebody stands on. */
  size(): number
}

interface Standing {
  hello: CloseCode | undefined
  user: string | undefined
  operation: boolean
  expired: boolean
  tampering: Tampering | undefined
  dies: 'ack' | 'change' | undefined
  /** So many conversations may be followed on a link. */
  followed: number | undefined
  /** Transmissions that were refused for good: a copy that comes later is too. And operations of which a copy was let in. */
  readonly settled: Set<string>
}

interface Hall {
  readonly journal: Journal
  readonly truth: Truth
  /** With the life of the process at which they stand. */
  readonly callers: Map<Caller, Life | null>
  readonly standing: Standing
}

const tamperings: { readonly [How in Tampering]: FaultName } = {
  late: 'answer begun too late',
  old: 'answer with an old row',
  hole: 'answer with a hole',
}

const peace = { hello: undefined, user: undefined, operation: false, expired: false, tampering: undefined, dies: undefined }

/** `followed`: so many conversations may be followed on a link. */
export function door(journal: Journal, truth: Truth, followed: number | undefined): Door {
  const callers: Hall['callers'] = new Map()
  const standing: Standing = { ...peace, followed, settled: new Set() }
  const hall: Hall = { journal, truth, callers, standing }
  const order = (change: Partial<Standing>) => void Object.assign(standing, change)
  return {
    orders: {
      refuseHello: (hello) => order({ hello }),
      mistake: (user) => order({ user }),
      refuseOperation: () => order({ operation: true }),
      expire: () => order({ expired: true }),
      tamper: (tampering) => order({ tampering }),
      dieAfter: (dies) => order({ dies }),
      forgive: () => order({ ...peace, followed: undefined }),
    },
    enter: (life, caller) => visit(hall, life, caller),
    cut(life) {
      for (const [caller, at] of [...callers]) {
        if (at !== life) continue
        caller.cut()
        callers.delete(caller)
      }
    },
    size: () => callers.size,
  }
}

function visit(hall: Hall, life: Life | null, entering: Caller): Visit {
  const { callers } = hall
  let link: HubLink | null = null
  const heard = following(hall.journal, entering.user)
  const caller: Caller = {
    ...entering,
    send(frames) {
      for (const frame of frames) heard.told(frame)
      entering.send(frames)
    },
  }
  callers.set(caller, life)
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
      heard.said(frame)
      if (!link) link = welcome(hall, life, caller, frame, turnAway)
      else if (isExpired(hall, frame)) turnAway('token-expired')
      else if (!refusesForGood(hall, caller, frame)) link.receive(life.isOld ? withoutAfter(frame) : frame)
    },
    gone,
  }
}

function welcome(hall: Hall, life: Life, caller: Caller, frame: ClientFrame, turnAway: (code: CloseCode) => void): HubLink | null {
  const { standing, journal, callers } = hall
  if (frame.type !== 'hello') {
    turnAway('bad-frame')
    return null
  }
  const { hello: code, user: other } = standing
  Object.assign(standing, { hello: undefined, user: undefined })
  if (code) {
    journal.fired('hello refused')
    turnAway(code)
    return null
  }
  const isMistaken = other !== undefined && other !== caller.user
  if (isMistaken) journal.fired('token of another user')
  return life.hub.connect({
    user: isMistaken ? other : caller.user,
    hello: frame,
    send: (frames) => send(hall, life, caller, frames),
    close(closeCode, retryAfterMs) {
      callers.delete(caller)
      caller.close({ band: bandOf(closeCodes[closeCode]), code: closeCode, retryAfterMs })
    },
  })
}

function send(hall: Hall, life: Life, caller: Caller, frames: readonly ServerFrame[]): void {
  if (!life.alive) return
  const { standing, journal, truth } = hall
  for (const frame of frames) truth.told(caller.user, frame)
  caller.send(frames.map((each) => asSent(hall, life, each)))
  const { dies } = standing
  if (!dies || !frames.some(({ type }) => type === dies)) return
  standing.dies = undefined
  journal.fired(dies === 'ack' ? 'server killed after an ack' : 'server killed in mid fan-out')
  life.kill()
}

function isExpired({ standing, journal }: Hall, frame: ClientFrame): boolean {
  if (!standing.expired || frame.type !== 'operation') return false
  standing.expired = false
  journal.fired('token expired in mid-send')
  return true
}

function withoutAfter(frame: ClientFrame): ClientFrame {
  return frame.type === 'operation' ? { ...frame, after: undefined } : frame
}

function refusesForGood({ standing, journal }: Hall, caller: Caller, frame: ClientFrame): boolean {
  if (frame.type !== 'operation') return false
  const { conversation, localId, try: count, operation } = frame
  const { settled } = standing
  const name = `${caller.user} ${localId}`
  const key = `${name} ${count}`
  // A copy that was let in may wait for the store, and what is refused for good must never land.
  if (standing.operation && operation.kind === 'send' && !settled.has(name)) {
    standing.operation = false
    settled.add(key)
    journal.fired('operation refused for good')
  }
  if (!settled.has(key)) {
    settled.add(name)
    return false
  }
  caller.send([{ type: 'reject', conversation, localId, try: count, code: 'forbidden', final: true }])
  return true
}

function asSent({ standing, journal, truth }: Hall, { isOld }: Life, frame: ServerFrame): ServerFrame {
  if (frame.type === 'welcome') {
    const limits = { ...frame.limits, followed: standing.followed ?? frame.limits.followed }
    if (!isOld) return { ...frame, limits }
    return { ...frame, limits: { ...limits, pageRows: 20 }, features: frame.features.filter((name) => name !== 'after') }
  }
  const { tampering } = standing
  if (!tampering || (frame.type !== 'opened' && frame.type !== 'page')) return frame
  const changed = tampered(frame, tampering, truth.now(frame.conversation))
  if (!changed) return frame
  journal.fired(tamperings[tampering])
  standing.tampering = undefined
  return changed
}
