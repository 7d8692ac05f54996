/** What a Fetch `Request` would say of a request of node:http. */
import type { IncomingMessage } from 'node:http'

/** Mounted under a path, frameworks shorten `url` and keep the whole in `originalUrl`. Throws where it is no URL. */
export function urlOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const { originalUrl, url = '/', headers, socket } = request
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  return new URL(`${scheme}://${headers.host ?? 'localhost'}${originalUrl ?? url}`).href
}

export function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2)
    // HTTP/2 tells method and path so.
    if (!name.startsWith(':')) headers.append(name, value)
  }
  return headers
}
