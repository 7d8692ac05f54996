/** Histories by chance: three nodes, five links, two conversations whose members come and go, and a bus that does all that a bus may. */
import { describe, expect, it } from 'vitest'
import { type DrivenLink, type DrivenNodes, drivenNodes, healedMs } from '../../../test/fakes/driven-nodes.js'
import { send } from '../../../test/fakes/driven-hub.js'
import { type StrictReader, strictReader } from '../../../test/fakes/strict-reader.js'
import type { Troubles } from '../../../test/fakes/scripted-bus.js'

const conversations = ['c', 'd'] as const
const users = ['ann', 'bob', 'cid'] as const
const steps = 80

interface Reading {
  readonly link: DrivenLink
  readonly reader: StrictReader
}

/** Everything wrong with one history. */
async function history(seed: number, troubles: Troubles): Promise<readonly string[]> {
  const driven = drivenNodes(3, { seed })
  const { bus, clock, pass, store } = driven
  for (const conversation of conversations) await driven.put(0, users, conversation)
  const readings = [0, 1, 2, 1, 2].map((node, n): Reading => {
    const user = users[n % users.length] as string
    const link = driven.link(node, user, { lane: `${n}` })
    const ask = (conversation: string) => link.say(openOf(conversation, steps + n))
    return { link, reader: strictReader(user, (request) => conversations[request % 2] as string, ask) }
  })
  const wrong: string[] = []
  const look = () => {
    for (const { link, reader } of readings) wrong.push(...reader.read(link.frames.splice(0)).map((what) => `${link.user}: ${what}`))
  }
  for (const { link } of readings) link.say({ type: 'inbox', request: 999, followed: true })
  await pass(50)
  bus.troubles = troubles
  for (let n = 0; n < steps; n++) {
    await step(driven, readings, n)
    await pass(Math.floor(clock.roll() * 150))
    look()
  }
  for (const node of [0, 1, 2]) bus.heal(node)
  await pass(healedMs)
  look()
  // Whoever was told of a head alone has asked again.
  await pass(50)
  look()
  for (const { link, reader } of readings)
    wrong.push(...(await reader.compare(store, conversations)).map((what) => `${link.user}: ${what}`))
  return wrong
}

async function step({ clock, bus, nodes, put, store }: DrivenNodes, readings: readonly Reading[], n: number): Promise<void> {
  const one = <T>(all: readonly T[]) => all[Math.floor(clock.roll() * all.length)] as T
  const conversation = one(conversations)
  const { link, reader } = one(readings)
  const { epoch = '' } = (await store.open({ tenant: '', conversation, user: 'ann' })) ?? {}
  const at = { type: 'receipt', conversation, epoch } as const
  const kind = clock.roll()
  if (kind < 0.35) link.say(send(`m${n}`, conversation))
  else if (kind < 0.5) link.say(openOf(conversation, n))
  else if (kind < 0.55) leave(link, reader, conversation)
  else if (kind < 0.65) link.say({ ...at, delivered: Math.floor(clock.roll() * n), read: Math.floor((clock.roll() * n) / 2) })
  else if (kind < 0.7) link.say({ ...at, marked: { at: Math.floor(clock.roll() * 9), rev: n } })
  else if (kind < 0.75) link.say({ type: 'typing', conversation, on: true })
  else if (kind < 0.83) await put(one([0, 1, 2]), ['ann', ...['bob', 'cid'].filter(() => clock.roll() < 0.7)], conversation)
  else if (kind < 0.88) void one(nodes).post({ tenant: '', conversation, id: `p${n % 3}`, author: 'system', content: n })
  else if (kind < 0.92) bus.stall(one([1, 2]))
  else if (kind < 0.95) bus.cut(one([1, 2]))
  else bus.heal(one([1, 2]))
}

const openOf = (conversation: string, n: number) =>
  ({ type: 'open', request: 2 * n + conversations.indexOf(conversation as 'c'), conversation }) as const

function leave(link: DrivenLink, reader: StrictReader, conversation: string): void {
  link.say({ type: 'unfollow', conversation })
  reader.unfollow(conversation)
}

const seeds = Array.from({ length: 25 }, (_, n) => n + 1)

describe('whatever the bus does', () => {
  it.each<Troubles>([
    { loss: 0 },
    { loss: 0.1, double: 0.3, delayMs: 500 },
    { loss: 0.5, double: 0.1, deaf: 0.3, delayMs: 2_000 },
    { loss: 1 },
  ])('L3 L4: %o: nothing is lost, doubled or disordered, and all agree with the store after a look at its news', async (troubles) => {
    for (const seed of seeds) expect([seed, await history(seed, troubles)]).toEqual([seed, []])
  })
})

describe('a planted bug', () => {
  it.each<Planted>([{ hintTrusted: true }, { headsUnchecked: true }])('%o is noticed', async (bugs) => {
    globalThis.planted = bugs
    const found = []
    for (const seed of seeds.slice(0, 5)) found.push(...(await history(seed, { loss: 0.3 })))
    expect(found).not.toEqual([])
  })
})
