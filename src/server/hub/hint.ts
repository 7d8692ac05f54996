/** What nodes tell each other, and how it is written. A kind that is not known is passed over, so that nodes of two versions may meet. */
import type { Mark, Person } from '../../protocol/frames.js'
import { hintBytes } from '../bus.js'
import { byteLength } from '../bytes.js'
import type { LeftNews, Place, ToldChange } from '../store.js'

export type Hint =
  /** Without `told` it did not fit: the store has it. */
  | (Place & { readonly kind: 'change'; readonly epoch: string; readonly seq: number; readonly told?: ToldChange })
  | (Place & { readonly kind: 'marks'; readonly epoch: string; readonly mark: Mark })
  | (Place & { readonly kind: 'typing'; readonly epoch: string; readonly head: number; readonly user: string; readonly on: boolean })
  | (Place & { readonly kind: 'person'; readonly person: Person; readonly stamp: number })
  /** The rest is for one user alone: a register, a row of the list, a removal, a new link. */
  | (Place & { readonly kind: 'own'; readonly epoch: string; readonly mark: Mark; readonly everyone: boolean; readonly stamp?: number })
  | (Place & { readonly kind: 'row'; readonly user: string; readonly stamp: number })
  | (LeftNews & { readonly kind: 'left' })
  | { readonly kind: 'link'; readonly tenant: string; readonly user: string; readonly lane: string; readonly number: number }

export interface Told {
  /** The node that says it. */
  readonly from: string
  readonly hints: readonly Hint[]
}

/** Room for the name of the node and the brackets around the hints. */
const aroundBytes = 300

/** Undefined: too long even without what the store has. */
export function written(hint: Hint): string | undefined {
  const text = JSON.stringify(hint)
  if (byteLength(text) <= hintBytes - aroundBytes) return text
  return hint.kind === 'change' && hint.told ? written({ ...hint, told: undefined }) : undefined
}

/** As few texts as carry all of these hints, in their order. */
export function texts(from: string, hints: readonly string[]): string[] {
  const found: string[] = []
  let gathered: string[] = []
  let bytes = aroundBytes
  const close = () => found.push(`{"from":${JSON.stringify(from)},"hints":[${gathered.join(',')}]}`)
  for (const hint of hints) {
    const size = byteLength(hint) + 1
    if (gathered.length && bytes + size > hintBytes) {
      close()
      gathered = []
      bytes = aroundBytes
    }
    gathered.push(hint)
    bytes += size
  }
  if (gathered.length) close()
  return found
}
