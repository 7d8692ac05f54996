/** Content on its way in: what may not be sent, and that what is sent is what was handed in at the call. */
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { drivenChat } from '../../test/fakes/driven-chat.js'
import * as limits from '../protocol/limits.js'
import { readContent, type StandardSchema, writtenContent } from './content.js'

const nested = (levels: number) => {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = [value]
  return value
}
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 0]))
const circular: { self?: unknown } = {}
circular.self = circular
const schemaOf = (validate: (value: unknown) => never): StandardSchema => ({ '~standard': { version: 1, vendor: 'test', validate } })

describe('R32 R34: content that no frame could carry', () => {
  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a BigInt', { n: 1n }],
    ['a circle', circular],
    ['a getter that throws', Object.defineProperty({}, 'x', { enumerable: true, get: () => expect.unreachable() })],
    ['60 levels', nested(60)],
    ['one level too many', nested(limits.contentDepth + 1)],
    ['one item too many', Array.from({ length: limits.arrayItems + 1 }, () => 0)],
    ['one key too many', keys(limits.objectKeys + 1)],
    ['a key __proto__', JSON.parse('{"__proto__":1}')],
    ['what toJSON makes of it', { toJSON: () => nested(60) }],
  ])('%s is refused with `content-invalid`, and nothing is shown', (_, content) => {
    const talk = drivenChat().chat.conversation('c')
    expect(() => talk.send(content)).toThrow(expect.objectContaining({ code: 'content-invalid', retry: 'never' }))
    expect(talk.timeline.get().messages).toEqual([])
  })

  it.each([
    ['as deep as may be', nested(limits.contentDepth)],
    ['as long as may be', Array.from({ length: limits.arrayItems }, () => 0)],
    ['with as many keys as may be', keys(limits.objectKeys)],
    ['null', null],
  ])('content %s is taken', (_, content) => {
    expect(writtenContent(undefined, content).content).toEqual(content)
  })

  it('is measured as JSON in UTF-8', () => {
    const text = 'ä'.repeat((limits.contentBytes - 2) / 2)
    expect(writtenContent(undefined, text).bytes).toBe(limits.contentBytes)
    expect(() => writtenContent(undefined, `${text}a`)).toThrow(expect.objectContaining({ code: 'content-too-large' }))
  })
})

describe('L1: what is sent', () => {
  it('is what was handed in at the call, whatever becomes of that object', async () => {
    const { chat, mock, pass, online } = drivenChat()
    const talk = chat.conversation('c')
    const content = { text: 'before' }
    talk.send(content)
    content.text = 'after'
    expect(talk.timeline.get().messages[0]?.content).toEqual({ text: 'before' })
    await online()
    await pass(1_000)
    const [sent] = mock.sent.flatMap((frame) => (frame.type === 'operation' ? [frame.operation] : []))
    expect(sent).toEqual({ kind: 'send', content: { text: 'before' } })
  })

  it('has nothing that a disk cannot clone', () => {
    const { content } = writtenContent<unknown>(undefined, { text: 'x', run() {}, at: new Date(0), none: undefined })
    expect(content).toStrictEqual({ text: 'x', at: '1970-01-01T00:00:00.000Z' })
    expect(structuredClone(content)).toEqual(content)
  })
})

describe('R10: a schema', () => {
  const dated: StandardSchema<{ readonly at: Date }> = z.object({ at: z.coerce.date() })

  it('gives a pending message the type that a confirmed one has', async () => {
    const { chat, pass, online } = drivenChat({ content: dated })
    const talk = chat.conversation('c')
    talk.timeline.subscribe(() => {})
    const at = new Date(86_400_000)
    talk.send({ at })
    expect(talk.timeline.get().messages[0]).toMatchObject({ status: 'saving', content: { at } })
    await online()
    await pass(1_000)
    expect(talk.timeline.get().messages[0]).toMatchObject({ status: 'sent', content: { at } })
  })

  it('types the last message of the inbox too while it is pending', async () => {
    const { chat, mock, online, pass } = drivenChat({ content: dated })
    mock.drop(({ type }) => type === 'operation')
    await online()
    const at = new Date(86_400_000)
    chat.conversation('c').send({ at })
    await pass()
    expect(chat.inbox.get().items[0]?.last).toMatchObject({ status: 'sending', content: { at } })
  })

  it('refuses in its own words', () => {
    const refused = expect.objectContaining({ code: 'content-invalid', message: expect.stringContaining('Invalid') })
    expect(() => writtenContent(dated, { at: 'never' as never })).toThrow(refused)
  })

  it.each([
    ['does not take what it gives', z.string().transform((text) => text.length)],
    ['gives another from what it gave', z.string().transform((text) => `${text}!`)],
  ])('that %s refuses the message', (_, schema) => {
    const refused = { code: 'content-invalid', cause: expect.objectContaining({ message: 'the schema changes it' }) }
    expect(() => writtenContent<unknown>(schema, 'hi')).toThrow(expect.objectContaining(refused))
  })

  it('that trims or fills in is none of those', () => {
    const schema: StandardSchema<unknown> = z.object({ text: z.string().trim(), kind: z.string().default('text') })
    expect(writtenContent<unknown>(schema, { text: ' hi ' }).content).toEqual({ text: 'hi', kind: 'text' })
  })

  it('that throws refuses the message; one that is asynchronous is no schema', () => {
    const thrown = new Error('mine')
    const throwing = schemaOf(() => {
      throw thrown
    })
    expect(() => writtenContent(throwing, 1)).toThrow(expect.objectContaining({ code: 'content-invalid', cause: thrown }))
    const slow = schemaOf(() => Promise.resolve({ value: 1 }) as never)
    expect(() => writtenContent(slow, 1)).toThrow(expect.objectContaining({ code: 'bad-argument' }))
    expect(readContent(throwing, 1)).toEqual({ content: undefined, invalid: { raw: 1 } })
  })
})
