/** Tabs that do not hold the link are like any other: history, gaps, typing, receipts, what the others are sending, logout (L4, L5, L10). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Home, setHome, type Tab } from './home.js'
import { holderOf } from './life-of-tabs.js'

let home: Home
const tabs: Tab[] = []
let followers: Tab[] = []

beforeAll(async () => {
  home = await setHome()
  for (let i = 0; i < 8; i++) tabs.push(await home.tab())
  for (const { page } of tabs) await page.evaluate(() => window.loom.settled(0))
  const holder = await holderOf(tabs)
  followers = tabs.filter((tab) => tab !== holder)
})
afterAll(() => home?.end())

const follower = () => (followers[0] as Tab).page

it('scrolls through a history that no tab has held, jumps, and shows no hole', async () => {
  const long = home.peer.conversation('long')
  long.timeline.subscribe(() => {})
  const said = Array.from({ length: 250 }, (_, i) => `${i + 1}`)
  let last = ''
  for (const text of said) last = long.send(text)
  await home.peer.settled(last)
  const page = follower()
  const seen = await page.evaluate(async (count) => {
    const talk = window.loom.chat().conversation('long')
    talk.timeline.subscribe(() => {})
    const newest = () => talk.timeline.get().messages.at(-1)?.content
    await window.loom.until(talk.timeline, ({ state }) => state === 'ready' && newest() === `${count}`)
    const atFirst = talk.timeline.get().messages.length
    await talk.jumpTo(20)
    const { messages, gaps, hasNewer } = talk.timeline.get()
    const jumped = { isThere: messages.some(({ seq }) => seq === 20), gaps, hasNewer }
    await talk.jumpToLatest()
    while (talk.timeline.get().hasOlder) await talk.loadOlder({ limit: 100 })
    const all = talk.timeline.get().messages.map(({ content }) => content)
    return { atFirst, jumped, all }
  }, said.length)
  expect(seen.atFirst).toBeLessThan(said.length)
  expect(seen.jumped).toMatchObject({ isThere: true, hasNewer: true })
  expect(seen.all).toEqual(said)
})

it('sees who types, and is seen', async () => {
  const page = follower()
  const seen = page.evaluate(async () => {
    const { typing } = window.loom.talk()
    await window.loom.until(typing, (who) => who.includes('ben'))
    await window.loom.until(typing, (who) => who.length === 0)
  })
  const typing = (isIt: (who: readonly string[]) => boolean) =>
    new Promise<void>((done) => home.talk.typing.subscribe((who) => isIt(who) && done()))
  await page.evaluate(() => window.loom.talk().setTyping(true))
  await typing((who) => who.includes('ana'))
  home.talk.setTyping(true)
  await page.evaluate(() => window.loom.talk().setTyping(false))
  await typing((who) => who.length === 0)
  home.talk.setTyping(false)
  await seen
})

it('has its messages read, and reads', async () => {
  const page = follower()
  await page.evaluate(async () => {
    window.loom.send('question')
    await window.loom.until(window.loom.talk().timeline, ({ messages }) => messages.at(-1)?.status === 'delivered')
  })
  home.talk.markRead()
  const isRead = (localId: string) =>
    new Promise<void>((done) =>
      home.talk.timeline.subscribe(({ messages }) => messages.some((each) => each.localId === localId && each.status === 'read') && done()),
    )
  await page.evaluate(() => window.loom.until(window.loom.talk().timeline, ({ messages }) => messages.at(-1)?.status === 'read'))
  const answer = home.talk.send('answer')
  await home.peer.settled(answer)
  // Only a page that is seen reads.
  await page.bringToFront()
  await page.evaluate(async () => {
    await window.loom.until(window.loom.talk().timeline, ({ messages }) => messages.at(-1)?.content === 'answer')
    window.loom.talk().markRead()
  })
  await isRead(answer)
})

it('shows every other tab what one is sending, then the same message under the same key', async () => {
  const seen = tabs.map(({ page }) =>
    page.evaluate(
      () =>
        new Promise<string[]>((done) => {
          const shown: string[] = []
          window.loom.talk().timeline.subscribe(({ messages }) => {
            const message = messages.find(({ content }) => content === 'seen everywhere')
            if (!message) return
            shown.push(`${message.finality} ${message.key}`)
            if (message.finality === 'final') done(shown)
          })
        }),
    ),
  )
  await (followers[1] as Tab).page.evaluate(() => window.loom.send('seen everywhere'))
  for (const shown of await Promise.all(seen)) {
    expect(shown[0]).toMatch(/^provisional/)
    expect(new Set(shown.map((each) => each.split(' ')[1])).size).toBe(1)
  }
})

it('one tab alone writes a live message to the cache', async () => {
  const count = 40
  const figures = async () => {
    const each = await Promise.all(tabs.map(({ page }) => page.evaluate(() => window.loom.watched)))
    const sum = (of: 'cacheCommits' | 'conflicts') => each.reduce((total, watched) => total + watched[of], 0)
    return { commits: sum('cacheCommits'), conflicts: sum('conflicts') }
  }
  const before = await figures()
  for (let n = 1; n <= count; n++) {
    const shown = tabs.map(({ page }) =>
      page.evaluate(
        (text) => window.loom.until(window.loom.talk().timeline, ({ messages }) => messages.at(-1)?.content === text),
        `live ${n}`,
      ),
    )
    home.talk.send(`live ${n}`)
    await Promise.all(shown)
  }
  const after = await figures()
  // The message with its cursor, and the watermark that moves by it; a tab that has just written may meet another's write once.
  expect(after.commits - before.commits).toBeLessThanOrEqual(2 * count + tabs.length)
  expect(after.conflicts - before.conflicts).toBeLessThanOrEqual(tabs.length)
  console.log(
    `8 tabs, one live message: ${(after.commits - before.commits) / count} cache commits, ${(after.conflicts - before.conflicts) / count} of them in conflict`,
  )
})

it('ends with the logout of another tab, and shows nothing afterwards, while that one goes on as somebody else', async () => {
  const by = (user: string) => home.rows().filter(({ author }) => author === user).length
  const before = by('ana')
  await follower().evaluate(() => window.loom.chat().logout())
  for (const { page } of tabs) {
    await page.evaluate(() => window.loom.until(window.loom.chat().session, ({ phase }) => phase === 'closed'))
    expect(await page.evaluate(() => [window.loom.view().messages.length, window.loom.chat().outbox.get().length])).toEqual([0, 0])
  }
  await home.open(follower(), 'cleo')
  const said = await follower().evaluate(async () => {
    const localId = window.loom.send('from cleo')
    return (await window.loom.chat().settled(localId)).author
  })
  expect(said).toBe('cleo')
  for (const { page } of tabs.filter((tab) => tab !== followers[0]))
    expect(await page.evaluate(() => [window.loom.chat().session.get().phase, window.loom.view().messages.length])).toEqual(['closed', 0])
  expect([by('ana'), by('cleo')]).toEqual([before, 1])
  expect(home.sockets()).toBe(1)
})
