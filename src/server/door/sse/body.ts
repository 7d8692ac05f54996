/** The body of a POST as text, read no further than it may be long. */

export interface NoBody {
  readonly status: 400 | 413 | 500
  readonly reason: string
}

export type Body = { readonly text: string; readonly bytes: number } | NoBody

export async function readBody(request: Request, maxBytes: number): Promise<Body> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    const reader = request.body?.getReader()
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
      bytes += next.value.length
      if (bytes > maxBytes) return { status: 413, reason: `a POST is longer than ${maxBytes} bytes` }
      chunks.push(next.value)
    }
  } catch (error) {
    return { status: 500, reason: request.signal.aborted ? 'the client went away' : readBefore(error) }
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)), bytes }
  } catch {
    return { status: 400, reason: 'a POST is not UTF-8' }
  }
}

function readBefore(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error)
  return `The body of a POST could not be read: ${why} Mount chatloom before whatever parses bodies.`
}
