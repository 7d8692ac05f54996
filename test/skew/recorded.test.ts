/**
 * Sessions recorded by older builds, against the present client and the present server. `RECORD=<name> npx vitest run --project node
 * test/skew/recorded.test.ts` records one more with the present build: name it by the version of the protocol and the build's date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { composeChat } from '../../src/client/create-chat.js'
import type { Transport } from '../../src/ports/transport.js'
import type { ClientFrame, ServerFrame } from '../../src/protocol/frames.js'
import { decodeServerFrames } from '../../src/protocol/codec.js'
import { memoryStorage } from '../../src/storage/memory/index.js'
import { playSession } from '../../src/testing/session/play-session.js'
import { recordSession } from '../../src/testing/session/record-session.js'
import { virtualClock } from '../../src/testing/virtual-clock.js'
import { serverDoor } from '../fakes/server-door.js'
import { quiet } from '../fuzz/tally.js'
import { found, live, user } from './scenario.js'

const folder = new URL('./recorded/', import.meta.url)
const lanes = { claim: async (_: string, had?: () => void) => had?.(), release() {} }
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

async function chatOver(
  transport: (clock: ReturnType<typeof virtualClock>) => Transport,
  server?: ReturnType<typeof serverDoor>,
  clock = virtualClock(),
) {
  const chat = composeChat({ user, transport: transport(clock), clock, storage: memoryStorage(), lanes })
  const shown = await live(chat, clock, server)
  await chat.close()
  return shown
}

async function record(name: string): Promise<void> {
  const clock = virtualClock()
  const server = serverDoor({ now: clock.wall, name: 's' })
  await found(server)
  const recorded = recordSession(server.transport(user), { clock })
  const shown = await chatOver(() => recorded, server, clock)
  writeFileSync(new URL(`${name}.jsonl`, folder), `${recorded.lines.join('\n')}\n`)
  writeFileSync(new URL(`${name}.shown.json`, folder), shown)
}

if (process.env.RECORD) await record(process.env.RECORD)

const names = readdirSync(folder).flatMap((file) => (file.endsWith('.jsonl') ? [file.slice(0, -'.jsonl'.length)] : []))

describe.each(names)('the session %s', (name) => {
  const lines = read(`${name}.jsonl`)

  it('shows the present client what it showed then, and the client asks as it did then', async () => {
    const session = playSession(lines)
    expect(await chatOver(() => session)).toBe(read(`${name}.shown.json`))
    expect(session.left()).toEqual([])
  })

  it('has each question answered by the present server, and its messages kept as they were', async () => {
    const server = serverDoor({ now: () => 1_000_000, name: 'now' })
    await found(server)
    const said = asked(lines)
    const answers = new Map<string, number>()
    for (const frames of said.values()) for (const type of await answered(server, frames)) answers.set(type, (answers.get(type) ?? 0) + 1)
    const count = (type: string) => [...said.values()].flat().filter((frame) => frame.type === type).length
    expect(Object.fromEntries(answers)).toMatchObject({
      welcome: count('hello'),
      opened: count('open'),
      page: count('history'),
      ack: count('operation'),
    })
    expect([answers.get('failed'), answers.get('reject'), server.wrong]).toEqual([undefined, undefined, []])
    const page = await server.store.page({ tenant: '', conversation: 'team', user, anchor: { after: 0 }, limit: 100 })
    const kept = page?.rows.map(({ content }) => JSON.stringify(content))
    expect(kept).toEqual(contentsIn([...said.values()].flat()))
  })
})

type Recorded = ClientFrame & { readonly request?: number }

/** What the client said, by link. */
function asked(lines: string): Map<number, Recorded[]> {
  const links = new Map<number, Recorded[]>()
  for (const line of lines.trim().split('\n')) {
    const { link, event, frame } = JSON.parse(line) as { link: number; event: string; frame: Recorded }
    if (event === 'up') links.set(link, [...(links.get(link) ?? []), frame])
  }
  return links
}

/** One link played to the server, frame by frame; gives the types of what it said. Epochs and positions are of now. */
async function answered(server: ReturnType<typeof serverDoor>, frames: readonly Recorded[]): Promise<string[]> {
  const heard: ServerFrame[] = []
  let isOpen = true
  const line = server.dial({
    text(text) {
      const decoded = decodeServerFrames(text)
      if (decoded.ok) heard.push(...decoded.frames)
    },
    closed() {
      isOpen = false
    },
  })
  for (const frame of frames) {
    line.say(JSON.stringify(asOfNow(frame, heard)))
    await quiet()
  }
  expect(isOpen).toBe(true)
  line.gone()
  return heard.map(({ type }) => type)
}

function asOfNow(frame: Recorded, heard: readonly ServerFrame[]): object {
  if (frame.type === 'hello') return { ...frame, token: frame.user }
  if (frame.type === 'open') return { ...frame, position: undefined }
  if (frame.type === 'inbox') return { ...frame, cursor: undefined }
  const opened = 'conversation' in frame && heard.find((each) => each.type === 'opened' && each.conversation === frame.conversation)
  return opened && 'epoch' in frame && opened.type === 'opened' ? { ...frame, epoch: opened.epoch } : frame
}

/** Each once: what goes again keeps its local id. */
function contentsIn(frames: readonly Recorded[]): string[] {
  const contents = new Map<string, string>()
  for (const frame of frames)
    if (frame.type === 'operation' && frame.operation.kind === 'send') contents.set(frame.localId, JSON.stringify(frame.operation.content))
  return [...contents.values()]
}
