/** The schemas are the definition: the written types and the hot guards must say the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { ClientFrame, ServerFrame } from './frames.js'
import type * as schemas from './schemas.js'
import { serverFrame } from './schemas.js'
import { readServerFrame } from './server-frames.js'

type Mutable<T> = T extends string ? T : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : { missing: Exclude<B, A> }) : { extra: Exclude<A, B> }
type KeysOf<T> = T extends T ? keyof T : never

// A difference is a type error on one of these lines.
const serverSame: Same<z.output<typeof schemas.serverFrame>, Mutable<ServerFrame>> = true
const serverKeys: Same<KeysOf<z.output<typeof schemas.serverFrame>>, KeysOf<ServerFrame>> = true
const clientSame: Same<z.output<typeof schemas.clientFrame>, Mutable<ClientFrame>> = true
const clientKeys: Same<KeysOf<z.output<typeof schemas.clientFrame>>, KeysOf<ClientFrame>> = true

const id = fc.oneof(fc.string({ minLength: 1, maxLength: 8 }), fc.constantFrom('語', '\u{1f600}', '\u0000'))
const tag = fc.oneof(id, fc.constant(''))
const count = fc.nat()
const time = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }))
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 2 })
const bool = fc.boolean()
const profile = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 })
const content = fc.jsonValue({ maxDepth: 2 })
const row = fc.record(
  { id, seq: count, index: count, rev: count, at: time, author: id, localId: id, content, deleted: fc.constant(true as const) },
  { requiredKeys: ['id', 'seq', 'index', 'rev', 'at', 'author'] },
)
const person = fc.record({ user: id, profile })
const mark = fc.record(
  { user: id, delivered: count, read: count, marked: fc.record({ at: count, rev: count }) },
  { requiredKeys: ['user', 'delivered', 'read'] },
)
const head = fc.record({ conversation: id, epoch: id, seq: count })
const unread = fc.record({ count, more: bool })
const type = <T extends string>(name: T) => fc.constant(name)
const place = { conversation: id, epoch: id }
const change = fc.oneof(
  fc.record({ kind: type('message'), message: row }),
  fc.record({ kind: type('member'), user: id, joined: bool }),
  fc.record({ kind: type('profile'), profile }),
  fc.record({ kind: type('unknown'), raw: content }),
  fc.record({ kind: id }),
)
const inboxRow = fc.record(
  { ...place, rev: count, head: count, last: row, unread, read: count, profile, people: list(person) },
  { requiredKeys: ['conversation', 'epoch', 'rev', 'head', 'unread', 'read', 'profile', 'people'] },
)

const frames = {
  welcome: fc.record({
    type: type('welcome'),
    version: count,
    user: id,
    tenant: maybe(id),
    time,
    heartbeatMs: time,
    limits: fc.record({ followed: count, window: count, contentBytes: count, pageRows: count }),
    features: list(id),
  }),
  refused: fc.record({ type: type('refused'), code: id, retryAfterMs: maybe(time) }),
  opened: fc.record({
    type: type('opened'),
    request: count,
    ...place,
    reset: maybe(fc.constantFrom('first', 'epoch', 'newer')),
    from: count,
    to: count,
    tag,
    head: count,
    more: bool,
    floor: count,
    hidden: list(fc.record({ from: count, to: count, messages: count })),
    rows: list(row),
    own: list(fc.record({ localId: id, seq: count })),
    profile,
    memberCount: count,
    members: list(fc.record({ user: id, joined: count })),
    people: list(person),
    marks: list(mark),
    unread,
  }),
  page: fc.record({
    type: type('page'),
    request: count,
    ...place,
    asOf: count,
    from: count,
    to: count,
    rows: list(row),
    people: list(person),
  }),
  change: fc.record({ type: type('change'), ...place, seq: count, tag: id, change, people: maybe(list(person)) }),
  ack: fc.record({ type: type('ack'), ...place, localId: id, seq: maybe(count), message: maybe(row) }),
  reject: fc.record({ type: type('reject'), conversation: id, localId: id, try: count, code: id, final: bool, retryAfterMs: maybe(time) }),
  failed: fc.record({ type: type('failed'), request: count, code: id, retryAfterMs: maybe(time) }),
  left: fc.record({ type: type('left'), conversation: id, seq: count, why: id }),
  marks: fc.record({ type: type('marks'), ...place, marks: list(mark) }),
  typing: fc.record({ type: type('typing'), conversation: id, user: id, on: bool }),
  inbox: fc.record({
    type: type('inbox'),
    request: maybe(count),
    prev: maybe(id),
    next: id,
    more: bool,
    rows: list(inboxRow),
    gone: list(id),
  }),
  people: fc.record({ type: type('people'), people: list(person) }),
  head: fc.record({ type: type('head'), heads: list(head) }),
  pong: fc.record({ type: type('pong'), n: count, heads: list(head) }),
  drain: fc.record({ type: type('drain'), retryAfterMs: time }),
  unknown: fc.record({ type: type('unknown'), raw: content }),
} satisfies { [K in ServerFrame['type']]: fc.Arbitrary<object> }

const anyFrame = fc.oneof(...Object.values(frames))
const asWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const names = new Set<unknown>(Object.keys(frames))

/** What a reader by the schemas alone would say; `null` is an envelope that cannot be read. */
function readBySchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const frame = value as Record<string, unknown>
  if (typeof frame.type !== 'string') return null
  if (!names.has(frame.type) || (frame.type === 'unknown' && !('raw' in frame))) return { type: 'unknown', raw: value }
  const read = serverFrame.safeParse(value)
  return read.success ? read.data : null
}

