/** What a browser asks of a door on another origin. No credentials: the token is in a header, never in a cookie. */

/** Browsers believe a preflight for no longer. */
const preflightS = 7_200

/** The answer to `OPTIONS`. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, chatloom-link, content-type, last-event-id',
      'access-control-max-age': `${preflightS}`,
    },
  })
}

/** Lets a page of this origin read the answer, refusals too. */
export function readable(response: Response, origin: string | null): Response {
  if (origin === null) return response
  response.headers.set('access-control-allow-origin', origin)
  response.headers.set('access-control-expose-headers', 'retry-after')
  response.headers.append('vary', 'origin')
  return response
}
