/** What is told of a change whose message its reader may not see. */
import { expect, it } from 'vitest'
import type { ServerFrame } from '../../protocol/frames.js'
import type { Follow } from './link.js'
import { asSeen } from './seen.js'

const follow = { floor: 2, hidden: [{ from: 5, to: 7, messages: 1 }] } as Partial<Follow> as Follow

const change = (place: number, seq: number): ServerFrame => ({
  type: 'change',
  conversation: 'c',
  epoch: 'e',
  seq,
  tag: 't',
  change: { kind: 'message', message: { id: 'm', seq: place, index: 1, rev: seq, at: 1, author: 'ghost', content: 'SECRET' } },
  people: [{ user: 'ghost', profile: { name: 'SECRET too' } }],
})

it.each([
  ['before they came', 2],
  ['while they were away', 5],
  ['at the end of that', 7],
])('a change to a message from %s keeps its place, and tells neither what nor who (R7)', (_, place) => {
  for (const seq of [place, 9]) {
    const told = asSeen(follow, change(place, seq))
    expect(told).toMatchObject({ type: 'change', conversation: 'c', epoch: 'e', seq, tag: 't', change: { kind: 'hidden' } })
    expect(JSON.stringify(told)).not.toMatch('SECRET|ghost')
  }
})

it.each([3, 4, 8])('one at %i is told as it is', (place) => {
  const frame = change(place, 9)
  expect(asSeen(follow, frame)).toBe(frame)
})
