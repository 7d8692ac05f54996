import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../storage/memory/index.js'
import { createTestChat } from '../test-chat/test-chat.js'
import { checkHistories } from './check-histories.js'
import { deliveryAuditor } from './delivery-auditor.js'

type Row = string | readonly [id: string | undefined, localId: string]
const head = '{"chatloom":"history","version":1}'
const event = (client: string, name: string, more: object) => JSON.stringify({ event: name, client, conversation: 'c', ...more })
const sent = (client: string, localId: string) => event(client, 'sent', { localId })
const settled = (client: string, localId: string) => event(client, 'settled', { localId })
const view = (client: string, rows: readonly Row[], latest = true) =>
  event(client, 'shown', {
    from: 0,
    rows: rows.map((row) => (typeof row === 'string' ? { id: row } : { id: row[0], localId: row[1] })),
    latest,
  })
/** Ann has sent a and b, which are 1 and 2. */
const both = [sent('ann', 'a'), sent('ann', 'b'), settled('ann', 'a'), settled('ann', 'b')]
const own = [
  ['1', 'a'],
  ['2', 'b'],
] as const
const found = (...lines: string[]) => {
  const { ok, clients, sent: all, settled: confirmed, ...kinds } = checkHistories([head, ...lines])
  const named = Object.entries(kinds).flatMap(([kind, findings]) => findings.map(({ client, messages }) => `${kind} ${client} ${messages}`))
  expect([ok, clients > 0, all >= confirmed]).toEqual([named.length === 0, true, true])
  return named
}

describe('checkHistories', () => {
  it('finds nothing where all was shown to everybody, once, in order, while windows slide', () => {
    expect(
      found(
        ...both,
        view('ann', [
          [undefined, 'a'],
          [undefined, 'b'],
        ]),
        view('ann', own),
        view('bob', ['1']),
        view('bob', ['1', '2']),
      ),
    ).toEqual([])
    expect(found(view('bob', ['1', '2', '3']), view('bob', ['2', '3', '4']), view('bob', ['7', '8'], false))).toEqual([])
  })

  it('asks a client for nothing before its first and behind its last message, nor between two runs of which it showed the ends', () => {
    const all = view('ann', ['0', ...own, '3'])
    expect(found(...both, all, view('bob', ['3', '4']), view('cat', []), view('dan', ['0']))).toEqual([])
    expect(found(...both, all, view('bob', ['3', '4']), view('bob', ['0'], false))).toEqual([])
  })

  it.each<[string, string[], string]>([
    ['lost', [...both, view('ann', [...own, '3']), view('bob', ['1', '3'])], 'lost 1/bob 2'],
    [
      'lost while a window slid',
      [...both, view('ann', ['0', ...own, '3']), view('bob', ['0', '1']), view('bob', ['1', '3'])],
      'lost 1/bob 2',
    ],
    ['lost, to its sender', [...both, view('ann', [['1', 'a']])], 'lost 1/ann b'],
    ['shown twice', [view('bob', ['1', '2', '1'])], 'doubled 1/bob 1'],
    [
      'pending beside its own',
      [
        sent('ann', 'a'),
        settled('ann', 'a'),
        view('ann', [
          ['1', 'a'],
          [undefined, 'a'],
        ]),
      ],
      'doubled 1/ann a',
    ],
    [
      'two of one sending',
      [
        sent('ann', 'a'),
        settled('ann', 'a'),
        view('ann', [
          ['1', 'a'],
          ['2', 'a'],
        ]),
      ],
      'doubled 1/ann 2',
    ],
    [
      'disordered',
      [
        ...both,
        view('ann', [
          ['2', 'b'],
          ['1', 'a'],
        ]),
      ],
      'disordered 1/ann 2,1',
    ],
    ['in another order elsewhere', [view('ann', ['0', '1', '2', '3']), view('bob', ['0', '2', '1', '3'])], 'differing all 1,2'],
    ['in another order later', [view('bob', ['1', '2']), view('bob', ['2', '1'])], 'differing all 1,2'],
    ['undone', [view('bob', ['1', '2', '3']), view('bob', ['1', '3'])], 'undone 1/bob 2'],
    ['undone at the end', [view('bob', ['1', '2']), view('bob', ['1'])], 'undone 1/bob 2'],
    ['open', [sent('ann', 'a'), view('ann', [[undefined, 'a']])], 'unsettled 1/ann a'],
  ])('finds a message that is %s', (_, lines, finding) => expect(found(...lines)).toContain(finding))

  it('takes what failed or was taken back for no loss, and does not ask for its order', () => {
    const failed = [sent('ann', 'a'), sent('ann', 'b'), event('ann', 'failed', { localId: 'a', code: 'discarded' }), settled('ann', 'b')]
    expect(
      found(
        ...failed,
        view('ann', [
          ['2', 'b'],
          ['3', 'a'],
        ]),
      ),
    ).toEqual([])
  })

  it('takes each history for other clients', () => {
    const one = [head, ...both, view('ann', [...own, '3'])]
    expect(checkHistories(one, [head, view('ann', ['1', '2', '3'])].join('\n'))).toMatchObject({
      ok: true,
      clients: 2,
      sent: 2,
      settled: 2,
    })
    expect(checkHistories(one, [head, view('ann', ['1', '3'])])).toMatchObject({ lost: [{ client: '2/ann', messages: ['2'] }] })
  })

  it('takes what one page sent for sent by its user, whichever page brings it home', () => {
    const pending = [undefined, 'a'] as const
    const page = [head, sent('ann', 'a'), view('ann', [pending])]
    const next = [head, event('ann', 'found', { localId: 'a' }), settled('ann', 'a')]
    expect(checkHistories(page, [...next, view('ann', [['1', 'a']])])).toMatchObject({ ok: true, sent: 1, settled: 1 })
    expect(checkHistories(page, [head, view('ann', [['1', 'a']])])).toMatchObject({ ok: true, sent: 1, settled: 0 })
    expect(checkHistories(page, [...next, view('ann', [])])).toMatchObject({ lost: [{ client: '1/ann', messages: ['a'] }] })
    const other = [head, event('ann', 'found', { localId: 'a', user: 'bob' }), event('ann', 'settled', { localId: 'a', user: 'bob' })]
    expect(checkHistories(page, other)).toMatchObject({ sent: 2, unsettled: [{ client: '1/ann', messages: ['a'] }] })
  })

  it('asks for the order of one page in every page of its user, and for none among pages', () => {
    const turned = view('ann', [
      ['2', 'b'],
      ['1', 'a'],
    ])
    expect(checkHistories([head, ...both], [head, turned])).toMatchObject({ disordered: [{ client: '2/ann', messages: ['2', '1'] }] })
    const page = [head, sent('ann', 'a'), settled('ann', 'a'), event('ann', 'found', { localId: 'b' })]
    expect(checkHistories(page, [head, sent('ann', 'b'), settled('ann', 'b'), turned]).ok).toBe(true)
  })

  it('refuses to judge where there is nothing to judge', () => {
    expect(() => checkHistories()).toThrow(new TypeError('checkHistories: there is no history. Pass the lines of deliveryAuditor().'))
    expect(() => checkHistories([head, ...both, view('ann', own)], deliveryAuditor().lines)).toThrow(
      new TypeError('checkHistories: history 2 tells of no client: no chat was attached. Attach each before it connects.'),
    )
  })

  it.each([
    ['nothing', ''],
    ['something else', '{"chatloom":"session","version":1}'],
    ['no JSON', `${head}\n{`],
    ['an unknown event', `${head}\n{"event":"later","client":"ann","conversation":"c","localId":"a"}`],
    ['no client', `${head}\n{"event":"sent","conversation":"c","localId":"a"}`],
    ['rows from nowhere', `${head}\n{"event":"shown","client":"ann","conversation":"c","from":3,"rows":[]}`],
  ])('refuses %s', (_, text) => expect(() => checkHistories(text)).toThrow(/^checkHistories: line \d/))
})

