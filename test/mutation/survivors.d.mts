export interface Survivor {
  readonly line: string
  readonly was: string
  readonly becomes: string
  readonly why: string
}

export interface Changed {
  readonly source: string
  readonly mutants: readonly {
    readonly id: string
    readonly status: string
    readonly replacement: string
    readonly location: {
      readonly start: { readonly line: number; readonly column: number }
      readonly end: { readonly line: number; readonly column: number }
    }
  }[]
}

export const unread: string
export function survivorsPage(last: string, files: Readonly<Record<string, Changed>>, isWhole: boolean): string
export function tablesOf(page: string): ReadonlyMap<string, readonly Survivor[]>
