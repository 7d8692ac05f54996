/**
 * A device that was away for a month: 10,000 messages written offline, over three restarts, on a disk that loses power. The shipped
 * client and hub in virtual time, so that the times asserted are the protocol's own and no machine's (L1, L2, L6, L9).
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Chat } from '../src/index.js'
import { composeChat } from '../src/client/create-chat.js'
import type { MessageRow } from '../src/protocol/frames.js'
import type { RateLimit } from '../src/server/hub/rate.js'
import { crashingStorage } from '../src/testing/crashing-storage.js'
import { seeded } from '../src/testing/seeded.js'
import { type Network, network } from '../src/testing/test-chat/network.js'
import { type World, worldOf } from '../src/testing/test-chat/server.js'
import { type Time, timeOf } from '../src/testing/world/time.js'

const [day, year] = [86_400_000, 365 * 86_400_000]
const roundTripMs = 20
/** The longest wait between two attempts to connect. */
const backoffMs = 30_000

interface Stage {
  readonly time: Time
  readonly world: World
  /** Turns the device on: another instance over the same disk. */
  start(): Promise<Device>
  /** Everything stored, in the order of the log. */
  log(): Promise<MessageRow[]>
  until(isSo: () => boolean): Promise<void>
}

interface Device {
  readonly chat: Chat
  readonly net: Network
  /** Power fails, and the program is gone. */
  crash(): Promise<void>
}

let chats: Chat[] = []
afterEach(async () => {
  await Promise.all(chats.map((chat) => chat.close()))
  chats = []
})

function stage(seed: number, rate?: RateLimit): Stage {
  const time = timeOf(seed)
  const disk = crashingStorage(seeded(seed), { cacheBytes: 64 * 1024 * 1024 })
  const world = worldOf(time, () => ['ann'], rate)
  return {
    time,
    world,
    async start() {
      const net = network({ time, hub: world.hub, user: 'ann' })
      net.delay(roundTripMs / 2)
      const chat = composeChat({
        user: 'ann',
        transport: net.transport,
        storage: disk.factory,
        clock: time.clock,
        lanes: { claim: async (_: string, had?: () => void) => had?.(), release() {} },
        tenant: undefined,
      })
      chats.push(chat)
      chat.connect()
      return {
        chat,
        net,
        async crash() {
          disk.crash()
          net.goOffline()
          void chat.close()
          await time.quiet()
        },
      }
    },
    async log() {
      const rows: MessageRow[] = []
      const at = { tenant: '', conversation: 'c', user: 'ann', limit: 100 }
      for (;;) {
        const page = await world.store.page({ ...at, anchor: { after: rows.at(-1)?.seq ?? 0 } })
        if (!page?.rows.length) return rows
        rows.push(...page.rows)
      }
    },
    async until(isSo) {
      await time.quiet()
      while (!isSo()) {
        if (!time.clock.runNext()) throw new Error(`It can never be so: ${isSo}`)
        await time.quiet()
      }
    },
  }
}

/** Writes `count` messages over 30 days without a network, with three power cuts; returns the device and what it was promised. */
async function month({ time, start, world }: Stage, count: number): Promise<{ device: Device; localIds: readonly string[] }> {
  await world.server.put({ id: 'c', members: ['ann'] })
  const localIds: string[] = []
  let device = await start()
  device.net.goOffline()
  for (let at = 0; at < 30; at++) {
    const talk = device.chat.conversation('c')
    while (localIds.length < (count * (at + 1)) / 30) localIds.push(talk.send({ n: localIds.length }))
    await time.pass(day)
    if (at % 8 !== 7) continue
    await device.crash()
    device = await start()
    device.net.goOffline()
  }
  await time.quiet()
  expect(device.chat.outbox.get().map(({ localId }) => localId)).toEqual(localIds)
  return { device, localIds }
}

/** Ms of virtual time from the network's return to an empty outbox. */
async function heal({ time, until }: Stage, { chat, net }: Device): Promise<number> {
  const startMs = time.clock.now()
  net.goOnline()
  await until(() => chat.outbox.get().length === 0)
  return time.clock.now() - startMs
}

const sends = 10_000

describe('10,000 messages of 30 days offline, over 3 restarts (L1, L2, L6)', { timeout: 60_000 }, () => {
  it('are delivered once and in order within 60 s of the return of the network (L9)', async () => {
    const one = stage(1)
    const { device, localIds } = await month(one, sends)
    const tookMs = await heal(one, device)
    console.info(`${sends} messages in ${tookMs / 1000} s at ${roundTripMs} ms`)
    expect((await one.log()).map(({ localId }) => localId)).toEqual(localIds)
    expect(tookMs).toBeLessThanOrEqual(60_000)
  })

  it('under a limit of 100 frames a second take no longer than it asks for and one backoff (L9)', async () => {
    const perSecond = 100
    const one = stage(2, { perSecond, burst: perSecond })
    const { device, localIds } = await month(one, sends)
    const tookMs = await heal(one, device)
    console.info(`${sends} messages in ${tookMs / 1000} s under ${perSecond}/s: the limit alone asks for ${sends / perSecond} s`)
    expect((await one.log()).map(({ localId }) => localId)).toEqual(localIds)
    expect(tookMs).toBeLessThanOrEqual((sends / perSecond) * 1_000 + backoffMs)
  })
})

it('a retry a year later, by another instance, gets the first answer and makes no second message (L2)', async () => {
  const one = stage(3)
  const { time, start, world } = one
  await world.server.put({ id: 'c', members: ['ann', 'bob'] })
  const first = await start()
  const talk = first.chat.conversation('c')
  const stop = talk.timeline.subscribe(() => {})
  await one.until(() => talk.timeline.get().state === 'ready')
  first.net.drop(({ type }) => ['ack', 'change', 'opened'].includes(type))
  const localId = talk.send({ text: 'once' })
  await time.pass(1_000)
  const [original] = await one.log()
  expect(original).toMatchObject({ localId, seq: 1 })
  expect(first.chat.outbox.get()).toMatchObject([{ localId, status: 'sending' }])
  stop()
  await first.crash()
  time.clock.advance(year)
  await world.server.says('c', 'bob', 'a year of this')

  const later = await start()
  await one.until(() => later.chat.outbox.get().length === 1)
  await heal(one, later)
  await time.quiet()
  expect((await one.log()).map(({ localId, id }) => localId ?? id)).toHaveLength(2)
  expect((await one.log())[0]).toEqual(original)
  const again = later.chat.conversation('c')
  again.timeline.subscribe(() => {})
  await one.until(() => again.timeline.get().state === 'ready')
  expect(again.timeline.get().messages).toMatchObject([{ id: original?.id, localId, status: 'sent' }, { author: 'bob' }])
})
