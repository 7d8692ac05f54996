/** The other end of `launch`: a process that answers what it is asked, and ends with the one that asks. */

export function answering(answers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('message', async ({ call, what, argument }: { call: number; what: string; argument: never }) =>
    process.send?.({ call, answer: await answers[what]?.(argument) }),
  )
  process.on('disconnect', () => process.exit(0))
}
