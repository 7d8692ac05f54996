/** What a server that lags may say, and what none says. */
import { expect, it } from 'vitest'
import { openedFrame, row } from '../../../test/fakes/wire-frames.js'
import type { Line } from './oracle/truth.js'
import { tampered } from './tamper.js'

it('an old row comes along only of a message that the reader sees', () => {
  const states = new Map([1, 2].map((seq) => [seq, [row(seq), row(seq, { rev: seq + 2 })]]))
  const line = { epoch: 'e1', places: [1, 2], states } as Partial<Line> as Line
  const old = (more: object) => tampered(openedFrame(7, 4, 4, more), 'old', line)
  expect(old({})).toMatchObject({ rows: [{ seq: 2, rev: 2 }] })
  expect(old({ hidden: [{ from: 2, to: 3, messages: 1 }] })).toMatchObject({ rows: [{ seq: 1, rev: 1 }] })
  expect(old({ floor: 2 })).toBeNull()
})
