/** Steps in which the server or its store goes wrong. */
import type { Content } from '../tab.js'
import type { StepName } from '../plan.js'
import { hostile, poisoned } from '../wire.js'
import { forgetOrder, post, type World } from '../world.js'
import type { Acts } from './acts.js'
import { quiet, send } from './users.js'

type Names = Extract<
  StepName,
  | 'kill-before-commit'
  | 'kill-after-commit'
  | 'kill-after-ack'
  | 'kill-mid-fan-out'
  | 'kill-server'
  | 'drain-server'
  | 'older-build'
  | 'jump-server-clock'
  | 'lose-unsynced'
  | 'answer-late'
  | 'answer-old'
  | 'answer-hole'
  | 'lagging-page'
  | 'fail-write'
  | 'fail-read'
  | 'fill-store'
  | 'slow-store'
  | 'restore-new-epoch'
  | 'restore-file'
  | 'restore-alive'
  | 'post-hostile'
>

function restore(world: World, newEpoch: boolean, alive: boolean): void {
  const { server, journal, next } = world
  if (!server.store.restore(newEpoch ? () => `e${next()}` : undefined, alive)) return
  forgetOrder(world, alive)
  journal.fired(newEpoch ? 'store restored under a new epoch' : 'store file copied back')
  if (alive) journal.fired('store restored while links live')
  else server.kill()
}

export const serverFaults: Acts<Names> = {
  'kill-before-commit': (world) => world.server.store.arm('kill-before'),
  'kill-after-commit': (world) => world.server.store.arm('kill-after'),
  'kill-after-ack': (world) => world.server.orders.dieAfter('ack'),
  'kill-mid-fan-out': (world) => world.server.orders.dieAfter('change'),
  'kill-server'(world) {
    if (!world.server.isUp()) return
    world.journal.fired('server killed at rest')
    world.server.kill()
  },
  'drain-server'(world) {
    if (!world.server.isUp()) return
    world.journal.fired('server drained')
    world.server.drain()
  },
  'older-build'(world) {
    const node = world.server.isUp() ? world.server.node() : undefined
    if (!node) return
    world.journal.fired('server rolled back to an older build')
    node.rollBack()
  },
  'jump-server-clock'(world) {
    world.journal.fired('server clock jumped')
    world.server.jump(world.chance.pick([-3_600_000, -60_000, 60_000, 3_600_000]))
  },
  'lose-unsynced': (world) => world.server.store.arm('unsynced'),
  'answer-late'(world, tab) {
    world.server.orders.tamper('late')
    for (const network of tab.networks) network.cut()
  },
  'answer-old'(world, tab) {
    world.server.orders.tamper('old')
    for (const network of tab.networks) network.cut()
  },
  'answer-hole'(world, tab, room) {
    world.server.orders.tamper('hole')
    quiet(tab.device.talk(tab, room).loadOlder())
  },
  'lagging-page'(world, tab, room) {
    world.server.store.arm('lag')
    const talk = tab.device.talk(tab, room)
    const head = world.truth.now(room)?.changes.length ?? 0
    quiet(world.chance.hit(0.5) ? talk.loadOlder() : talk.jumpTo(world.chance.int(1, Math.max(1, head))))
  },
  'fail-write': (world) => world.server.store.arm('fail-write'),
  'fail-read': (world) => world.server.store.arm('fail-read'),
  'fill-store': (world) => world.server.store.fill(world.chance.int(1_000, 20_000)),
  'slow-store': (world) => world.server.store.slow(world.chance.int(200, 4_000), world.chance.int(1_000, 20_000)),
  'restore-new-epoch': (world) => restore(world, true, false),
  'restore-file': (world) => restore(world, false, false),
  'restore-alive': (world) => restore(world, true, true),
  'post-hostile'(world, tab, room) {
    world.journal.fired('content with hostile keys')
    // Only what travels as text is read before it is believed.
    if (world.plan.isText) send(world, tab, room, poisoned as Content)
    post(world, room, world.chance.pick(world.plan.users), hostile)
  },
}
