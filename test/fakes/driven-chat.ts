/** A whole chat over the scripted transport and rows in memory, with time that only a test moves. */
import type { Chat, ChatOptions } from '../../src/client/api.js'
import { composeChat } from '../../src/client/create-chat.js'
import type { Lanes } from '../../src/client/lanes.js'
import type { StorageFactory } from '../../src/ports/storage.js'
import { memoryStorage } from '../../src/storage/memory/index.js'
import { type VirtualClock, virtualClock } from '../../src/testing/virtual-clock.js'
import { type MockTransport, mockTransport } from '../../src/transports/mock/index.js'

export interface DrivenChat<C> {
  readonly chat: Chat<C>
  readonly mock: MockTransport
  readonly clock: VirtualClock
  readonly storage: StorageFactory
  /** Moves time, then lets everything happen that needs none. */
  pass(ms?: number): Promise<void>
  /** Connects and comes online. */
  online(): Promise<void>
}

export interface DrivenChatOptions<C> extends Partial<ChatOptions<C>> {
  readonly mock?: MockTransport
  readonly clock?: VirtualClock
  readonly lanes?: Lanes
}

/** Everybody holds every lane at once, as where there are no locks. */
const openLanes: Lanes = { claim: async (_, had) => had?.(), release: () => {} }

export function drivenChat<C = unknown>(options: DrivenChatOptions<C> = {}): DrivenChat<C> {
  const { clock = virtualClock(), storage = memoryStorage(), lanes = openLanes, mock = mockTransport({ clock }), ...rest } = options
  const chat = composeChat<C>({ user: 'me', transport: mock, ...rest, clock, storage, lanes })
  const pass = async (ms = 0) => {
    await microtasks()
    clock.advance(ms)
    await microtasks()
  }
  return {
    chat,
    mock,
    clock,
    storage,
    pass,
    async online() {
      chat.connect()
      await pass(1_000)
    },
  }
}

/** Enough turns for every chain of promises that a step can start. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 100; i++) await null
}
