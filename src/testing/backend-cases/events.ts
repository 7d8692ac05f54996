/** §16 Server-sent events, as far as it promises more than the rest of the page: statuses, the stream, one that goes on, single POSTs. */
import * as limits from '../../protocol/limits.js'
import { bearer } from '../event-stream.js'
import type { EventStream } from './event-door.js'
import type { BackendCase, Ground } from './ground.js'
import { operation } from './guest.js'
import { check, isSame, like, same } from './unmet.js'

const badFrame = '4002'
/** §16.4: as many characters carry 96 bits, if each carries 6. */
const idChars = 16
/** §16.4: 2 KiB, give or take what is left of the line. */
const paddingChars = 2_000
/** Less than the 256 KiB of §16.5, by what is around the content. */
const keptBytes = 200_000
const ping = (n: number) => ({ type: 'ping', n })
const nobody = 'nobody-has-this-link'

const asks = (paragraph: string, name: string, run: BackendCase['run'], more: Partial<BackendCase> = { core: true }): BackendCase => ({
  paragraph,
  name,
  door: 'sse',
  run,
  ...more,
})

/** A link of Ann, said hello, without a token in it. */
async function enter(ground: Ground, user = ground.ann): Promise<EventStream> {
  const { token, ...hello } = ground.hello(user)
  const stream = await ground.events.stream(bearer(token))
  const status = await ground.events.post(stream.link, hello)
  same(status, 204, 'the status of a POST with hello')
  await stream.until('a welcome', () => stream.frames().some(({ type }) => type === 'welcome'))
  return stream
}

const hasPong = (stream: EventStream, n: number) => () => stream.frames().some((frame) => frame.type === 'pong' && frame.n === n)
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)
const numbersOf = ({ events }: EventStream) => events.flatMap(({ event, id }) => (event === undefined ? [id] : []))
const goOn = (ground: Ground, { link }: EventStream, after: string) =>
  ground.events.stream({ 'chatloom-link': link, 'last-event-id': after })

/** Pings are answered on the stream, one event each at least. */
async function pinged(ground: Ground, stream: EventStream, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    same(await ground.events.post(stream.link, ping(n)), 204, `the status of POST ${n}`)
    await stream.until(`a pong ${n}`, hasPong(stream, n))
  }
}

/** A POST that ends its link: by this status, and by `close` on the stream. */
async function endsBy(ground: Ground, stream: EventStream, body: string, status: number): Promise<void> {
  same(await ground.events.post(stream.link, body), status, 'the status')
  await closed(stream)
  same(await ground.events.post(stream.link, ping(1)), 410, 'the status of a POST after the end')
}

async function closed(stream: EventStream): Promise<void> {
  await stream.until('a close event', () => stream.events.some(({ event }) => event === 'close'))
  await stream.ended('the end of the stream after close')
  like(stream.events.at(-1) ?? {}, { event: 'close', data: badFrame } as object, 'the last event')
}

/** The answer to who shows this token: a status, and not a stream. */
async function unauthorized(ground: Ground, token: string | undefined, codes: readonly string[]): Promise<void> {
  const answer = await ground.events.ask('GET', { accept: 'text/event-stream', ...bearer(token) })
  same(answer.status, 401, 'the status')
  const body: unknown = await answer.json().catch(() => 'no JSON')
  check(
    codes.some((code) => isSame((body as { code?: unknown } | null)?.code, code)),
    `the code ${codes.join(' or ')}`,
    body,
  )
}

const origin = { origin: 'https://app.example' }

