/** One connection of a case: what it says, what it hears, and waiting for it. The deadline is the only timer. */
import { decodeServerFrames } from '../../protocol/codec.js'
import type { ClientFrame, MessageRow, Opened, Page, Position, ServerFrame, Welcome } from '../../protocol/frames.js'
import * as limits from '../../protocol/limits.js'
import { serverFrame } from '../../protocol/schemas.js'
import type { Dialer, Wire, WireEnd } from '../dialer.js'
import { brief, check, UnmetError } from './unmet.js'

export type FrameOf<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>
export type Hello = Extract<ClientFrame, { type: 'hello' }>
export type OperationFrame = Extract<ClientFrame, { type: 'operation' }>
export type Ack = FrameOf<'ack'>
type Anchor = Extract<ClientFrame, { type: 'history' }>['anchor']

/** What was said and heard last, for the message of a failure. */
export interface Trace {
  said: string
}

export interface Guest {
  readonly user: string
  /** Every frame so far, in order. */
  readonly heard: readonly ServerFrame[]
  welcome: Welcome
  say(...frames: readonly (ClientFrame | object)[]): void
  /** Says one text as it is. */
  raw(text: string): void
  /** Absent where the door carries texts alone. */
  readonly binary: ((bytes: Uint8Array) => void) | undefined
  /** The earliest frame of this type that `fits` and that no `next` gave before. `expected` completes "expected …". */
  next<T extends ServerFrame['type']>(type: T, expected?: string, fits?: (frame: FrameOf<T>) => boolean): Promise<FrameOf<T>>
  /** The answer to a request, `failed` too. */
  ask(frame: object): Promise<ServerFrame>
  open(conversation: string, position?: Position): Promise<Opened>
  page(conversation: string, epoch: string, anchor: Anchor, limit: number, atLeast?: number): Promise<Page>
  /** Sends a message and gives its `ack`. */
  send(conversation: string, content?: unknown, more?: Partial<OperationFrame>): Promise<Placed>
  /** Everything that was owed before now has come: a `ping` was answered. */
  settle(): Promise<void>
  /** The code of `refused`, or of what stands for it at a door that refuses before any frame. */
  refusal(expected: string): Promise<string>
  /** How the server closed it. */
  ended(expected: string): Promise<WireEnd>
  /** Still carries frames. */
  lives(why: string): Promise<void>
  close(): Promise<void>
}

/** An acknowledged message. */
export interface Placed extends Ack {
  readonly seq: number
}

export interface GuestParts {
  readonly dialer: Dialer
  readonly deadlineMs: number
  readonly trace: Trace
  readonly id: () => string
}

/** Dials; nothing is said yet. */
export async function dialGuest(parts: GuestParts, user: string, token: string | undefined): Promise<Guest> {
  const ear = listen(parts.deadlineMs)
  const wire = await parts.dialer.dial(ear, token)
  return { ...speech(parts, wire, ear), user, heard: ear.heard, welcome: noWelcome }
}

const noWelcome = { type: 'welcome' } as Welcome

interface Ear {
  readonly heard: ServerFrame[]
  text(text: string): void
  closed(end: WireEnd): void
  /** The earliest frame that fits and was not taken before. */
  take(expected: string, fits: (frame: ServerFrame) => boolean): Promise<ServerFrame>
  refusal(expected: string): Promise<string>
  ended(expected: string): Promise<WireEnd>
}

/** Collects what is told. A text that no client could read fails whoever waits. */
function listen(deadlineMs: number): Ear {
  const heard: ServerFrame[] = []
  const taken = new Set<ServerFrame>()
  const waits = new Set<() => void>()
  let end: WireEnd | undefined
  let unreadable: UnmetError | undefined
  const hasEnded = () => end !== undefined
  const never = () => false
  const wake = () => {
    for (const wait of [...waits]) wait()
  }

  /** Resolves with what `find` finds, or fails by the deadline, and at once where `isOver`. */
  function until<T>(find: () => T | undefined, isOver: () => boolean, expected: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer)
        waits.delete(look)
      }
      const miss = (how: string) => reject(new UnmetError(expected, `${how}; it heard ${recent(heard, end)}`))
      const look = () => {
        const found = unreadable ? undefined : find()
        if (found === undefined && !unreadable && !isOver()) return
        finish()
        if (unreadable) reject(unreadable)
        else if (found !== undefined) resolve(found)
        else miss('the link ended')
      }
      const timer = setTimeout(() => {
        finish()
        miss(`nothing of the kind came in ${deadlineMs} ms`)
      }, deadlineMs)
      waits.add(look)
      look()
    })
  }

  return {
    heard,
    text(text) {
      const read = decodeServerFrames(text)
      const tooLong = Buffer.byteLength(text) > limits.serverFrameBytes
      if (read.ok && !tooLong) heard.push(...read.frames)
      else
        unreadable ??= new UnmetError(
          'texts of at most 512 KiB with frames as in the tables of §11',
          `${read.ok ? 'one was longer' : wrongField(text)}: ${brief(text)}`,
        )
      wake()
    },
    closed(told) {
      end ??= told
      wake()
    },
    async take(expected, fits) {
      const found = await until(() => heard.find((one) => !taken.has(one) && fits(one)), hasEnded, expected)
      taken.add(found)
      return found
    },
    refusal: (expected) => until(() => heard.find((frame) => frame.type === 'refused')?.code ?? end?.refused, hasEnded, expected),
    ended: (expected) => until(() => end, never, expected),
  }
}

