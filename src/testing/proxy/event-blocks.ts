/** An event stream as blocks, each with the text that it carries. */

export interface EventBlock {
  /** Every line but `data`: `id`, `event`, `retry`, comments. */
  readonly head: readonly string[]
  /** The lines of `data`, joined; absent where there is none, as in a comment that keeps the stream alive. */
  readonly text?: string
}

/** Calls `found` with each block once its empty line has come. What has none at the end is no event. */
export function createBlockReader(found: (block: EventBlock) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return (chunk) => {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/)
    rest = blocks.pop() as string
    for (const block of blocks) found(blockOf(block))
  }
}

function blockOf(block: string): EventBlock {
  const lines = block.split(/\r?\n/)
  const isData = (line: string) => line.startsWith('data:')
  const data = lines.filter(isData).map((line) => line.replace(/^data: ?/, ''))
  return { head: lines.filter((line) => !isData(line)), text: data.length > 0 ? data.join('\n') : undefined }
}

export function writeBlock({ head, text }: EventBlock): string {
  const data = text === undefined ? [] : text.split('\n').map((line) => `data: ${line}`)
  return `${[...head, ...data].join('\n')}\n\n`
}
