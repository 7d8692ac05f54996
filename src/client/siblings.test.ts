/** What instances of one user in one browser tell each other, and what they do not listen to. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as bounds from '../core/bounds.js'
import { siblings } from './siblings.js'

/** The channels of one browser, each message heard at once. */
let channels: { name: string; onmessage?: (event: { data: unknown }) => void }[] = []
let posted: unknown[] = []

class Channel {
  onmessage?: (event: { data: unknown }) => void
  constructor(readonly name: string) {
    channels.push(this)
  }
  postMessage(data: unknown) {
    if (!channels.includes(this)) throw new Error('closed')
    posted.push(data)
    for (const each of channels) if (each !== this && each.name === this.name) each.onmessage?.({ data })
  }
  close() {
    channels = channels.filter((each) => each !== this)
  }
}

beforeEach(() => {
  channels = []
  posted = []
  vi.stubGlobal('document', {})
  vi.stubGlobal('BroadcastChannel', Channel)
})
afterEach(() => vi.unstubAllGlobals())

function instance(lane: string, { user = 'ann', held = Promise.resolve() as Promise<unknown> } = {}) {
  const [onLogout, onLane] = [vi.fn(), vi.fn<(lane: string) => void>()]
  const channel = siblings({ user, tenant: undefined }, lane, held, onLogout, onLane) as BroadcastChannel
  return { channel, onLogout, heard: () => onLane.mock.calls.map(([of]) => of) }
}

const quiet = () => new Promise<void>((done) => setImmediate(done))

describe('L1 R16: instances of one user', () => {
  it('each hear the lane of every other once, whoever began first', async () => {
    const all = ['a', 'b', 'c'].map((lane) => ({ lane, ...instance(lane) }))
    await quiet()
    const late = { lane: 'd', ...instance('d') }
    await quiet()
    for (const { lane, heard } of [...all, late]) expect(heard().sort()).toEqual(['a', 'b', 'c', 'd'].filter((each) => each !== lane))
  })

  it('hear of a lane only once it is held, and never of one whose instance has ended before', async () => {
    let hold = () => {}
    const held = new Promise<void>((resolve) => {
      hold = resolve
    })
    const here = instance('a')
    const there = instance('b', { held })
    await quiet()
    expect(here.heard()).toEqual([])
    there.channel.close()
    hold()
    await quiet()
    expect(here.heard()).toEqual([])
  })

  it('hear nothing of another user', async () => {
    const [here, there] = [instance('a'), instance('b', { user: 'ben' })]
    await quiet()
    expect([here.heard(), there.heard()]).toEqual([[], []])
  })

  it('ignore what is no lane, and lanes beyond the bound', async () => {
    const here = instance('a'.repeat(26))
    const stranger = new Channel('chatloom:[null,"ann"]')
    for (const data of [null, 1, {}, ['b'], { length: 26 }, 'x'.repeat(1_000), 'a'.repeat(26)]) stranger.postMessage(data)
    expect(here.heard()).toEqual([])
    await quiet()
    posted = []
    for (let n = 0; n < 2 * bounds.lanes; n++) stranger.postMessage(`${n}`.padStart(26, '0'))
    await quiet()
    expect(here.heard()).toHaveLength(bounds.lanes)
    expect(posted).toHaveLength(3 * bounds.lanes)
    stranger.postMessage('logout')
    expect(here.onLogout).toHaveBeenCalledOnce()
    expect(here.heard()).toHaveLength(bounds.lanes)
  })
})
