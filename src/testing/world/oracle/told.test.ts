/** What a follower may be told after what. */
import { describe, expect, it } from 'vitest'
import type { ServerFrame } from '../../../protocol/frames.js'
import type { Journal } from '../journal.js'
import { following } from './told.js'

const opened = (head: number, epoch = 'e') => ({ type: 'opened', conversation: 'c', epoch, head })
const head = (seq: number, epoch = 'e') => ({ type: 'head', heads: [{ conversation: 'c', epoch, seq }] })
const change = (seq: number, epoch = 'e') => ({ type: 'change', conversation: 'c', epoch, seq })

function breachIn(frames: readonly object[]): string | undefined {
  const said: string[] = []
  const journal = { broken: (_: string, what: string) => said.push(what) } as Partial<Journal> as Journal
  const heard = following(journal, 'ann')
  for (const frame of frames) heard.told(frame as ServerFrame)
  return said[0]
}

describe('what a follower is told (L4)', () => {
  it.each([
    ['the next change', [opened(3), change(4), change(5)]],
    ['a later one, once it was told of a head for which it has to ask', [opened(3), head(5), change(6)]],
    ['a later one after the head of another log, for which it has to ask', [opened(5), head(4, 'f'), change(7)]],
    ['one of another log', [opened(3), change(9, 'f')]],
    ['the next one after a head that it has, and an answer that was read earlier', [opened(5), head(4), opened(3), change(6)]],
  ])('%s is right', (_, frames) => expect(breachIn(frames)).toBeUndefined())

  it.each([
    ['a later change', [opened(3), change(5)]],
    ['a later one, where it has the head that it was told of', [opened(3), head(3), change(5)]],
  ])('%s is a hole', (_, frames) => expect(breachIn(frames)).toBe('ann in c is told of 5 after 3'))
})