export const eventCases: readonly BackendCase[] = [
  asks('16.2', 'goes by the token of the request, and asks for none in hello', async (ground) => {
    const [welcome] = (await enter(ground)).frames()
    like(welcome ?? {}, { type: 'welcome', user: ground.ann } as object, 'the first frame')
  }),
  asks('16.2', 'ignores a token in hello', async (ground) => {
    const stream = await ground.events.stream(bearer(ground.hello(ground.ann).token))
    const { token } = ground.hello(ground.bob)
    await ground.events.post(stream.link, ground.hello(ground.ann, { token }))
    await stream.until('a welcome', () => stream.frames().some(({ type }) => type === 'welcome'))
  }),
  asks('16.3', 'answers who shows no token by 401, before a stream', (ground) => unauthorized(ground, undefined, ['unauthorized'])),
  asks('16.3', 'answers a wrong token by 401', (ground) => unauthorized(ground, ground.badTokens.wrong, ['unauthorized']), {
    needs: ['wrong'],
  }),
  asks(
    '16.3',
    'answers a token whose time is over by 401',
    (ground) => unauthorized(ground, ground.badTokens.expired, ['token-expired', 'unauthorized']),
    { needs: ['expired'] },
  ),
  asks('16.4', 'asks everything between not to keep, change or hold back the stream', async (ground) => {
    const { headers } = await enter(ground)
    const kept = headers.get('cache-control') ?? 'nothing'
    check(/\bno-store\b/.test(kept) && /\bno-transform\b/.test(kept), 'Cache-Control: no-store, no-transform', kept)
    same(headers.get('x-accel-buffering'), 'no', 'X-Accel-Buffering')
  }),
  asks('16.4', 'begins with a comment of 2 KiB, and the name of the link', async (ground) => {
    const { comments } = await enter(ground)
    check((comments[0]?.length ?? 0) >= paddingChars, 'a comment of 2 KiB', `${comments[0]?.length ?? 0} characters`)
  }),
  asks('16.4', 'gives every link an id of its own that nobody guesses', async (ground) => {
    const ids = [(await enter(ground)).link, (await enter(ground)).link]
    check(
      ids.every((id) => id.length >= idChars),
      `ids of ${idChars} characters and more`,
      ids,
    )
    check(ids[0] !== ids[1], 'two ids', ids)
  }),
  asks('16.4', 'numbers its texts 1, 2, 3, …', async (ground) => {
    const stream = await enter(ground)
    await pinged(ground, stream, 1, 5)
    const told = numbersOf(stream)
    check(told.length >= 6, 'an event for each of six answers', told)
    same(told, numbers(1, told.length), 'the ids of the events')
  }),
  asks('16.4', 'ends a link by a close event with the code, and the end of the stream', async (ground) => {
    const stream = await enter(ground)
    await ground.events.post(stream.link, '{')
    await closed(stream)
  }),
  asks('16.5', 'goes on after the last event, once each and in order, though there was no stream for a while', async (ground) => {
    const first = await enter(ground)
    await pinged(ground, first, 1, 3)
    const last = first.last()
    first.break()
    // Only a POST without Last-Event-ID: nothing is let go of.
    for (const n of [4, 5, 6]) same(await ground.events.post(first.link, ping(n)), 204, 'the status of a POST while there is no stream')
    const second = await goOn(ground, first, last)
    same(second.link, first.link, 'the id of the link')
    await pinged(ground, second, 7, 8)
    const told = numbersOf(second)
    same(told, numbers(Number(last) + 1, Number(last) + told.length), 'the ids of the events')
    const pongs = second.frames().flatMap((frame) => (frame.type === 'pong' ? [frame.n] : []))
    same(pongs, [4, 5, 6, 7, 8], 'the pongs of the second stream')
  }),
  asks('16.5', 'tells again what came after the number that the client names', async (ground) => {
    const first = await enter(ground)
    await pinged(ground, first, 1, 3)
    const second = await goOn(ground, first, '1')
    await second.until('a pong 3', hasPong(second, 3))
    same(second.events.slice(1), first.events.slice(2, second.events.length + 1), 'the events after the first')
  }),
  asks('16.5', 'ends the stream that another of its link follows', async (ground) => {
    const first = await enter(ground)
    const second = await goOn(ground, first, first.last())
    await first.ended('the end of the first stream')
    await pinged(ground, second, 1, 1)
  }),
  asks(
    '16.5',
    'keeps 200 KiB for a stream that comes back',
    async (ground) => {
      const stream = await enter(ground)
      const conversation = await ground.conversation()
      await ground.events.post(stream.link, { type: 'open', request: 1, conversation })
      await stream.until('an opened', () => stream.frames().some(({ type }) => type === 'opened'))
      const last = stream.last()
      const bob = await ground.enter(ground.bob)
      const bytes = Math.min(bob.welcome.limits.contentBytes - 100, keptBytes / 7)
      stream.break()
      const seqs: number[] = []
      while (seqs.length * bytes < keptBytes) seqs.push((await bob.send(conversation, 'x'.repeat(bytes))).seq)
      const again = await goOn(ground, stream, last)
      const changes = () =>
        again.frames().flatMap((frame) => (frame.type === 'change' && frame.change.kind === 'message' ? [frame.seq] : []))
      await again.until(`the change ${seqs.at(-1)}`, () => changes().includes(seqs.at(-1) ?? 0))
      same(changes(), seqs, 'the seqs of the changes')
    },
    { core: true, features: ['echo'] },
  ),
  asks('16.5', 'answers 410 to a number that it never told, and the link is over', async (ground) => {
    const stream = await enter(ground)
    const headers = { accept: 'text/event-stream', 'chatloom-link': stream.link, 'last-event-id': `${Number(stream.last()) + 1_000}` }
    same((await ground.events.ask('GET', headers)).status, 410, 'the status')
    same(await ground.events.post(stream.link, ping(1)), 410, 'the status of a POST after it')
  }),
  asks('16.5', 'answers 410 to who asks for the stream of a link that is over, or never was', async (ground) => {
    const stream = await enter(ground)
    await ground.events.post(stream.link, '{')
    await closed(stream)
    for (const link of [stream.link, nobody]) {
      const headers = { accept: 'text/event-stream', 'chatloom-link': link, 'last-event-id': '0' }
      same((await ground.events.ask('GET', headers)).status, 410, 'the status')
    }
  }),
  asks('16.6', 'answers 400 to what cannot be read, and 410 from then on', async (ground) => {
    await endsBy(ground, await enter(ground), '{"type":', 400)
  }),
  asks('16.6', 'answers 413 to more than 64 KiB, and 410 from then on', async (ground) => {
    await endsBy(ground, await enter(ground), JSON.stringify(ping(1)).padEnd(limits.clientFrameBytes + 1), 413)
  }),
  asks('16.6', 'answers 410 to a POST for a link that is not there', async (ground) => {
    same(await ground.events.post(nobody, ping(1)), 410, 'the status')
  }),
  asks('16.6', 'takes a list of frames in its order', async (ground) => {
    const stream = await enter(ground)
    const conversation = await ground.conversation()
    const asked = [operation(conversation, ground.id()), operation(conversation, ground.id())]
    same(await ground.events.post(stream.link, JSON.stringify([...asked, ping(1)])), 204, 'the status')
    const acked = () => stream.frames().flatMap((frame) => (frame.type === 'ack' ? [frame.localId] : []))
    await stream.until('two acks', () => acked().length === 2)
    same(
      acked(),
      asked.map(({ localId }) => localId),
      'the local ids of the acks',
    )
  }),
  asks('16.6', 'answers 400 at once to a second POST at the same time, and the link is over', async (ground) => {
    const stream = await enter(ground)
    const endless = new ReadableStream<Uint8Array>({ start: (body) => body.enqueue(new TextEncoder().encode('{"type":')) })
    void ground.events.ask('POST', { 'chatloom-link': stream.link }, endless).catch(() => {})
    // The first is on its way, nobody knows how far.
    let status = 204
    for (let n = 1; status === 204 && n <= 100; n++) status = await ground.events.post(stream.link, ping(n))
    same(status, 400, 'the status of a POST while another had not ended')
    await closed(stream)
  }),
  asks('16.8', 'tells pages of other origins what they may send, and lets them read every answer', async (ground) => {
    const preflight = { ...origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'chatloom-link' }
    const leave = await ground.events.ask('OPTIONS', preflight)
    if (leave.status === 403) ground.skip(`the origin ${origin.origin} may not come in`)
    const allowed = (leave.headers.get('access-control-allow-headers') ?? 'nothing').toLowerCase().split(/, */)
    for (const name of ['authorization', 'chatloom-link', 'content-type', 'last-event-id'])
      check(allowed.includes(name), `${name} in Access-Control-Allow-Headers`, allowed)
    const answers = [
      await ground.events.ask('GET', { ...origin, accept: 'text/event-stream' }),
      await ground.events.ask('POST', { ...origin, 'chatloom-link': nobody }, '{}'),
    ]
    for (const { status, headers } of [leave, ...answers]) {
      const named = headers.get('access-control-allow-origin')
      check(named === origin.origin || named === '*', `Access-Control-Allow-Origin in the answer ${status}`, named)
      check(
        /\bretry-after\b/i.test(headers.get('access-control-expose-headers') ?? ''),
        `Access-Control-Expose-Headers: Retry-After in the answer ${status}`,
        headers.get('access-control-expose-headers'),
      )
    }
  }),
]
