/** The faults that every transport is put through, and what users must see while each lasts. */
import type { MockTransport, Which } from '../../src/transports/mock/index.js'
import { type FrameFaultName, type FrameFaults, seeded, type TcpFaultName, type TcpFaults } from '../../src/testing/index.js'

export interface Script {
  readonly name: string
  /** `arrives`: everything reaches everybody although the fault lasts. `waits`: the session is seen to wait, and all arrives once it is healed. */
  readonly meanwhile: 'arrives' | 'waits'
  /** How far messages come at least while the fault lasts, where that is less than without it. */
  readonly least?: 'sent'
  readonly tcp?: TcpFaults
  readonly frames?: FrameFaults
  /** The same over numbered events, where a text too many or too few ends the link: as often as lets links do something before. */
  readonly numbered?: FrameFaults
  /** What stands is cut as the fault begins. */
  readonly cut?: 'close' | 'reset'
  /** Texts said by nobody. */
  readonly inject?: readonly (readonly [text: string, direction: 'up' | 'down'])[]
  /** The counter that must rise. */
  readonly counts: TcpFaultName | FrameFaultName
  /** The same over the mock, whose frames are neither bytes nor texts; absent where it has nothing like it. `count` where the fault fires. */
  readonly mock?: (mock: MockTransport, count: () => void) => void
}

/** A share of the frames that `among` picks, counted. */
function some(share: number, count: () => void, among: Which = () => true): Which {
  const roll = seeded(1)
  return (frame) => {
    const isHit = among(frame) && roll() < share
    if (isHit) count()
    return isHit
  }
}

const ups = new Set(['hello', 'open', 'history', 'operation', 'receipt', 'ping'])
const isUp: Which = ({ type }) => ups.has(type)
const isDown: Which = ({ type }) => !ups.has(type)

const forged = JSON.stringify({ type: 'ack', conversation: 'c', localId: 'nobody', epoch: 'none', try: 1, seq: 1 })
const unknown = JSON.stringify({ type: 'weather', rain: true })

