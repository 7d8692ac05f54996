/** What a disk owes its user at a logout. */
import { describe, expect, it } from 'vitest'
import { promises } from './promises.js'

/** Two tabs of one browser, whose disk has promised to keep `a`. Either is asked to wipe it by `wipes`. */
function twoTabs() {
  const kept = promises()
  const tab = () => {
    let isWiping = false
    const storage = { isWiping: () => isWiping }
    return { storage, wipes: () => (isWiping = true) }
  }
  const [first, second] = [tab(), tab()]
  kept.promised.set('a', 'lunch')
  for (const each of [first, second]) kept.leaving(each)
  return { kept, first, second }
}

describe('L1: at a logout what was promised', () => {
  it('is given back, or is lost', () => {
    const { kept, first } = twoTabs()
    expect(kept.left(first, [])).toEqual([['a', 'lunch']])
    const again = twoTabs()
    expect(again.kept.left(again.first, ['a'])).toEqual([])
    expect([...again.kept.released]).toEqual(['a'])
  })

  it('is waited for where another tab has wiped it, until that one has given back what it had', () => {
    for (const given of [['a'], []]) {
      const { kept, first, second } = twoTabs()
      first.wipes()
      expect(kept.left(second, [])).toEqual([])
      expect(kept.left(first, given)).toEqual(given.length > 0 ? [] : [['a', 'lunch']])
    }
    const { kept, first, second } = twoTabs()
    first.wipes()
    kept.left(second, ['a'])
    expect(kept.left(first, [])).toEqual([])
  })

  it('is promised no more where the tab that wipes it dies, and goes on where it dies before that', () => {
    const { kept, first, second } = twoTabs()
    expect(kept.died(first)).toBe(false)
    expect([kept.isLeaving(first), kept.isLeaving(), kept.promised.size]).toEqual([false, true, 1])
    kept.died(second)
    expect([kept.isLeaving(), kept.promised.size]).toEqual([false, 1])
    const again = twoTabs()
    again.first.wipes()
    expect(again.kept.died(again.first)).toBe(true)
    expect([again.kept.promised.size, again.kept.isLeaving(again.second)]).toEqual([0, true])
  })

  it('is not touched by the death of a tab that does not log out', () => {
    const { kept } = twoTabs()
    expect(kept.died({ storage: { isWiping: () => true } })).toBe(false)
    expect(kept.promised.size).toBe(1)
  })
})
