/** How soon a whole chat is on another way where its best one carries nothing: to the millisecond, in virtual time. */
import { expect, it } from 'vitest'
import type { Transport } from '../src/index.js'
import { virtualClock } from '../src/testing/virtual-clock.js'
import { fallback } from '../src/transports/fallback/index.js'
import { mockTransport } from '../src/transports/mock/index.js'
import { drivenChat } from './fakes/driven-chat.js'
import { at, way } from './fakes/way.js'

const silentSockets = (['opens and stays silent', 'does not open'] as const).map((what) => ({ what, opens: what.startsWith('opens') }))

it.each(silentSockets)(
  'a socket that $what: events are tried 2 s later, no sooner and no later, whatever chance says',
  async ({ opens }) => {
    // Nearly the longest wait that jitter can bring.
    const clock = { ...virtualClock(), roll: () => 0.9 }
    const sockets = way('websocket')
    const mock = mockTransport({ clock })
    let triedAtMs = Number.NaN
    const events: Transport = {
      name: 'sse',
      open(to) {
        if (Number.isNaN(triedAtMs)) triedAtMs = clock.now()
        return mock.open(to)
      },
    }
    const { chat, pass } = drivenChat({ clock, transport: fallback([sockets.transport, events], { clock }) })
    chat.connect()
    const localId = chat.conversation('c').send('hello')
    await pass(700)
    const fromMs = opens ? clock.now() : 0
    if (opens) at(sockets.openings).opened()
    while (Number.isNaN(triedAtMs) && clock.now() < 10_000) await pass(1)
    expect(triedAtMs - fromMs).toBe(2_000)
    await pass()
    expect(chat.session.get()).toMatchObject({ phase: 'online', transport: 'sse' })
    expect((await chat.settled(localId)).content).toBe('hello')
    await chat.close()
    expect(clock.pending()).toBe(0)
  },
)
