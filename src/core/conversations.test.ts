/** Which conversations are held in memory (R24, L11). */
import { describe, expect, it } from 'vitest'
import { type DrivenCore, drivenCore } from '../../test/fakes/driven-core.js'
import { openedFrame, requestOf, said, send } from '../../test/fakes/wire-frames.js'

const use = (core: DrivenCore, conversation: string) => {
  core.dispatch({ kind: 'watch', conversation })
  core.dispatch({ kind: 'unwatch', conversation })
}
const opened = (core: DrivenCore, conversation: string) => {
  use(core, conversation)
  core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'first', conversation }))
  core.wait(1_000)
}
const held = (core: DrivenCore) => core.state().conversations.map(({ id }) => id)

describe('L11 R24: memory holds so many conversations', () => {
  it('the least recently used goes, unfollowed first', () => {
    const core = drivenCore({ conversations: 3 })
    core.online()
    for (const id of ['a', 'b', 'c']) opened(core, id)
    use(core, 'a')
    core.forget()
    opened(core, 'd')
    expect(held(core).sort()).toEqual(['a', 'c', 'd'])
    const [unfollow, open] = core.effects('transmit').flatMap(({ frames }) => frames)
    expect(unfollow).toEqual({ type: 'unfollow', conversation: 'b' })
    expect(open).toMatchObject({ type: 'open', conversation: 'd' })
  })

  it.each<[string, (core: DrivenCore) => void]>([
    ['watched', (core) => core.dispatch({ kind: 'watch', conversation: 'a' })],
    ['with an unsettled entry', (core) => send(core, 'mine', { conversation: 'a' })],
    [
      'with a failed entry',
      (core) => {
        send(core, 'mine', { conversation: 'a' })
        core.hear({ type: 'reject', conversation: 'a', localId: 'mine', try: 1, code: 'forbidden', final: true })
      },
    ],
    ['with a read to be told', (core) => core.dispatch({ kind: 'mark-read', conversation: 'a' })],
    ['with a load under way', (core) => core.dispatch({ kind: 'jump', conversation: 'a', call: 1, seq: 1 })],
    [
      'with rows not written',
      (core) => {
        core.hold()
        core.hear(said(2, {}, { conversation: 'a' }))
      },
    ],
  ])('never one %s', (_, busy) => {
    const core = drivenCore({ conversations: 2 })
    core.online()
    use(core, 'a')
    core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'first', conversation: 'a', from: 1, rows: [] }))
    core.wait(1_000)
    busy(core)
    opened(core, 'b')
    use(core, 'c')
    use(core, 'd')
    expect(held(core)).toContain('a')
  })

  it('L7: never one behind what another instance has stored, with a watermark that is not; with it written it goes', () => {
    const other = drivenCore({ lane: 'other' })
    const core = drivenCore({ conversations: 2, disk: other.disk })
    for (const each of [other, core]) {
      each.online()
      opened(each, 'a')
    }
    other.hear(said(2, {}, { conversation: 'a' }), said(3, {}, { conversation: 'a' }))
    other.wait(1_000)
    core.hear(said(2, {}, { conversation: 'a' }))
    core.wait(1_000)
    expect(core.conversation('a').cache.head).toBe(3)
    core.hear({ type: 'marks', conversation: 'a', epoch: 'e1', marks: [{ user: 'ann', delivered: 2, read: 2 }] })
    core.wait(1_000)
    for (const id of ['b', 'd']) opened(core, id)
    expect(held(core)).toContain('a')
    core.hear(said(3, {}, { conversation: 'a' }))
    core.wait(1_000)
    opened(core, 'e')
    expect(held(core)).toEqual(['d', 'e'])
    use(core, 'a')
    expect(core.conversation('a').receipts.marks.get('ann')).toEqual({ delivered: 2, read: 2 })
  })

  it('those that all had to be held go once they need not be, though nothing new is opened', () => {
    const core = drivenCore({ conversations: 2 })
    core.online()
    const ids = ['a', 'b', 'c', 'd']
    for (const conversation of ids) {
      core.dispatch({ kind: 'watch', conversation })
      core.hear(openedFrame(requestOf(core, 'open'), 0, 1, { reset: 'first', conversation }))
      core.wait(1_000)
    }
    expect(held(core)).toEqual(ids)
    for (const conversation of ids) core.dispatch({ kind: 'unwatch', conversation })
    core.wait(1_000)
    expect(held(core)).toEqual(['c', 'd'])
    core.hear(said(2, {}, { conversation: 'd' }))
    expect(core.conversation('d').log.head).toBe(2)
  })

  it('one that comes back is read from disk, and its changes go to it, not to its slot', () => {
    const core = drivenCore({ conversations: 2 })
    core.online()
    for (const id of ['a', 'b', 'c']) opened(core, id)
    core.hear(said(2, {}, { conversation: 'b' }), said(2, {}, { conversation: 'a' }))
    expect(core.conversation('b').log.head).toBe(2)
    use(core, 'a')
    expect(core.conversation('a').log).toMatchObject({ state: 'ready', head: 1 })
  })
})
