/** §1.3 and §1.4: what cannot be read closes the link, what cannot be applied is rejected, and neither harms anybody. */
import * as limits from '../../protocol/limits.js'
import { type BackendCase, closes, one } from './ground.js'
import { operation } from './guest.js'
import { like } from './unmet.js'

const badFrame = 4002
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0]))
const json = (frame: object) => JSON.stringify(frame)
const open = { type: 'open', request: 1, conversation: 'c' }
const receipt = { type: 'receipt', conversation: 'c', epoch: 'e', read: 1 }
const history = { type: 'history', request: 1, conversation: 'c', epoch: 'e', anchor: { before: 1 }, limit: 1 }

/** Texts after which a server must close `bad-frame`. */
const unreadable: Readonly<Record<string, string>> = {
  'broken JSON': '{"type":"ping",',
  'a text that is no JSON': 'hello?',
  'an empty text': '',
  'a number': '42',
  'a text in quotes': '"ping"',
  null: 'null',
  'a frame without a type': '{"n":1}',
  'a type that is no text': '{"type":1}',
  'a list with something that is no frame': '[{"type":"ping","n":1},7]',
  'a ping whose n is a text': '{"type":"ping","n":"one"}',
  'a ping whose n is a fraction': '{"type":"ping","n":0.5}',
  'a count above 2^53 - 1': '{"type":"ping","n":9007199254740992}',
  'a number that no double holds': '{"type":"ping","n":1e999}',
  'an open without a conversation': '{"type":"open","request":1}',
  'an open without a request': '{"type":"open","conversation":"c"}',
  'an open with a negative request': json({ ...open, request: -1 }),
  'null where a field may be absent': json({ ...open, position: null }),
  'a position without an epoch': json({ ...open, position: { seq: 0, tag: '' } }),
  'an empty id': json({ ...open, conversation: '' }),
  'an id of 129 characters': json({ ...open, conversation: 'c'.repeat(limits.idChars + 1) }),
  'half of a surrogate pair in an id': '{"type":"open","request":1,"conversation":"c\\ud800"}',
  'a history without an anchor': json({ ...history, anchor: undefined }),
  'an anchor of an unknown kind': json({ ...history, anchor: { near: 1 } }),
  'an operation without a local id': json({ ...operation('c', 'l'), localId: undefined }),
  'an operation with an empty local id': json(operation('c', '')),
  'an operation frame without an operation': json({ ...operation('c', 'l'), operation: undefined }),
  'an empty after': json({ ...operation('c', 'l'), after: '' }),
}

/** The same, of features that a server may lack. */
const unreadableOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  typing: { 'a typing that is neither on nor off': '{"type":"typing","conversation":"c","on":1}' },
  inbox: { 'a cursor of 1,025 characters': json({ type: 'inbox', request: 1, cursor: 'x'.repeat(limits.cursorChars + 1) }) },
  receipts: {
    'a negative watermark': json({ ...receipt, read: -1 }),
    'a watermark that is a fraction': json({ ...receipt, read: 0.5 }),
    'a watermark that is a text': json({ ...receipt, read: '1' }),
    'a receipt without an epoch': json({ type: 'receipt', conversation: 'c', read: 1 }),
  },
}

/** The same, by the bounds of §12. */
const outOfBounds: Readonly<Record<string, string>> = {
  'a text of more than 64 KiB': '{"type":"ping","n":1}'.padEnd(limits.clientFrameBytes + 1),
  'a frame that nests deeper than 32': `{"type":"ping","n":1,"x":${nested(limits.jsonDepth + 1)}}`,
  '20,000 open brackets': nested(20_000),
  'a list of 1,001 frames': json(Array.from({ length: limits.arrayItems + 1 }, () => ({ type: 'later' }))),
  'a list of 1,001 items in a field': json({ type: 'ping', n: 1, x: Array.from({ length: limits.arrayItems + 1 }, () => 0) }),
  'an object of 1,001 keys in a field': json({ type: 'ping', n: 1, x: wide(limits.objectKeys + 1) }),
  'the key __proto__': '{"type":"ping","n":1,"__proto__":{"admin":true}}',
  'the key __proto__ further inside': '{"type":"ping","n":1,"x":[{"__proto__":{}}]}',
}

/** A WebSocket library may refuse a text that is too long before the server sees it. */
const messageTooBig = 1009

const closing = (paragraph: string, name: string, text: string, features: readonly string[] = []): BackendCase => ({
  paragraph,
  name: `closes bad-frame on ${name}`,
  core: true,
  features,
  async run(ground) {
    const ann = await ground.enter(ground.ann)
    ann.raw(text)
    if (text.length <= limits.clientFrameBytes) return closes(ann, badFrame, 'bad-frame')
    const end = await ann.ended('the server to close 4002 bad-frame, or 1009')
    if (end.code !== messageTooBig) like(end, { code: badFrame }, 'a close bad-frame')
  },
})

const send = (content: unknown) => ({ kind: 'send', content })

/** Operations that are rejected for good while the link lives on: closed for them, it would bring them back for ever. */
const unsupported: Readonly<Record<string, string>> = {
  'of an unknown kind': json({ kind: 'explode', force: 9 }),
  'without a kind': json({ content: 1 }),
  'that is no object': '7',
  'to send without content': json({ kind: 'send' }),
  'whose content nests deeper than 24': json(send(JSON.parse(nested(limits.contentDepth + 1)))),
  'whose content has a list of 1,001 items': json(send(Array.from({ length: limits.arrayItems + 1 }, () => 0))),
  'whose content has an object of 1,001 keys': json(send(wide(limits.objectKeys + 1))),
  'whose content has the key __proto__': '{"kind":"send","content":{"__proto__":{"admin":true}}}',
}

const rejecting = (paragraph: string, name: string, asked: string): BackendCase => ({
  paragraph,
  name: `rejects an operation ${name} as unsupported, and the link lives`,
  core: true,
  async run(ground) {
    const { conversation, ann } = await one(ground)
    const localId = ground.id()
    ann.raw(json(operation(conversation, localId)).replace(/"operation":\{.*\}\}$/, () => `"operation":${asked}}`))
    const reject = await ann.next('reject', `a reject of ${localId}`, (frame) => frame.localId === localId)
    like(reject, { conversation, try: 1, code: 'unsupported', final: true }, 'the reject')
    await ann.lives('an operation it does not know is rejected alone')
  },
})

/** Names that have a place and no meaning yet. */
const reserved = ['edit', 'delete', 'react', 'pin']

export const hostileCases: readonly BackendCase[] = [
  ...Object.entries(unreadable).map(([name, text]) => closing('1.4', name, text)),
  ...Object.entries(unreadableOf).flatMap(([feature, texts]) =>
    Object.entries(texts).map(([name, text]) => closing('1.4', name, text, [feature])),
  ),
  ...Object.entries(outOfBounds).map(([name, text]) => closing('1.3', name, text)),
  ...Object.entries(unsupported).map(([name, asked]) => rejecting('1.4', name, asked)),
  ...reserved.map((kind) => rejecting('14.2', `${kind}, which is reserved,`, json({ kind, target: 'x' }))),
]
