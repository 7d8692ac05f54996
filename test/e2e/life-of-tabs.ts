/** A drawn life of eight tabs: what is said in them, and which of them close, freeze and die in the middle of it. */
import type { Home, Tab } from './home.js'

export interface Takeover {
  readonly how: 'close' | 'kill' | 'freeze' | 'stop'
  /** Until the first of the others was welcomed by the next link, and until the last was. Milliseconds. */
  readonly firstMs: number
  readonly lastMs: number
}

export interface Life {
  readonly tabs: readonly Tab[]
  readonly takeovers: readonly Takeover[]
  /** What must be in the log: all that living tabs and ben have said, and what others had reported to be on disk. */
  readonly kept: ReadonlySet<string>
  readonly said: ReadonlySet<string>
  /** At once, but while a link goes from one tab to another. */
  readonly mostSockets: number
}

interface Incident {
  readonly how: Takeover['how']
  readonly whom: 'holder' | 'other'
  /** So many messages are said before it. */
  readonly after: number
}

/** The holder is stopped once: then its lock must be taken by force, which there may be once a minute. */
const incidents: readonly Omit<Incident, 'after'>[] = [
  { how: 'close', whom: 'holder' },
  { how: 'close', whom: 'holder' },
  { how: 'kill', whom: 'holder' },
  { how: 'freeze', whom: 'holder' },
  { how: 'stop', whom: 'holder' },
  { how: 'close', whom: 'other' },
  { how: 'kill', whom: 'other' },
  { how: 'freeze', whom: 'other' },
]

export async function live(home: Home, roll: () => number): Promise<Life> {
  const pick = <T>(from: readonly T[]) => from[Math.floor(roll() * from.length)] as T
  let awake: Tab[] = []
  const gone: Tab[] = []
  const said = new Map<string, Tab | undefined>()
  const counts = new Map<string, number>()
  const takeovers: Takeover[] = []

  async function talk(messages: number) {
    for (let left = messages; left > 0; ) {
      const burst = Math.min(left, 1 + Math.floor(roll() * 4))
      left -= burst
      const tab = roll() < 0.3 ? undefined : pick(awake)
      const name = tab?.name ?? 'ben'
      const texts = Array.from({ length: burst }, (_, i) => `${name} ${(counts.get(name) ?? 0) + i + 1}`)
      counts.set(name, (counts.get(name) ?? 0) + burst)
      for (const text of texts) said.set(text, tab)
      if (tab) await tab.page.evaluate((all) => all.map(window.loom.send), texts)
      else for (const text of texts) home.talk.send(text)
    }
  }

  async function happen({ how, whom }: Incident) {
    const holder = await holderOf(awake)
    const victim = whom === 'holder' ? holder : pick(awake.filter((tab) => tab !== holder))
    awake = awake.filter((tab) => tab !== victim)
    const endMs = Date.now()
    if (how === 'close') await victim.page.close()
    else await victim[how]()
    const sleeps = how === 'freeze' || how === 'stop'
    const beatsBefore = sleeps ? await victim.beats() : 0
    if (whom === 'holder') {
      const welcomes = awake.map((tab) => tab.page.evaluate((since) => window.loom.welcomedSince(since), endMs))
      await talk(5)
      const heard = await Promise.all(welcomes)
      takeovers.push({ how, firstMs: Math.min(...heard) - endMs, lastMs: Math.max(...heard) - endMs })
    }
    await talk(5)
    if (!sleeps) {
      gone.push(victim)
      awake.push(await home.tab())
      return
    }
    if ((await victim.beats()) !== beatsBefore) throw new Error(`${victim.name} was not asleep: its timers ran.`)
    const wakeMs = Date.now()
    await victim.wake()
    // Until it has noticed it may believe that it still holds the link.
    await victim.page.evaluate((since) => window.loom.welcomedSince(since), wakeMs)
    awake.push(victim)
  }

  for (let i = 0; i < 8; i++) awake.push(await home.tab())
  for (const tab of awake) await tab.page.evaluate(() => window.loom.welcomedSince(0))
  const order = incidents.map((incident) => ({ ...incident, place: roll(), after: Math.floor(roll() * 20) }))
  let mostSockets = 0
  for (const incident of order.sort((a, b) => a.place - b.place)) {
    await talk(incident.after)
    mostSockets = Math.max(mostSockets, home.mostSockets())
    await happen(incident)
    if (incident.whom === 'other') continue
    // What a tab that slept still held is let go of when it notices: with that the way is passed on.
    await home.oneSocket()
    home.mostSockets()
  }
  await talk(10)
  mostSockets = Math.max(mostSockets, home.mostSockets())
  const isKept = ([text, tab]: [string, Tab | undefined]) => !tab || !gone.includes(tab) || tab.durable.has(text)
  const kept = new Set([...said].filter(isKept).map(([text]) => text))
  return { tabs: awake, takeovers, said: new Set(said.keys()), kept, mostSockets }
}

/** Who holds the link says by which way it goes. */
export async function holderOf(tabs: readonly Tab[]): Promise<Tab> {
  const isHolder = (tab: Tab) =>
    tab.page.evaluate(() => {
      const session = window.loom.chat().session.get()
      return session.phase === 'online' && session.transport === 'websocket'
    })
  for (;;) {
    const found = await Promise.all(tabs.map(isHolder))
    const [holder, ...more] = tabs.filter((_, i) => found[i])
    if (holder && more.length === 0) return holder
  }
}
