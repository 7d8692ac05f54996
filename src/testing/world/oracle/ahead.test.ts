/** What the oracle says of rows ahead of the log. */
import { describe, expect, it } from 'vitest'
import { drivenCore } from '../../../../test/fakes/driven-core.js'
import { live, openedFrame, requestOf, rows, said as saidAt } from '../../../../test/fakes/wire-frames.js'
import type { CombinatorFrame } from '../../../ports/transport.js'
import type { MessageRow } from '../../../protocol/frames.js'
import { journal } from '../journal.js'
import { aheadIn } from './ahead.js'
import { truthOf } from './truth.js'

const content = (text: string) => ({ text })
const name = (localId: string) => ({ conversation: 'c', author: 'ann', localId })
const provisional = (localId: string): CombinatorFrame => ({ type: 'provisional', ...name(localId), content: content(localId), at: 1 })
const withdrawn = (localId: string): CombinatorFrame => ({ type: 'withdrawn', ...name(localId) })
const change = (seq: number, localId: string) => saidAt(seq, { localId, content: content(localId) })

/** A client of two messages, of which ann has said `a` and `b` since. */
function watched() {
  const told = journal(false)
  const truth = truthOf(told, () => undefined)
  truth.conversation({ conversation: 'c', epoch: 'e1', head: 0, history: 'full' })
  const learn = ({ seq, change }: { readonly seq: number; readonly change: object }) => {
    truth.message('c', (change as { message: MessageRow }).message)
    truth.change('c', { seq, tag: `t${seq}`, message: seq })
  }
  for (const frame of [saidAt(1), saidAt(2)]) learn(frame)
  const said = new Map(['a', 'b'].map((localId) => [localId, { room: 'c', author: 'ann', content: content(localId) }]))
  const ahead = aheadIn({ journal: told, truth, said }, 'me01', 'me')
  const core = live(drivenCore({ conversations: 1 }), 2)
  const listeners = new Map<string, (told: object) => void>()
  const on = (kind: string, run: unknown) => {
    listeners.set(kind, run as (told: object) => void)
    return () => {}
  }
  ahead.listen({ chat: { on }, state: core.state })
  return {
    breach: () => told.breach()?.invariant,
    /** The combinator says it, and the client does as it is told. */
    hear(...frames: readonly CombinatorFrame[]) {
      for (const frame of frames) ahead.combined(frame)
      core.hear(...frames)
    },
    land(...frames: readonly ReturnType<typeof change>[]) {
      for (const frame of frames) {
        learn(frame)
        ahead.final(frame)
      }
      core.hear(...frames)
    },
    /** They stand in the log that is stored here. */
    cached(...frames: readonly ReturnType<typeof change>[]) {
      for (const frame of frames) learn(frame)
      core.hear(...frames)
    },
    /** The server has them, and of this client only the combinator has heard of it. */
    told(...frames: readonly ReturnType<typeof change>[]) {
      for (const frame of frames) {
        learn(frame)
        ahead.final(frame)
      }
    },
    /** The client takes in what the server had. */
    taken: (...frames: readonly ReturnType<typeof change>[]) => core.hear(...frames),
    /** An answer names them, of which the client takes nothing else. */
    named(isTold: boolean, ...frames: readonly ReturnType<typeof change>[]) {
      for (const frame of frames) learn(frame)
      const late = openedFrame(999, 2, 4, { rows: frames.map(({ change }) => (change as unknown as { message: MessageRow }).message) })
      if (isTold) ahead.final(late)
      core.hear(late)
    },
    /** The client shows them no more, and says nothing of it. */
    forget: () => core.hear(withdrawn('a'), withdrawn('b')),
    restored: (head: number) => truth.restored({ conversation: 'c', epoch: 'e2', head, history: 'full' }, [], false),
    /** By a new link, with the newest page of a log of `to`. */
    reset(from: number, to: number, epoch: string) {
      core.offline()
      core.wait(1_000)
      core.online()
      core.hear(openedFrame(requestOf(core, 'open'), from, to, { epoch, reset: 'epoch', rows: rows(from + 1, to) }))
    },
    /** For another. */
    letGo() {
      core.dispatch({ kind: 'unwatch', conversation: 'c' })
      core.dispatch({ kind: 'watch', conversation: 'd' })
      ahead.letGo('c')
    },
    /** Again, with what came in the same moment. */
    takeUp(...frames: readonly CombinatorFrame[]) {
      for (const frame of frames) ahead.combined(frame)
      core.dispatch({ kind: 'unwatch', conversation: 'd' })
      core.dispatch({ kind: 'watch', conversation: 'c' })
      core.hear(openedFrame(requestOf(core, 'open'), 2, 2), ...frames)
    },
    /** The list of a new link has it again. */
    back() {
      const row = { conversation: 'c', epoch: 'e1', rev: 1, head: 2, unread: { count: 0, more: false }, read: 0, profile: {}, people: [] }
      core.offline()
      core.wait(1_000)
      core.online()
      core.hear({ type: 'inbox', request: requestOf(core, 'inbox'), next: 'i', more: false, rows: [row], gone: [] })
      core.hear(openedFrame(requestOf(core, 'open'), 2, 2))
    },
    removed: (seq: number) => core.hear({ type: 'left', conversation: 'c', seq, why: 'removed' }),
    event: (kind: 'corrected' | 'withdrawn', localId: string) => {
      const message = { key: `3:ann${localId}`, author: 'ann' }
      listeners.get(kind)?.({ conversation: 'c', message, was: message })
    },
    look: (isWatched = true) => ahead.look(core.conversation(), isWatched),
  }
}