it('deliveryAuditor writes what a chat sends and shows, and the checker finds what a planted fault took', async () => {
  const test = createTestChat({ user: 'ann' })
  const bob = test.join('bob')
  const auditor = deliveryAuditor()
  const ends = [auditor.attach('ann', test.chat, ['lunch']), auditor.attach('bob', bob.chat, ['lunch'])]
  const talk = test.chat.conversation('lunch')
  await bob.expectView('lunch', [])
  talk.send('one')
  test.goOffline()
  talk.send('two')
  const taken = talk.send('three')
  await test.pass(100)
  talk.discard(taken)
  test.goOnline()
  await bob.expectView('lunch', ['one', 'two'])
  await test.expectView('lunch', ['one', 'two'])
  await test.pass(1_000)
  for (const end of ends) end()
  talk.send('not noted')
  expect(checkHistories(auditor.lines)).toMatchObject({ ok: true, clients: 2, sent: 3, settled: 2 })
  expect(auditor.lines.join('')).not.toContain('one')
  const [, second] = bob.chat.conversation('lunch').timeline.get().messages
  const lines = [...auditor.lines, view('bob', ['first', second?.id ?? '', 'last']), view('cat', ['first', 'last'])]
  const told = lines.map((line) => line.replace('"conversation":"c"', '"conversation":"lunch"'))
  expect(checkHistories(told).lost).toEqual([{ conversation: 'lunch', client: '1/cat', messages: [second?.id] }])
  await test.close()
})

it('an auditor of each page finds nothing where a reload while offline brought all home', async () => {
  const storage = memoryStorage()
  const test = createTestChat({ user: 'ann', storage })
  const bob = test.join('bob')
  await bob.expectView('lunch', [])
  const [page, next] = [deliveryAuditor(), deliveryAuditor()]
  const end = page.attach('ann', test.chat, ['lunch'])
  await test.expectView('lunch', [])
  test.goOffline()
  test.chat.conversation('lunch').send('one')
  await test.expectView('lunch', ['one'])
  end()
  await test.chat.close()
  const again = test.join('ann', { storage })
  next.attach('ann', again.chat, ['lunch'])
  again.chat.conversation('lunch').send('two')
  await bob.expectView('lunch', ['one', 'two'])
  await again.expectView('lunch', [{ status: 'sent' }, { status: 'sent' }])
  expect(checkHistories(page.lines, next.lines)).toMatchObject({ ok: true, clients: 2, sent: 2, settled: 2 })
  expect(checkHistories(page.lines).unsettled).toHaveLength(1)
  await test.close()
})

it('a message that the client forgets between the call and the outbox is missed', async () => {
  const test = createTestChat({ user: 'ann' })
  const talk = test.chat.conversation('lunch')
  const { send } = talk
  talk.send = () => 'forgotten'
  const auditor = deliveryAuditor()
  const end = auditor.attach('ann', test.chat, ['lunch'])
  talk.send('one')
  await test.pass(1_000)
  end()
  expect(talk.send).not.toBe(send)
  expect(talk.send('two')).toBe('forgotten')
  expect(checkHistories(auditor.lines)).toMatchObject({ sent: 1, unsettled: [{ client: '1/ann', messages: ['forgotten'] }] })
  await test.close()
})
