/** The lines of histories, checked, as what each client did in each conversation. */

export interface Row {
  readonly id?: string
  readonly localId?: string
}

/** What one client did in one conversation. */
export interface Seen {
  readonly client: string
  readonly user: string
  readonly conversation: string
  /** In the order of the calls. */
  readonly sent: string[]
  /** Left by an earlier page, or of another tab. */
  readonly found: Set<string>
  readonly settled: Set<string>
  readonly failed: Set<string>
  readonly views: { readonly rows: readonly Row[]; readonly latest: boolean }[]
}

/** Throws `TypeError` where nothing can be learnt from one. */
export function readHistory(lines: readonly string[], number: number): readonly Seen[] {
  const all = new Map<string, Seen>()
  let isBegun = false
  lines.forEach((text, i) => {
    if (text.trim() === '') return
    const line = parsed(text)
    if (!isBegun && (line?.chatloom !== 'history' || line.version !== 1))
      throw unreadable(i, 'does not say that a history of version 1 follows')
    if (isBegun && !take(all, line ?? {}, number)) throw unreadable(i, 'is no event of a history')
    isBegun = true
  })
  if (!isBegun) throw unreadable(0, 'is missing')
  if (all.size === 0) throw unusable(`history ${number} tells of no client: no chat was attached. Attach each before it connects.`)
  return [...all.values()]
}

export const unusable = (why: string) => new TypeError(`checkHistories: ${why}`)

const unreadable = (i: number, why: string) => unusable(`line ${i + 1} ${why}. Pass the lines of deliveryAuditor() as they are.`)

type Line = Readonly<Record<string, unknown>>

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    return undefined
  }
}

/** False: it cannot be read. */
function take(all: Map<string, Seen>, line: Line, number: number): boolean {
  const { event, client, user = client, conversation, localId, from, rows, latest } = line
  if (typeof client !== 'string' || typeof user !== 'string' || typeof conversation !== 'string') return false
  const key = JSON.stringify([client, conversation])
  const seen = all.get(key) ?? {
    client: `${number}/${client}`,
    user,
    conversation,
    sent: [],
    found: new Set(),
    settled: new Set(),
    failed: new Set(),
    views: [],
  }
  all.set(key, seen)
  if (event === 'shown') {
    const before = seen.views.at(-1)?.rows ?? []
    const isWhole = Array.isArray(rows) && rows.every((row) => typeof row === 'object' && row !== null)
    if (!isWhole || typeof from !== 'number' || !(from >= 0 && from <= before.length)) return false
    seen.views.push({ rows: [...before.slice(0, from), ...rows], latest: latest === true })
    return true
  }
  if (typeof localId !== 'string') return false
  if (event === 'sent') seen.sent.push(localId)
  else if (event === 'found' || event === 'settled' || event === 'failed') seen[event].add(localId)
  else return false
  return true
}