describe('nothing is wrong', () => {
  it('with what is shown, and then stands in the log or is withdrawn with a word', () => {
    const { hear, land, event, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    land(change(3, 'a'))
    look()
    hear(withdrawn('b'))
    event('withdrawn', 'b')
    look()
    expect(breach()).toBeUndefined()
  })

  it('with a correction of what stood before one that the log has before it', () => {
    const { hear, land, event, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    land(change(3, 'b'))
    look()
    land(change(4, 'a'))
    event('corrected', 'a')
    look()
    expect(breach()).toBeUndefined()
  })
})

describe('nor with what a restored backup or a reset has done', () => {
  it('a correction is right of what had one before it on a line that is over', () => {
    const { hear, land, restored, reset, told, event, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    land(change(3, 'b'))
    restored(2)
    told(change(3, 'a'))
    reset(0, 3, 'e2')
    event('corrected', 'a')
    look()
    expect(breach()).toBeUndefined()
  })

  it('and of what stood in a log that is over, and is shown again behind what waited already', () => {
    const { cached, hear, restored, reset, told, event, look, breach } = watched()
    cached(change(3, 'a'))
    hear(provisional('a'), provisional('b'))
    restored(2)
    reset(0, 2, 'e2')
    hear(provisional('a'), provisional('b'))
    told(change(3, 'a'), change(4, 'b'))
    reset(0, 4, 'e2')
    event('corrected', 'b')
    look(false)
    expect(breach()).toBeUndefined()
  })

  it.each([
    ['nobody has looked for it behind the newest page', 5, undefined],
    ['that the page holds it is known', 2, 'final-stays'],
  ])('told of and withdrawn: %s', (_, from, invariant) => {
    const { hear, told, reset, event, breach } = watched()
    hear(provisional('a'))
    told(change(3, 'a'), ...[4, 5, 6, 7, 8].map((seq) => saidAt(seq)))
    reset(from, 8, 'e1')
    event('withdrawn', 'a')
    expect(breach()).toBe(invariant)
  })
})

it('nor with what was withdrawn before the final path told of it, in one moment', () => {
  const { hear, told, event, look, breach } = watched()
  hear(provisional('a'))
  look()
  hear(withdrawn('a'))
  told(change(3, 'a'))
  event('withdrawn', 'a')
  look()
  expect(breach()).toBeUndefined()
})

describe('nor with what an answer names that came too late', () => {
  it('they are shown no more, and the application hears of the one that stands elsewhere', () => {
    const { hear, named, event, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    named(true, change(3, 'b'), change(4, 'a'))
    event('corrected', 'a')
    look()
    expect(breach()).toBeUndefined()
  })

  it('nor where it names what stands behind one, and not that one', () => {
    const { hear, told, named, look, taken, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    told(change(3, 'a'))
    named(true, change(4, 'b'))
    look()
    taken(change(3, 'a'))
    look()
    expect(breach()).toBeUndefined()
  })

  it('but not where nobody hears of the one that stands elsewhere', () => {
    const { hear, named, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    named(true, change(3, 'b'))
    look()
    expect(breach()).toBeUndefined()
    named(true, change(4, 'a'))
    look()
    expect(breach()).toBe('ends-once')
  })

  it('nor where one is shown no more that only a change has told of, which the client did not take', () => {
    const { hear, told, look, forget, breach } = watched()
    hear(provisional('a'))
    look()
    told(change(3, 'a'))
    forget()
    look()
    expect(breach()).toBe('ends-once')
  })

  it.each<readonly [isTold: boolean, corrected: readonly string[]]>([
    [false, []],
    [true, ['b']],
  ])('but not where nobody has told of them, nor where one stands as it was shown: %j, %j', (isTold, corrected) => {
    const { hear, named, event, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    named(isTold, change(3, 'a'), change(4, 'b'))
    for (const each of corrected) event('corrected', each)
    look()
    expect(breach()).toBe('ends-once')
  })
})

describe('nor with what was let go from memory', () => {
  it('a correction is right of what stands first now, also where another was said while nobody held it', () => {
    const { hear, land, letGo, takeUp, event, look, breach } = watched()
    hear(provisional('a'))
    look()
    letGo()
    hear(provisional('b'))
    takeUp()
    look(false)
    hear(provisional('a'), provisional('b'))
    land(change(3, 'b'), change(4, 'a'))
    event('corrected', 'a')
    look()
    expect(breach()).toBeUndefined()
  })

  it('and of what came in the moment in which it was taken up', () => {
    const { land, letGo, takeUp, event, look, breach } = watched()
    letGo()
    takeUp(provisional('a'), provisional('b'))
    land(change(3, 'b'), change(4, 'a'))
    event('corrected', 'a')
    look()
    expect(breach()).toBeUndefined()
  })

  it('but wrong of what only stood first before it was let go', () => {
    const { hear, land, letGo, takeUp, event, look, breach } = watched()
    hear(provisional('a'), provisional('b'))
    look()
    letGo()
    takeUp()
    hear(provisional('b'), provisional('a'))
    land(change(3, 'b'), change(4, 'a'))
    event('corrected', 'a')
    expect(breach()).toBe('ends-once')
  })
})

describe('nor with the end of a membership', () => {
  it('a correction is right of what stands first now, where another was told while this user was no member', () => {
    const { hear, land, removed, back, event, look, breach } = watched()
    removed(3)
    hear(provisional('b'))
    back()
    hear(provisional('a'), provisional('b'))
    land(change(3, 'b'), change(4, 'a'))
    event('corrected', 'a')
    look()
    expect(breach()).toBeUndefined()
  })

  it.each<readonly [what: string, tell: 'told' | 'land', invariant: string | undefined]>([
    ['its log had not come to it, and never will', 'told', undefined],
    ['its log holds it', 'land', 'final-stays'],
  ])('told of and withdrawn: %s', (_, tell, invariant) => {
    const at = watched()
    at.hear(provisional('a'))
    at[tell](change(3, 'a'))
    at.removed(4)
    at.event('withdrawn', 'a')
    expect(at.breach()).toBe(invariant)
  })
})

describe('it says so', () => {
  it.each<readonly [what: string, invariant: string, happens: (at: ReturnType<typeof watched>) => void]>([
    ['what nobody said is shown', 'cache-within-truth', ({ hear }) => hear(provisional('c'))],
    [
      'one is gone without a word',
      'ends-once',
      ({ hear, look }) => {
        hear(provisional('a'))
        look()
        hear(withdrawn('a'))
      },
    ],
    [
      'one was overtaken, and nobody is told',
      'ends-once',
      ({ hear, land, look }) => {
        hear(provisional('a'), provisional('b'))
        look()
        land(change(3, 'b'))
        look()
        land(change(4, 'a'))
      },
    ],
    [
      'an end is told twice',
      'ends-once',
      ({ hear, event }) => {
        hear(provisional('a'), withdrawn('a'))
        event('withdrawn', 'a')
        event('withdrawn', 'a')
      },
    ],
    [
      'one that was right is corrected',
      'ends-once',
      ({ hear, land, event }) => {
        hear(provisional('a'))
        land(change(3, 'a'))
        event('corrected', 'a')
      },
    ],
    [
      'what the final path has told is provisional again',
      'final-stays',
      ({ land, hear }) => {
        land(change(3, 'a'))
        hear(provisional('a'))
      },
    ],
    [
      'what the link took back and shows again is withdrawn after the final path has told of it',
      'final-stays',
      ({ hear, land, event }) => {
        hear(provisional('a'), withdrawn('a'), provisional('a'))
        land(change(3, 'a'))
        event('withdrawn', 'a')
      },
    ],
    [
      'what the final path has told is withdrawn',
      'final-stays',
      ({ hear, land, event }) => {
        hear(provisional('a'))
        land(change(3, 'a'))
        event('withdrawn', 'a')
      },
    ],
  ])('when %s', (_, invariant, happens) => {
    const at = watched()
    happens(at)
    at.look()
    expect(at.breach()).toBe(invariant)
  })
})
