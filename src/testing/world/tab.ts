/** What a tab and its browser are to the steps and to the oracle. */
import type { Chat, Conversation, OutboxEntry } from '../../client/api.js'
import type { ChatState } from '../../core/state.js'
import type { Row } from '../../ports/storage.js'
import type { CrashingStorage } from '../crashing-storage.js'
import type { Life, MortalStorage } from './mortal.js'
import type { Network } from './network.js'
import type { Ahead } from './oracle/ahead.js'
import type { Page } from './page.js'
import type { DevicePlan } from './device-plan.js'
import type { Truth } from './oracle/truth.js'
import type { Promises } from './promises.js'

export type Content = { readonly text: string }

export interface Tab {
  readonly name: string
  readonly user: string
  readonly device: Device
  readonly chat: Chat<Content>
  readonly life: Life
  readonly page: Page
  /** To the server. */
  readonly networks: readonly Network[]
  /** To the relay, where its links have a fast path. */
  readonly fast: Network | undefined
  /** Hears of what is shown ahead of the log, where there is a fast path. */
  readonly ahead: Ahead | undefined
  readonly storage: MortalStorage
  readonly state: () => ChatState
  /** Subscriptions of timelines, by room. */
  readonly views: Map<string, () => void>
  /** How often the server has said of a room that its line went back under its epoch. */
  readonly wentBack: Map<string, number>
  /** Sent here and not yet seen in the log, by local id: the room. */
  readonly unsettled: Map<string, string>
  isAlive(): boolean
  /** Its user has logged out: nothing may leave any more. */
  mute(): void
}

export interface Device extends Promises {
  readonly plan: DevicePlan
  /** Who sits here; another may come after a logout. */
  user(): string
  handTo(user: string): void
  readonly disk: WorldDisk
  readonly tabs: readonly Tab[]
  /** Commits that have been worked on: the disk is looked at when it rises. */
  readonly commits: () => number
  /** Its rows have been touched by a fault. */
  noteSpoilt(): void
  /** Its cache is capped so low that some of it is given up. */
  readonly isCapped: boolean
  /** It may be given up for that, or a fault has touched it. */
  mayDrop(): boolean
  readonly isSpoilt: (row: Row) => boolean
  /** Rooms that a tab may write anew, from however little it has heard of them: it was told that their line went back. */
  readonly renewed: Set<string>
  /** The wall clock of the device is off by so much more. */
  jump(ms: number): void
  openTab(): Tab
  /** The tab's process dies; what it had handed to the disk still lands. */
  killTab(tab: Tab): void
  /** The tab goes in peace. */
  closeTab(tab: Tab): void
  /** Every tab dies, and the disk keeps only what it must, or a little more; nothing where it is evicted. */
  killBrowser(isEvicted: boolean): void
  talk(tab: Tab, room: string): Conversation<Content>
  /** All stands still in the tab until it thaws; other tabs that share its link may have been `told`. */
  freezeTab(tab: Tab, told: boolean): void
  thawTab(tab: Tab): void
  /** The next message between its tabs is lost. */
  loseMessage(): void
  /** One was lost: what a tab took back then, its others may still show. */
  hasLostWord(): boolean
  /** Locks held or waited for. */
  locks(): number
  /** Nothing here is off or slow any more. */
  heal(): void
}

/** The disk of a device; one that is busy may show half a commit, and is not looked at. */
export type WorldDisk = Omit<CrashingStorage, 'spoil'> & Partial<Pick<CrashingStorage, 'spoil'>> & { isBusy?(): boolean }

export interface DiskParts {
  readonly roll: () => number
  readonly schedule: (step: () => void) => void
  readonly cacheBytes: number
}

/** Makes the disk of one device. */
export type MakeDisk = (parts: DiskParts) => WorldDisk

interface Asked {
  readonly at: ChatState
  readonly outbox: readonly OutboxEntry<Content>[]
}

const outboxes = new WeakMap<Tab, Asked>()

/** What a chat says that it has to send. It is made of the state alone, and a state never changes: of each it is asked for once. */
export function outboxOf(tab: Tab): readonly OutboxEntry<Content>[] {
  const at = tab.state()
  const last = outboxes.get(tab)
  if (last?.at === at) return last.outbox
  const outbox = tab.chat.outbox.get()
  outboxes.set(tab, { at, outbox })
  return outbox
}

/** Every network of a tab. */
export const allOf = ({ networks, fast }: Pick<Tab, 'networks' | 'fast'>): readonly Network[] => (fast ? [...networks, fast] : networks)

interface Sent {
  readonly births: ReadonlyMap<string, { readonly room: string }>
  readonly discarded: ReadonlySet<string>
  readonly settled: ReadonlySet<string>
  readonly truth: Pick<Truth, 'everLanded'>
}

/** What a tab has to send now, adopted ones too: whoever holds an entry must not lose it. */
export function noteUnsettled(tab: Tab, { births, discarded, settled, truth }: Sent): void {
  for (const { conversation, localId } of outboxOf(tab)) if (!discarded.has(localId)) tab.unsettled.set(localId, conversation)
  // What it adopts while its log holds it already is settled at once, and is in no outbox that is looked at.
  for (const localId of tab.state().disk.adopted) {
    const room = settled.has(localId) || discarded.has(localId) ? undefined : births.get(localId)?.room
    if (room !== undefined && truth.everLanded(room, tab.user, localId)) tab.unsettled.set(localId, room)
  }
}

/** What a tab has just said to be durable counts as promised. */
export function noteDurable(tab: Tab): boolean {
  const { promised, released } = tab.device
  const before = promised.size
  for (const { conversation, durable, localId } of outboxOf(tab)) {
    if (durable && !released.has(localId)) promised.set(localId, conversation)
  }
  return promised.size > before
}

/** Its logout has wiped what the tabs of this user had stored, also what one that sleeps does not know to be stored yet. */
export function releaseAll({ device, user }: Tab): void {
  for (const other of device.tabs) if (other.user === user) for (const { localId } of outboxOf(other)) device.released.add(localId)
}
