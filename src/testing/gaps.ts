/** What the one under test cannot do: the cases of a suite that are left out for it. */

/** By name of a gap, its reason for a reader. */
export type Gaps<Gap extends string> = Readonly<Partial<Record<Gap, string>>>

/** Throws `TypeError` for a name that is none, which would leave cases out for nothing, and where the reason is missing. */
export function checkGaps<Gap extends string>(suite: string, gaps: Gaps<Gap>, known: readonly Gap[]): void {
  for (const [gap, reason] of Object.entries(gaps)) {
    if (!known.includes(gap as Gap)) throw new TypeError(`${suite}: no gap is called ${gap}. Gaps: ${known.join(', ')}.`)
    if (reason !== undefined && !(typeof reason === 'string' && reason.trim()))
      throw new TypeError(`${suite}: the gap ${gap} needs a reason for a reader.`)
  }
}

/** The cases that need none of the gaps. */
export function casesWithout<Gap extends string, Case extends { readonly needs?: Gap }>(
  cases: readonly Case[],
  gaps: Gaps<Gap>,
): readonly Case[] {
  return cases.filter(({ needs }) => needs === undefined || gaps[needs] === undefined)
}