export const scripts: readonly Script[] = [
  // What new connections meet.
  { name: 'nobody listens', meanwhile: 'waits', tcp: { connect: 'refuse' }, cut: 'close', counts: 'refuse' },
  { name: 'connections are accepted and never answered', meanwhile: 'waits', tcp: { connect: 'hang' }, cut: 'close', counts: 'hang' },
  { name: 'connections are accepted and ended', meanwhile: 'waits', tcp: { connect: 'close' }, cut: 'close', counts: 'close' },
  { name: 'connections are accepted and reset', meanwhile: 'waits', tcp: { connect: 'reset' }, cut: 'reset', counts: 'reset' },
  { name: 'a captive portal answers', meanwhile: 'waits', frames: { portal: true }, cut: 'close', counts: 'portal' },
  {
    name: 'answers are held back until they end',
    meanwhile: 'waits',
    frames: { over: 'http', bufferBytes: Number.POSITIVE_INFINITY },
    cut: 'close',
    counts: 'buffer',
  },
  // What standing connections meet.
  {
    name: 'connections end once',
    meanwhile: 'arrives',
    cut: 'close',
    counts: 'cut',
    mock(mock, count) {
      mock.disconnect()
      count()
    },
  },
  { name: 'connections are reset once', meanwhile: 'arrives', cut: 'reset', counts: 'cut' },
  {
    name: 'the server hears nothing more',
    meanwhile: 'waits',
    tcp: { direction: 'up', halfOpen: true },
    counts: 'halfOpen',
    mock: (mock, count) => mock.drop(some(1, count, isUp)),
  },
  {
    name: 'the client hears nothing more',
    meanwhile: 'waits',
    tcp: { direction: 'down', halfOpen: true },
    counts: 'halfOpen',
    mock: (mock, count) => mock.drop(some(1, count, isDown)),
  },
  {
    name: 'nobody hears anything',
    meanwhile: 'waits',
    tcp: { halfOpen: true },
    counts: 'halfOpen',
    mock: (mock, count) => mock.drop(some(1, count)),
  },
  { name: 'idle connections end', meanwhile: 'arrives', tcp: { idleMs: 40 }, counts: 'idle' },
  // What bytes meet.
  {
    name: 'everything takes a long way',
    meanwhile: 'arrives',
    tcp: { latencyMs: 60 },
    counts: 'latency',
    mock(mock, count) {
      mock.delay(1_000)
      count()
    },
  },
  { name: 'the line is thin', meanwhile: 'arrives', tcp: { bytesPerSecond: 60_000 }, counts: 'bandwidth' },
  { name: 'bytes come in slices', meanwhile: 'arrives', tcp: { sliceBytes: 7 }, counts: 'slice' },
  { name: 'what the client says is cut off', meanwhile: 'waits', tcp: { direction: 'up', truncateBytes: 700 }, counts: 'truncate' },
  { name: 'what the server says is cut off', meanwhile: 'waits', tcp: { direction: 'down', truncateBytes: 900 }, counts: 'truncate' },
  // What single texts meet.
  {
    name: 'texts to the server are lost',
    meanwhile: 'arrives',
    frames: { direction: 'up', drop: 0.3 },
    counts: 'drop',
    mock: (mock, count) => mock.drop(some(0.2, count, isUp)),
  },
  {
    name: 'texts to the client are lost',
    meanwhile: 'arrives',
    // Watermarks of others that are lost on a living link come with the next mark, or on the next link.
    least: 'sent',
    frames: { direction: 'down', drop: 0.3 },
    numbered: { direction: 'down', drop: 0.1 },
    counts: 'drop',
    mock: (mock, count) => mock.drop(some(0.2, count, isDown)),
  },
  {
    name: 'changes are lost',
    meanwhile: 'arrives',
    least: 'sent',
    frames: { direction: 'down', drop: 0.5, which: (text) => text.includes('"type":"change"') },
    counts: 'drop',
    mock: (mock, count) => mock.drop(some(0.5, count, ({ type }) => type === 'change')),
  },
  {
    name: 'acknowledgements are lost',
    meanwhile: 'arrives',
    frames: { direction: 'down', drop: 1, which: (text) => text.includes('"type":"ack"') },
    counts: 'drop',
    mock: (mock, count) => mock.drop(some(1, count, ({ type }) => type === 'ack')),
  },
  {
    name: 'texts to the server come twice',
    meanwhile: 'arrives',
    frames: { direction: 'up', duplicate: 1, which: (text) => !text.includes('"type":"hello"') },
    counts: 'duplicate',
    mock: (mock, count) => mock.duplicate(some(1, count, (frame) => isUp(frame) && frame.type !== 'hello')),
  },
  {
    name: 'texts to the client come twice',
    meanwhile: 'arrives',
    frames: { direction: 'down', duplicate: 1 },
    numbered: { direction: 'down', duplicate: 0.1 },
    counts: 'duplicate',
    mock: (mock, count) => mock.duplicate(some(1, count, isDown)),
  },
  {
    name: 'texts to the server overtake each other',
    meanwhile: 'arrives',
    frames: { direction: 'up', reorder: 0.4, which: (text) => !text.includes('"type":"hello"') },
    counts: 'reorder',
    mock: (mock, count) => mock.reorder(some(0.4, count, ({ type }) => type === 'operation')),
  },
  {
    name: 'texts to the client overtake each other',
    meanwhile: 'arrives',
    frames: { direction: 'down', reorder: 0.4 },
    counts: 'reorder',
    mock: (mock, count) => mock.reorder(some(0.4, count, ({ type }) => type === 'change' || type === 'ack')),
  },
  { name: 'texts to the server are damaged', meanwhile: 'arrives', frames: { direction: 'up', corrupt: 0.1 }, counts: 'corrupt' },
  { name: 'texts to the client are damaged', meanwhile: 'arrives', frames: { direction: 'down', corrupt: 0.1 }, counts: 'corrupt' },
  { name: 'somebody says what is no frame', meanwhile: 'arrives', inject: [['<html>', 'down']], counts: 'inject' },
  { name: 'somebody says what is no frame to the server', meanwhile: 'arrives', inject: [['<html>', 'up']], counts: 'inject' },
  {
    name: 'somebody says frames that nobody knows',
    meanwhile: 'arrives',
    inject: [
      [unknown, 'down'],
      [unknown, 'up'],
      [forged, 'down'],
    ],
    counts: 'inject',
  },
]
