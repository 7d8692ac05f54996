/**
 * A chat for tests of applications: the shipped client over the shipped server's hub, all in memory and in virtual time.
 *
 *   const test = createTestChat({ user: 'ann' })
 *   await test.server.says('lunch', 'bob', { text: 'hi' })
 *   await test.expectView('lunch', ['hi'])
 */
import type { Chat, ChatOptions } from '../../client/api.js'
import { composeChat } from '../../client/create-chat.js'
import { memoryStorage } from '../../storage/memory/index.js'
import type { Which } from '../../transports/mock/faults.js'
import type { VirtualClock } from '../virtual-clock.js'
import { type Time, timeOf } from '../world/time.js'
import { anything, checkOptions, whole } from '../checked.js'
import { checkExpected, difference, type ExpectedMessage, shows } from './expect-view.js'
import { network } from './network.js'
import { type TestServer, type World, worldOf } from './server.js'

export interface TestDeviceOptions<Content = unknown> extends Pick<ChatOptions<Content>, 'content' | 'delivered' | 'logger' | 'metrics'> {
  /** Default a memory of its own. Devices that are given the same one are tabs of one browser. */
  readonly storage?: ChatOptions['storage']
}

export interface TestChatOptions<Content = unknown> extends TestDeviceOptions<Content> {
  /** Default `ann`. */
  readonly user?: string
  /** Of all chance, so that the same seed gives the same run. Default 1. */
  readonly seed?: number
}

export interface WaitOptions {
  /** Milliseconds of virtual time. Default 60,000: more than the longest wait between two attempts to connect. */
  readonly withinMs?: number
}

/** One device of one user, and its network. */
export interface TestDevice<Content = unknown> {
  /** A chat like any other; it is connected. */
  readonly chat: Chat<Content>
  /** Breaks the link; what is under way is lost, and no other link opens. */
  goOffline(): void
  /** Links open again; the chat tries by itself, within its backoff. */
  goOnline(): void
  /** Each frame is on its way this long, in each direction; order is kept. Default 0. */
  delay(ms: number): void
  /** Loses every frame, of both directions, that `which` picks, until the returned function is called. */
  drop(which: Which): () => void
  /**
   * Lets time pass until the conversation shows exactly these messages, in this order. Rejects with an `Error` that says what
   * is shown instead, and with a `TypeError` where no message could be like one that is expected.
   */
  expectView(conversation: string, expected: readonly ExpectedMessage[], options?: WaitOptions): Promise<void>
}

export interface TestChat<Content = unknown> extends TestDevice<Content> {
  readonly server: TestServer
  /** The time of all devices and of the server: it stands still until `pass`, `until` or `expectView` moves it. */
  readonly clock: VirtualClock
  /** Another device on the same server: of another user, or one more of the same. */
  join<Other = unknown>(user: string, options?: TestDeviceOptions<Other>): TestDevice<Other>
  /** Lets so much time pass, and everything happen that falls due; `pass(0)`: what is due already. */
  pass(ms: number): Promise<void>
  /** Lets time pass until it is so. Rejects with an `Error` when it never is. */
  until(isSo: () => boolean, options?: WaitOptions): Promise<void>
  /** Ends every chat; nothing is left running. Safe to call twice. */
  close(): Promise<void>
}

/** An application's promises may take more turns than those of chatloom itself. */
const turns = 100
const defaultWithinMs = 60_000

const deviceChecks = { storage: anything, content: anything, delivered: anything, logger: anything, metrics: anything }

/** Uses no timer but its own clock's, opens no port, and needs no test runner. Throws `bad-argument` as `createChat` does, and `TypeError` for an option that is none. */
export function createTestChat<Content = unknown>(options: TestChatOptions<Content> = {}): TestChat<Content> {
  checkOptions<TestChatOptions>('createTestChat', options, { user: anything, seed: whole(0), ...deviceChecks })
  const { user = 'ann', seed = 1, ...rest } = options
  const time = timeOf(seed, turns)
  const chats: Chat<never>[] = []
  const world = worldOf(time, () => chats.map((chat) => chat.user))
  const join = <C>(user: string, options: TestDeviceOptions<C> = {}) => {
    checkOptions<TestDeviceOptions>('join', options, deviceChecks)
    const made = device(time, world, user, options)
    chats.push(made.chat as Chat<never>)
    return made
  }
  return {
    ...join(user, rest),
    server: world.server,
    clock: time.clock,
    join,
    pass: time.pass,
    async until(isSo, { withinMs = defaultWithinMs } = {}) {
      if (!(await until(time, isSo, withinMs))) throw new Error(`It did not come to be so within ${withinMs} ms: ${isSo}`)
    },
    async close() {
      await Promise.all(chats.map((chat) => chat.close()))
      await time.quiet()
    },
  }
}

function device<C>(time: Time, { hub }: World, user: string, options: TestDeviceOptions<C>): TestDevice<C> {
  const { storage = memoryStorage(), content, delivered, logger, metrics } = options
  const { transport, ...mine } = network({ time, hub, user })
  const chat = composeChat<C>({
    user,
    content,
    delivered,
    logger,
    metrics,
    transport,
    storage,
    clock: time.clock,
    // A browser's own locks answer in real time. Without any, a lane counts as free, which is harmless (R16).
    lanes: { claim: async (_: string, had?: () => void) => had?.(), release() {} },
    // Tabs of one user hear of each other's logout; devices of a test, and other tests in this process, must not.
    tenant: options.storage ? undefined : `test ${Math.random()}`,
  })
  chat.connect()
  return {
    chat,
    ...mine,
    async expectView(conversation, expected, { withinMs = defaultWithinMs } = {}) {
      checkExpected(expected)
      const { timeline } = chat.conversation(conversation)
      // It is kept up to date only while somebody looks.
      const stop = timeline.subscribe(() => {})
      try {
        const shown = await until(time, () => shows(timeline.get().messages, expected), withinMs)
        if (!shown) throw new Error(difference(chat, conversation, expected, withinMs))
      } finally {
        stop()
      }
    },
  }
}

/** Lets time pass, from timer to timer, until it is so; false: it was not in time. */
async function until({ clock, quiet }: Time, isSo: () => boolean, withinMs: number): Promise<boolean> {
  let isLate = false
  const cancel = clock.timer(clock.now() + withinMs, () => {
    isLate = true
  })
  await quiet()
  while (!isSo() && !isLate) {
    clock.runNext()
    await quiet()
  }
  cancel()
  return isSo()
}
