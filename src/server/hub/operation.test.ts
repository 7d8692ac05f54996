/** Answers to operations, and how they leave. */
import { describe, expect, it } from 'vitest'
import { drivenHub, open, send } from '../../../test/fakes/driven-hub.js'

describe('an answer', () => {
  it('carries the message unless its sender was just told of it', async () => {
    const { link, put, settle } = drivenHub()
    await put(['ann'])
    const [follower, opening, other] = [link('ann'), link('ann', { lane: 'opening' }), link('ann', { lane: 'other' })]
    follower.say(open())
    await settle()
    follower.say(send('a'))
    opening.say(open(), send('b'))
    other.say(send('c'))
    await settle()
    follower.say(send('a'))
    await settle()
    const answers = (one: ReturnType<typeof link>) => one.of('ack').map(({ localId, seq, message }) => [localId, seq, message?.content])
    expect(answers(follower)).toEqual([
      ['a', 1, undefined],
      ['a', 1, 'a'],
    ])
    expect(follower.of('change').map((frame) => frame.seq)).toEqual([1, 2, 3])
    expect(answers(opening)).toEqual([['b', 2, 'b']])
    expect(answers(other)).toEqual([['c', 3, 'c']])
  })

  it('says what goes to other links too, and nothing else', async () => {
    const { hub, put, settle } = drivenHub()
    await put(['ann', 'bob'])
    const sent: [string, boolean][] = []
    const enter = (user: string) =>
      hub.connect({
        user,
        hello: { type: 'hello', version: 1, user, device: 'd', lane: user, link: 1 },
        send: (frames, shared) => void sent.push([frames.map((frame) => frame.type).join(), shared]),
        close: () => {},
      })
    const ann = enter('ann')
    ann.receive(open())
    await settle()
    ann.receive(send('a'))
    await settle()
    enter('bob').receive(open())
    await settle()
    ann.receive(send('b'))
    await settle()
    const alone = [
      ['welcome', false],
      ['opened', false],
    ]
    expect(sent).toEqual([...alone, ['change,ack', false], ...alone, ['change,ack', true], ['change', true]])
  })
})