/** Guards keep fields they do not know; the schemas drop them. */
function withoutUnknownFields(frame: ServerFrame | null): unknown {
  return frame === null ? null : serverFrame.parse(frame)
}

type Path = readonly (string | number)[]

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))]
}

function withChange(value: unknown, path: Path, put: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return put
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  if (rest.length === 0 && put === undefined) delete copy[key]
  else copy[key] = withChange(copy[key], rest, put)
  return copy
}

const wrong = fc.constantFrom<unknown>(
  undefined,
  null,
  -1,
  1.5,
  2 ** 53,
  1e300,
  '',
  '\ud800',
  'x\udc00y',
  '\udc00\ud800',
  '\u{1f600}',
  'x'.repeat(128),
  'x'.repeat(129),
  'x'.repeat(1_025),
  true,
  false,
  [],
  {},
  [null],
  { type: 'change' },
  'message',
  'unknown',
)

describe('schemas', () => {
  it.each([
    ['', false],
    ['a', true],
    ['\u{1f600}', true],
    ['\ud83d', false],
    ['a\ude00', false],
    ['x'.repeat(128), true],
    ['x'.repeat(129), false],
    ['\u{1f600}'.repeat(64), true],
    ['\u{1f600}'.repeat(65), false],
    [{ length: { valueOf: 1, toString: 1 } }, false],
  ])('and guards take %j for an id: %s', (text, right) => {
    const frame = { type: 'typing', conversation: text, user: 'ann', on: true }
    expect([serverFrame.safeParse(frame).success, readServerFrame(frame) !== null]).toEqual([right, right])
  })

  it('are the same as the written types', () => {
    expect([serverSame, serverKeys, clientSame, clientKeys]).toEqual([true, true, true, true])
  })

  it('accept every generated frame, and the guards return the very object', () => {
    fc.assert(
      fc.property(anyFrame, (generated) => {
        const frame = asWire(generated)
        const read = readServerFrame(frame)
        expect(withoutUnknownFields(read)).toEqual(readBySchema(frame))
        if (read?.type !== 'change' || read.change.kind !== 'unknown') expect(read).toBe(frame)
      }),
      { numRuns: 500 },
    )
  })

  it('agree with the guards about mutated frames', () => {
    const seen = { right: 0, wrong: 0 }
    const mutation = fc.tuple(anyFrame, fc.nat(), wrong, fc.nat(), wrong)
    fc.assert(
      fc.property(mutation, ([generated, at, put, againAt, putAgain]) => {
        const whole = asWire(generated)
        const paths = pathsOf(whole)
        const once = withChange(whole, paths[at % paths.length] ?? [], put)
        const again = pathsOf(once)
        const frame = againAt % 2 === 0 ? once : withChange(once, again[againAt % again.length] ?? [], putAgain)
        if (frame === undefined) return
        const wire = asWire(frame)
        const bySchema = readBySchema(wire)
        expect(withoutUnknownFields(readServerFrame(wire))).toEqual(bySchema)
        seen[bySchema === null ? 'wrong' : 'right']++
      }),
      { numRuns: 5_000 },
    )
    expect(Math.min(seen.right, seen.wrong)).toBeGreaterThan(500)
  })
})
