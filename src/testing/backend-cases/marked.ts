/** §8.5 and §8.6: marked as unread, a register of one user alone. A server that does not know it is not asked. */
import type { Mark, Marked } from '../../protocol/frames.js'
import { type BackendCase, both, type Ground } from './ground.js'
import type { Guest } from './guest.js'
import { check, like, same } from './unmet.js'

const ownMark = (marks: readonly Mark[], user: string) => marks.find((mark) => mark.user === user)

/** Bob has read two messages of Ann; the rev to go on from. */
async function allRead(ground: Ground) {
  const talk = await both(ground)
  const { conversation, ann, bob, opened } = talk
  const { epoch } = opened
  const first = await ann.send(conversation, 1)
  const { seq } = await ann.send(conversation, 2)
  const say = (guest: Guest, more: { read?: number; marked?: Marked; epoch?: string }) =>
    guest.say({ type: 'receipt', conversation, epoch, ...more })
  const told = (guest: Guest, fits: (mark: Mark) => boolean, what: string) =>
    guest.next('marks', `marks of ${ground.bob} ${what}`, ({ marks }) => marks.some((mark) => mark.user === ground.bob && fits(mark)))
  say(bob, { read: seq })
  await told(bob, ({ read }) => read === seq, 'with what was read')
  const rev = ownMark(talk.openedByBob.marks, ground.bob)?.marked?.rev ?? 0
  const answer = async () => (await ground.enter(ground.bob)).open(conversation)
  const set = async (marked: Marked, guest = bob) => {
    say(guest, { marked })
    const frame = await told(guest, () => true, 'as the answer to marked')
    const held = ownMark(frame.marks, ground.bob)?.marked
    if (held === undefined) ground.skip('the server does not know the field marked')
    return held
  }
  return { ...talk, epoch, first: first.seq, seq, rev, say, told, set, answer }
}

const marking = (
  paragraph: string,
  name: string,
  run: (talk: Awaited<ReturnType<typeof allRead>>, ground: Ground) => Promise<void>,
): BackendCase => ({ paragraph, name, features: ['receipts'], run: async (ground) => run(await allRead(ground), ground) })

export const markedCases: readonly BackendCase[] = [
  marking('8.5', 'counts from the marked place on as unread again', async ({ first, seq, rev, set, answer }) => {
    await set({ at: seq, rev: rev + 1 })
    same((await answer()).unread, { count: 1, more: false }, 'unread with the last message marked')
    await set({ at: first, rev: rev + 2 })
    same((await answer()).unread, { count: 2, more: false }, 'unread with both messages marked')
  }),
  marking('8.5', 'ends the mark where at is 0', async ({ seq, rev, set, answer }) => {
    await set({ at: seq, rev: rev + 1 })
    await set({ at: 0, rev: rev + 2 })
    same((await answer()).unread, { count: 0, more: false }, 'unread')
  }),
  marking('8.5', 'lets no watermark fall', async ({ first, seq, rev, set, answer }, ground) => {
    await set({ at: first, rev: rev + 1 })
    like(ownMark((await answer()).marks, ground.bob) ?? {}, { read: seq, delivered: seq }, 'the watermarks')
  }),
  marking('8.5', 'keeps what it has against the same rev and a lower one', async ({ first, seq, rev, set, answer }, ground) => {
    const held = await set({ at: seq, rev: rev + 2 })
    for (const late of [rev + 2, rev + 1]) {
      same(await set({ at: first, rev: late }), held, `what stands after a set with rev ${late}`)
    }
    same(ownMark((await answer()).marks, ground.bob)?.marked, held, 'marked in a new answer')
  }),
  marking('8.5', 'sets no mark above the head', async ({ seq, rev, set }) => {
    same(await set({ at: seq + 1_000, rev: rev + 1 }), { at: seq, rev: rev + 1 }, 'marked')
  }),
  marking('8.5', 'ignores a mark for another epoch', async ({ bob, seq, rev, say, set, answer }, ground) => {
    const held = await set({ at: seq, rev: rev + 1 })
    say(bob, { epoch: 'another-life', marked: { at: 0, rev: rev + 9 } })
    await bob.settle()
    same(ownMark((await answer()).marks, ground.bob)?.marked, held, 'marked in a new answer')
  }),
  marking('8.6', 'answers to all links of its author', async ({ seq, rev, told, set }, ground) => {
    const other = await ground.enter(ground.bob)
    await set({ at: seq, rev: rev + 1 })
    await told(other, ({ marked }) => marked?.rev === rev + 1, 'with marked, on another link')
  }),
  marking('8.6', 'tells no other user', async ({ conversation, ann, seq, rev, set }) => {
    await set({ at: seq, rev: rev + 1 })
    const opened = await ann.open(conversation)
    const { seq: last } = await ann.send(conversation)
    await ann.next('change', 'a later change', (frame) => frame.seq === last)
    const told = [opened, ...ann.heard].flatMap((frame) => (frame.type === 'marks' || frame.type === 'opened' ? frame.marks : []))
    check(!told.some((mark) => mark.marked), 'no marked in what another user is told', told)
  }),
  marking('8.6', 'names it in the own mark of opened', async ({ seq, rev, set, answer }, ground) => {
    const held = await set({ at: seq, rev: rev + 1 })
    same(ownMark((await answer()).marks, ground.bob)?.marked, held, 'marked')
  }),
]
