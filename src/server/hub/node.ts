/** This server as one of several nodes: what it hears on the bus, what it is about to say there, and what it need not be told again. */
import { keyOf } from '../key.js'
import type { Bus } from '../bus.js'
import { type Logger, errorFields } from '../logger.js'
import type { Place, Store } from '../store.js'
import { type Hint, texts, written } from './hint.js'
import type { Room } from './room.js'

export interface ChatNode {
  readonly bus: Bus
  readonly name: string
  readonly hear: (text: string) => void
  readonly logger: Logger
  /** Ends of its subscriptions, and the topics of which there is none because the bus failed. */
  readonly topics: Map<string, () => void>
  readonly unheard: Set<string>
  /** Hints of this tick, by topic. */
  readonly out: Map<string, string[]>
  /** How new what was told of a row, register or person was, since the last look at the store, and before it. */
  heard: Map<string, readonly number[]>
  earlier: Map<string, readonly number[]>
  /** The stamps of `moved` conversations. */
  readonly stamps: Map<string, number>
  /** Rooms whose followers miss something that the store has. */
  readonly behind: Set<Room>
  /** How far the news of the store is known. */
  cursor: string | undefined
  beginning: Promise<void> | undefined
  checking: Promise<void> | undefined
}

export function newNode(bus: Bus, name: string, hear: (text: string) => void, logger: Logger): ChatNode {
  return {
    bus,
    name,
    hear,
    logger,
    topics: new Map(),
    unheard: new Set(),
    out: new Map(),
    heard: new Map(),
    earlier: new Map(),
    stamps: new Map(),
    behind: new Set(),
    cursor: undefined,
    beginning: undefined,
    checking: undefined,
  }
}

/** A bus that fails is one that loses: the news of the store tells what is not heard, and with each look at it the topic is tried again. */
export function listen(node: ChatNode, topic: string): void {
  if (node.topics.has(topic)) return
  try {
    node.topics.set(topic, node.bus.subscribe(topic, node.hear))
    node.unheard.delete(topic)
  } catch (error) {
    node.unheard.add(topic)
    node.logger.error('subscribe-failed', { topic, ...errorFields(error) })
  }
}

export function ignore(node: ChatNode, topic: string): void {
  const end = node.topics.get(topic)
  node.topics.delete(topic)
  node.unheard.delete(topic)
  try {
    end?.()
  } catch (error) {
    node.logger.error('subscribe-failed', { topic, ...errorFields(error) })
  }
}

/** Leaves with the end of the tick. */
export function gather(node: ChatNode, topic: string, hint: Hint): void {
  const text = written(hint)
  if (text === undefined) return
  const gathered = node.out.get(topic)
  if (gathered) gathered.push(text)
  else node.out.set(topic, [text])
}

export function publish(node: ChatNode): void {
  const gathered = [...node.out]
  node.out.clear()
  for (const [topic, hints] of gathered) {
    try {
      for (const text of texts(node.name, hints)) node.bus.publish(topic, text)
    } catch (error) {
      node.logger.error('publish-failed', { topic, ...errorFields(error) })
    }
  }
}

/** False: all of this, or what is newer, was told already. */
export function hearOnce(node: ChatNode, key: string, versions: readonly number[]): boolean {
  const known = node.heard.get(key) ?? node.earlier.get(key)
  if (known && versions.every((version, i) => version <= (known[i] ?? 0))) return false
  node.heard.set(key, known ? versions.map((version, i) => Math.max(version, known[i] ?? 0)) : versions)
  return true
}

/** What is heard of one user in one conversation: of the row in the list, of the watermarks, of all own registers, of the name. */
export function heardKey(of: 'row' | 'marks' | 'own' | 'person', { tenant, conversation }: Place, user: string, epoch = ''): string {
  return `${of} ${keyOf(keyOf(tenant, conversation), keyOf(user, epoch))}`
}

/** Nothing may be read to be kept up to date before this is done. */
export async function begin(node: ChatNode, store: Store): Promise<void> {
  if (node.cursor !== undefined) return
  node.beginning ??= store.news().then(({ next }) => {
    node.cursor = next
  })
  try {
    await node.beginning
  } finally {
    node.beginning = undefined
  }
}
