/** What IndexedDB holds of a user's conversation, read past the client: pages with their patches folded in, cursor and outbox. */
import type { Page } from 'playwright'

export interface StoredMessage {
  readonly index: number
  readonly rev: number
  readonly seq: number
  readonly author: string
  readonly content: unknown
}

export interface StoredLog {
  /** How far the cursor says that the log is stored; -1: nothing is. */
  readonly head: number
  /** The lowest index that the cursor says is stored. */
  readonly first: number
  /** By index. */
  readonly messages: readonly StoredMessage[]
  /** Contents of what waits in the outbox. */
  readonly waiting: readonly unknown[]
}

export async function stored(page: Page, user: string, conversation: string): Promise<StoredLog> {
  const rows = await readRows(page, user)
  const waiting = rows
    .filter(({ key }) => key[0] === 'o' && key[1] === conversation)
    .map(({ value }) => (value as { content: unknown }).content)
  const byPage = rows.filter(({ key }) => key[0] === 'm' && key[1] === conversation)
  const cursor = byPage.find(({ key }) => key[2] === Number.MAX_SAFE_INTEGER)?.value as
    | { first: number; head: number; rows: StoredMessage[] }
    | undefined
  const newest = new Map<number, StoredMessage>()
  for (const { key, value } of byPage) {
    const held = key[2] === Number.MAX_SAFE_INTEGER ? (cursor?.rows ?? []) : [value as StoredMessage | StoredMessage[]].flat()
    for (const message of held) if (message.rev >= (newest.get(message.index)?.rev ?? 0)) newest.set(message.index, message)
  }
  const messages = [...newest.values()].sort((a, b) => a.index - b.index)
  return { head: cursor?.head ?? -1, first: cursor?.first ?? 0, messages, waiting }
}

/** From the first that the cursor covers to the newest, which is missing? */
export function holes({ first, messages }: StoredLog): readonly number[] {
  const held = new Set(messages.map(({ index }) => index))
  const missing: number[] = []
  for (let index = first; index <= (messages.at(-1)?.index ?? -1); index++) if (!held.has(index)) missing.push(index)
  return missing
}

const readRows = (page: Page, user: string) =>
  page.evaluate(async (name) => {
    const found = (await indexedDB.databases()).find((each) => each.name?.includes(name))
    if (!found?.name) return []
    const open = indexedDB.open(found.name)
    const database = await new Promise<IDBDatabase>((resolve) => {
      open.onsuccess = () => resolve(open.result)
    })
    const all = database.transaction('rows').objectStore('rows').getAll()
    const records = await new Promise<{ key: (string | number)[]; text?: string; value?: unknown }[]>((resolve) => {
      all.onsuccess = () => resolve(all.result)
    })
    database.close()
    return records.map(({ key, text, value }) => ({ key, value: text === undefined ? value : (JSON.parse(text) as unknown) }))
  }, user)
