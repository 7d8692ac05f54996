/** Lets a node:http server answer by a Fetch handler; for bodiless requests, which are all there are for now. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export async function answer(
  handler: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request
  try {
    const result = await handler(new Request(new URL(url, 'http://localhost'), { method }))
    response.writeHead(result.status, Object.fromEntries(result.headers))
    response.end(await result.text())
  } catch {
    response.writeHead(400).end()
  }
}
