/** Over a server that keeps no table of outcomes and says so: nothing is sent twice but by a user who was told (L2, R31). */
import { describe, expect, it } from 'vitest'
import { type DrivenChat, drivenChat } from '../../test/fakes/driven-chat.js'
import { forgetful } from '../../test/fakes/forgetful.js'
import { memoryStorage } from '../storage/memory/index.js'
import type { AnyFrame } from '../transports/mock/faults.js'

const talk = ({ chat }: DrivenChat<unknown>) => chat.conversation('c')
const rows = (driven: DrivenChat<unknown>) => talk(driven).timeline.get().messages
const shown = (driven: DrivenChat<unknown>) =>
  rows(driven).map(({ content, seq, status, error }) => `${content} ${error?.code ?? (seq ? 'sent' : status)}`)

/** One who writes to the forgetful server, and one who reads what it has. */
async function ground(declared: readonly string[] = []) {
  const storage = memoryStorage()
  const reader = drivenChat({ user: 'ann' })
  const { mock, clock } = reader
  const writing = () => drivenChat({ transport: forgetful(mock, declared), clock, storage })
  const writer = writing()
  talk(writer).timeline.subscribe(() => {})
  talk(reader).timeline.subscribe(() => {})
  await writer.online()
  await reader.online()
  return { writer, reader, mock, writing }
}

const isOperation = ({ type }: AnyFrame) => type === 'operation'
const isSaid = (frame: AnyFrame) => ['ack', 'change', 'inbox'].includes(frame.type)

describe('L2 R31: a server that does not declare `idempotent`', () => {
  it.each<[string, (frame: AnyFrame) => boolean, string[], string[]]>([
    ['before it came there', isOperation, ['hi uncertain', 'more sent'], ['more sent']],
    ['after it came there', isSaid, ['hi sent', 'more sent'], ['hi sent', 'more sent']],
  ])('the link is cut in mid-send, %s', async (_, lost, mine, theirs) => {
    const { writer, reader, mock } = await ground()
    mock.drop(lost)
    talk(writer).send('hi')
    talk(writer).send('more')
    await writer.pass()
    mock.accept()
    mock.disconnect()
    await writer.pass(60_000)
    expect([shown(writer).sort(), shown(reader)]).toEqual([mine, theirs])
  })

  it('declared all the same, it makes two of one: what is told here shows it', async () => {
    const { writer, reader, mock } = await ground(['idempotent'])
    mock.drop(isSaid)
    talk(writer).send('hi')
    await writer.pass(20_000)
    expect(shown(reader)).toEqual([])
    mock.accept()
    await writer.pass(60_000)
    expect(shown(reader)).toEqual(['hi sent', 'hi sent'])
  })

  it('an answer is lost on a link that lives: the log settles it when it is heard of', async () => {
    const { writer, reader, mock } = await ground()
    mock.drop(isSaid)
    const localId = talk(writer).send('hi')
    await writer.pass(10_000)
    expect(shown(writer)).toEqual(['hi uncertain'])
    mock.accept()
    await writer.pass(60_000)
    expect([shown(writer), shown(reader)]).toEqual([['hi sent'], ['hi sent']])
    expect(rows(writer)[0]?.key).toBe(localId)
  })

  it.each([
    ['landed', isSaid, ['hi sent']],
    ['was lost', isOperation, ['hi uncertain']],
  ])('a reload with an outbox on disk, whose message %s', async (_, lost, mine) => {
    const { writer, reader, mock, writing } = await ground()
    mock.drop(lost)
    talk(writer).send('hi')
    await writer.pass()
    await writer.chat.close()
    mock.accept()
    const reloaded = writing()
    talk(reloaded).timeline.subscribe(() => {})
    await reloaded.online()
    await reloaded.pass(60_000)
    expect([shown(reloaded), shown(reader)]).toEqual([mine, mine.filter((one) => one === 'hi sent')])
  })

  it('says what could not be known and what to do, and leaves it to the user', async () => {
    const { writer, reader, mock } = await ground()
    mock.drop(isOperation)
    const localIds = ['again', 'away'].map((content) => talk(writer).send(content))
    for (const _ of localIds) await writer.pass(10_000)
    mock.accept()
    const [error] = writer.chat.outbox.get().map((entry) => entry.error)
    expect(error).toMatchObject({ code: 'uncertain', retry: 'never' })
    expect(error?.message).toMatch(/the server may have it\. Look, then retry or discard it\.$/)
    talk(writer).retry(localIds[0] as string)
    talk(writer).discard(localIds[1] as string)
    await writer.pass(60_000)
    expect([shown(writer), shown(reader)]).toEqual([['again sent'], ['again sent']])
    expect(writer.chat.outbox.get()).toEqual([])
  })

  it('one taken back on its way cannot be: it is shown as what became of it', async () => {
    const { writer, reader } = await ground()
    const localId = talk(writer).send('hi')
    talk(writer).discard(localId)
    await writer.pass(60_000)
    expect([shown(writer), shown(reader)]).toEqual([['hi sent'], ['hi sent']])
  })
})
