/**
 * The list of conversations as an ordered book: found by id, read newest first, replaced and never changed. A change
 * costs two short chunks and a bucket, however long the list (a list of 5,000 is not copied per message).
 */
export interface Ordered {
  readonly id: string
  /** Newest first; ties by id. */
  readonly at: number
  readonly unread: number
  readonly more: boolean
}

export interface Book<Item extends Ordered> {
  readonly buckets: readonly (readonly Item[])[]
  readonly chunks: readonly (readonly Item[])[]
  readonly size: number
  readonly unread: number
  /** Items whose count is not exact. */
  readonly inexact: number
}

const bucketCount = 128
const chunkItems = 32

export function emptyBook<Item extends Ordered>(): Book<Item> {
  return { buckets: Array.from({ length: bucketCount }, () => []), chunks: [], size: 0, unread: 0, inexact: 0 }
}

function bucketOf(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % bucketCount
}

export function itemOf<Item extends Ordered>(book: Book<Item>, id: string): Item | undefined {
  return (book.buckets[bucketOf(id)] as readonly Item[]).find((item) => item.id === id)
}

export function withItem<Item extends Ordered>(book: Book<Item>, item: Item): Book<Item> {
  return replaced(book, item.id, item)
}

export function withoutItem<Item extends Ordered>(book: Book<Item>, id: string): Book<Item> {
  return replaced(book, id, undefined)
}

function replaced<Item extends Ordered>(book: Book<Item>, id: string, item: Item | undefined): Book<Item> {
  const at = bucketOf(id)
  const bucket = book.buckets[at] as readonly Item[]
  const old = bucket.find((each) => each.id === id)
  if (!old && !item) return book
  const rest = bucket.filter((each) => each !== old)
  const left = old ? removed(book.chunks, old) : book.chunks
  return {
    buckets: book.buckets.with(at, item ? [...rest, item] : rest),
    chunks: item ? inserted(left, item) : left,
    size: book.size + Number(!!item) - Number(!!old),
    unread: book.unread + (item?.unread ?? 0) - (old?.unread ?? 0),
    inexact: book.inexact + Number(!!item?.more) - Number(!!old?.more),
  }
}

/** A book of many items at once. */
export function bookOf<Item extends Ordered>(items: readonly Item[]): Book<Item> {
  return items.reduce(withItem, emptyBook<Item>())
}

export function itemsOf<Item extends Ordered>(book: Book<Item>): readonly Item[] {
  return book.chunks.flat()
}

function before(a: Ordered, b: Ordered): boolean {
  return a.at !== b.at ? a.at > b.at : a.id < b.id
}

/** The chunk in which the item stands or belongs. */
function chunkFor<Item extends Ordered>(chunks: readonly (readonly Item[])[], item: Item): number {
  let low = 0
  let high = chunks.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    const chunk = chunks[middle] as readonly Item[]
    if (before(chunk[chunk.length - 1] as Item, item)) low = middle + 1
    else high = middle
  }
  return Math.max(0, low)
}

function inserted<Item extends Ordered>(chunks: readonly (readonly Item[])[], item: Item): readonly (readonly Item[])[] {
  if (chunks.length === 0) return [[item]]
  const number = chunkFor(chunks, item)
  const chunk = chunks[number] as readonly Item[]
  const found = chunk.findIndex((each) => before(item, each))
  const next = chunk.toSpliced(found < 0 ? chunk.length : found, 0, item)
  if (next.length <= chunkItems) return chunks.with(number, next)
  return chunks.toSpliced(number, 1, next.slice(0, chunkItems / 2), next.slice(chunkItems / 2))
}

function removed<Item extends Ordered>(chunks: readonly (readonly Item[])[], item: Item): readonly (readonly Item[])[] {
  const number = chunkFor(chunks, item)
  const next = (chunks[number] as readonly Item[]).filter((each) => each.id !== item.id)
  return next.length > 0 ? chunks.with(number, next) : chunks.toSpliced(number, 1)
}