/** What is wrong with a text of a server, by the schemas: they name the field where the guards only say no. */
function wrongField(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    for (const frame of Array.isArray(value) ? value : [value]) {
      const { error } = serverFrame.safeParse(frame)
      if (error) return `the ${String(frame?.type)} frame has a wrong field ${error.issues[0]?.path.join('.') ?? ''}`
    }
    return 'it cannot be read'
  } catch {
    return 'it is no JSON'
  }
}

function recent(heard: readonly ServerFrame[], end: WireEnd | undefined): string {
  const last = heard.slice(-3).map((frame) => brief(frame))
  if (end) last.push(`and was closed ${end.code ?? 'without a code'} ${end.words}`.trim())
  return last.join(', ') || 'nothing'
}

function speech({ trace, id }: GuestParts, wire: Wire, { take, refusal, ended }: Ear): Omit<Guest, 'user' | 'heard' | 'welcome'> {
  let requests = 0
  let pings = 1_000_000
  const raw = (text: string) => {
    trace.said = text
    wire.send(text)
  }
  const say = (...frames: readonly object[]) => raw(JSON.stringify(frames.length === 1 ? frames[0] : frames))
  const next: Guest['next'] = async (type, expected = `a ${type} frame`, fits = () => true) =>
    (await take(expected, (one) => one.type === type && fits(one as FrameOf<typeof type>))) as FrameOf<typeof type>
  const ask = (frame: object) => {
    const request = ++requests
    say({ ...frame, request })
    return take(`the answer to request ${request}`, (one) => answers.has(one.type) && 'request' in one && one.request === request)
  }
  const answered = async <T extends ServerFrame['type']>(type: T, frame: object): Promise<FrameOf<T>> => {
    const answer = await ask(frame)
    check(answer.type === type, `the answer ${type}`, answer)
    return answer as FrameOf<T>
  }
  const ping = async (expected: string) => {
    const n = ++pings
    wire.send(JSON.stringify({ type: 'ping', n }))
    await next('pong', expected, (pong) => pong.n === n)
  }
  return {
    say,
    raw,
    next,
    refusal,
    ended,
    binary:
      wire.sendBinary &&
      ((bytes) => {
        trace.said = `${bytes.length} bytes as a binary message`
        wire.sendBinary?.(bytes)
      }),
    ask,
    open: (conversation, position) => answered('opened', { type: 'open', conversation, position }),
    page: (conversation, epoch, anchor, limit, atLeast) =>
      answered('page', { type: 'history', conversation, epoch, anchor, limit, atLeast }),
    async send(conversation, content = 'hello', more = {}) {
      const frame = operation(conversation, id(), { kind: 'send', content }, more)
      say(frame)
      const ack = await next('ack', `an ack of ${frame.localId}`, (one) => one.localId === frame.localId)
      check(ack.seq !== undefined, 'an ack with the seq of the message', ack)
      return { ...ack, seq: ack.seq }
    },
    settle: () => ping('a pong for a ping'),
    lives: (why) => ping(`the link to live on: ${why}`),
    async close() {
      wire.close()
      await ended('the end of a link that was closed from here')
    },
  }
}

const answers = new Set(['opened', 'page', 'inbox', 'failed'])

export function operation(
  conversation: string,
  localId: string,
  asked: OperationFrame['operation'] = { kind: 'send', content: localId },
  more: Partial<OperationFrame> = {},
): OperationFrame {
  return { type: 'operation', conversation, localId, try: 1, operation: asked, ...more }
}

/** The messages among the changes heard of a conversation, in the order heard. */
export function messagesHeard(guest: Pick<Guest, 'heard'>, conversation: string): readonly MessageRow[] {
  return changesHeard(guest, conversation).flatMap(({ change }) => (change.kind === 'message' ? [change.message] : []))
}

export function changesHeard({ heard }: Pick<Guest, 'heard'>, conversation: string): readonly FrameOf<'change'>[] {
  return heard.filter((frame): frame is FrameOf<'change'> => frame.type === 'change' && frame.conversation === conversation)
}
