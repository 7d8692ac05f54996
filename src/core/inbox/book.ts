/**
 * The list of conversations as an ordered book: found by id, read newest first, replaced and never changed. A change
 * costs a few short lists, however long the book is (a list of 5,000 is not copied per message).
 */
export interface Ordered {
  readonly id: string
  /** Newest first; ties by id. */
  readonly at: number
  readonly unread: number
  readonly more: boolean
}

type Lists<T> = readonly (readonly T[])[]

export interface Book<Item extends Ordered> {
  /** Items by a hash of their id: two levels, so that a change copies two short lists and a bucket. */
  readonly buckets: readonly Lists<Item>[]
  /** Items in order. */
  readonly chunks: Lists<Item>
  readonly size: number
  readonly unread: number
  /** Items whose count is not exact. */
  readonly inexact: number
}

const fan = 16
const chunkItems = 32

export function emptyBook<Item extends Ordered>(): Book<Item> {
  const level = new Array<readonly Item[]>(fan).fill([])
  return { buckets: new Array<Lists<Item>>(fan).fill(level), chunks: [], size: 0, unread: 0, inexact: 0 }
}

/** Where in the two levels the id belongs. */
function placeOf(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % (fan * fan)
}

export function itemOf<Item extends Ordered>({ buckets }: Book<Item>, id: string): Item | undefined {
  const place = placeOf(id)
  return buckets[place >> 4]?.[place & 15]?.find((item) => item.id === id)
}

export function withItem<Item extends Ordered>(book: Book<Item>, item: Item): Book<Item> {
  return replaced(book, item.id, item)
}

/** Without an item: the book without the one of this id. */
export function replaced<Item extends Ordered>(book: Book<Item>, id: string, item?: Item): Book<Item> {
  const place = placeOf(id)
  const level = book.buckets[place >> 4] as Lists<Item>
  const bucket = level[place & 15] as readonly Item[]
  const at = bucket.findIndex((each) => each.id === id)
  const old = bucket[at]
  if (!old && !item) return book
  const rest = old && item ? bucket.with(at, item) : item ? [...bucket, item] : bucket.toSpliced(at, 1)
  return {
    buckets: book.buckets.with(place >> 4, level.with(place & 15, rest)),
    chunks: rearranged(book.chunks, old, item),
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

/** The number of the chunk in which the item stands or belongs. */
function chunkFor<Item extends Ordered>(chunks: Lists<Item>, item: Item): number {
  let low = 0
  let high = chunks.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (before(chunks[middle]?.at(-1) as Item, item)) low = middle + 1
    else high = middle
  }
  return low
}

/** The chunks without `old` and with `item` in its place of the order. */
function rearranged<Item extends Ordered>(chunks: Lists<Item>, old: Item | undefined, item: Item | undefined): Lists<Item> {
  const next = chunks.slice()
  if (old) {
    const number = chunkFor(next, old)
    const chunk = next[number] as readonly Item[]
    const at = chunk.indexOf(old)
    const above = chunk[at - 1] ?? next[number - 1]?.at(-1)
    const below = chunk[at + 1] ?? next[number + 1]?.[0]
    // The usual change, of the item on top of the list or of a count, moves nothing.
    if (item && !(above && before(item, above)) && !(below && before(below, item))) {
      next[number] = chunk.with(at, item)
      return next
    }
    if (chunk.length > 1) next[number] = chunk.toSpliced(at, 1)
    else next.splice(number, 1)
  }
  if (item) {
    const number = chunkFor(next, item)
    const chunk = next[number] ?? []
    const found = chunk.findIndex((each) => before(item, each))
    const grown = chunk.toSpliced(found < 0 ? chunk.length : found, 0, item)
    if (grown.length <= chunkItems) next[number] = grown
    else next.splice(number, 1, grown.slice(0, chunkItems / 2), grown.slice(chunkItems / 2))
  }
  return next
}
