/** The end of a world: every chat is closed, and nothing of it may be left. */
import { allOf } from '../tab.js'
import type { World } from '../world.js'

/** So long a server keeps a link of which it hears nothing, and somewhat more. */
const quietMs = 70_000

export async function end(world: World): Promise<void> {
  const { journal, server, relay, time, devices } = world
  const tabs = world.tabs()
  world.over()
  let closed = 0
  for (const tab of tabs) {
    for (const off of tab.views.values()) off()
    void tab.chat.close().then(() => {
      closed += 1
      time.beat()
    })
  }
  await time.pass(1_000)
  const say = (what: string) => journal.broken('nothing-left', what)
  if (closed < tabs.length) say(`${tabs.length - closed} of ${tabs.length} chats did not close`)
  for (const tab of tabs) {
    const { name, life, page } = tab
    if (life.timers.size > 0) say(`${name} is closed, but ${life.timers.size} of its timers wait`)
    if (allOf(tab).some((network) => network.isOpen())) say(`${name} is closed, but its link is open`)
    if (page.channels() > 0) say(`${name} is closed, but listens to ${page.channels()} channels`)
  }
  await time.pass(quietMs)
  for (const device of devices) if (device.locks() > 0) say(`${device.user()} has closed all, but ${device.locks()} locks are held`)
  if (server.links() > 0) say(`${server.links()} links are left at the server`)
  if (relay && relay.links() > 0) say(`${relay.links()} links are left at the relay`)
  const subscriptions = server.bus?.subscriptions() ?? 0
  if (subscriptions > 0) say(`${subscriptions} subscriptions are left at the bus`)
  for (const tab of tabs) tab.device.killTab(tab)
}
