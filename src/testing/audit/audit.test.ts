import { describe, expect, it } from 'vitest'
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

  it.each<[string, string[], string]>([
    ['lost', [...both, view('ann', own), view('bob', ['2'])], 'lost 1/bob 1'],
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
    const one = [head, ...both, view('ann', own)]
    expect(checkHistories(one, [head, view('ann', ['1', '2'])].join('\n'))).toMatchObject({ ok: true, clients: 2, sent: 2, settled: 2 })
    expect(checkHistories(one, [head, view('ann', ['1'])])).toMatchObject({ lost: [{ client: '2/ann', messages: ['2'] }] })
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
  const blind = auditor.lines.filter((line) => !/"client":"bob".*"rows":\[\{/.test(line))
  expect(checkHistories(blind).lost.map(({ client }) => client)).toEqual(['1/bob', '1/bob'])
  await test.close()
})
