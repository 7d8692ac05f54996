/** Answers of `open` as servers give them that lag, or that lose a part on the way: a client must see through them. */
import type { Opened, ServerFrame } from '../../protocol/frames.js'
import type { Line } from './oracle/truth.js'

/** `late`: it begins after the place that was asked for. `old`: a message that has not changed comes along in an earlier state. `hole`: a page lacks a message. */
export type Tampering = 'late' | 'old' | 'hole'

/** The tampered frame, or null where this one does not lend itself to it. */
export function tampered(frame: ServerFrame, how: Tampering, line: Line | undefined): ServerFrame | null {
  if (how === 'hole') return withHole(frame)
  if (frame.type !== 'opened' || frame.reset !== undefined || line?.epoch !== frame.epoch) return null
  return how === 'late' ? begunLate(frame) : withOldRow(frame, line)
}

function begunLate(frame: Opened): Opened | null {
  if (frame.rows.length < 2) return null
  const from = frame.from + 1
  return { ...frame, from, rows: frame.rows.filter(({ rev }) => rev > from), own: frame.own.filter(({ seq }) => seq > from) }
}

/** The newest message that its reader sees and that was revised, for the last time before what was asked for: whoever stands there knows better. */
function withOldRow(frame: Opened, { places, states }: Line): Opened | null {
  const place = places.findLast((seq) => {
    const known = states.get(seq) ?? []
    const isSeen = seq > frame.floor && !frame.hidden.some(({ from, to }) => seq >= from && seq <= to)
    return isSeen && known.length > 1 && (known.at(-1)?.rev ?? 0) <= frame.from
  })
  const old = place === undefined ? undefined : states.get(place)?.[0]
  return old ? { ...frame, rows: [old, ...frame.rows] } : null
}

function withHole(frame: ServerFrame): ServerFrame | null {
  const isPage = frame.type === 'page' || (frame.type === 'opened' && frame.reset !== undefined)
  if (!isPage || frame.rows.length < 3) return null
  return { ...frame, rows: frame.rows.toSpliced(frame.rows.length >> 1, 1) }
}
