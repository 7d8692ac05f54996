/**
 * The links that stand at the demo's server, and what can be done to them from the page: told of, killed, and sockets kept out, as by a
 * network that blocks them. A page opens each link at an address of its own: `?user=…&tab=…&link=…`.
 *   GET  /demo/links?user=ana
 *   POST /demo/kill?user=ana
 *   POST /demo/sockets?user=ana&are=pass|refused|silent
 */

/** For so long a killed stream might be asked for again. */
const killedMs = 60_000

export function createLinks() {
  /** By user, each with its way, tab and end. */
  const standing = new Map()
  const killed = new Set()
  const sockets = new Map()
  const of = (user) => [...(standing.get(user) ?? [])]
  const passes = (user) => (sockets.get(user) ?? 'pass') === 'pass'

  function keep(way, { searchParams }, connection) {
    const [user, tab, id] = ['user', 'tab', 'link'].map((name) => searchParams.get(name))
    const link = { way, tab, id, end: () => connection.destroy() }
    standing.set(user, (standing.get(user) ?? new Set()).add(link))
    connection.once('close', () => standing.get(user).delete(link))
  }

  function end(links) {
    for (const link of links) {
      killed.add(link.id)
      setTimeout(() => killed.delete(link.id), killedMs).unref()
      link.end()
    }
  }

  return {
    /** True: this upgrade has been dealt with. A silent one is never answered. */
    holdsUp({ searchParams }, socket) {
      const are = sockets.get(searchParams.get('user')) ?? 'pass'
      if (are === 'refused') socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      if (are === 'silent') socket.on('error', () => {}).resume()
      return are !== 'pass'
    },
    socket: (url, socket) => keep('socket', url, socket),
    /** True: the link of this request was killed, and the answer says so. */
    events(url, request, response) {
      if (killed.has(url.searchParams.get('link'))) {
        response.writeHead(410).end()
        return true
      }
      if (request.method === 'GET') keep('sse', url, response)
      return false
    },
    /** Undefined: no route of this page. */
    answer(method, { pathname, searchParams }) {
      const user = searchParams.get('user')
      const route = `${method} ${pathname}`
      if (route === 'POST /demo/kill') end(of(user))
      else if (route === 'POST /demo/sockets') {
        const are = searchParams.get('are')
        sockets.set(user, are === 'refused' || are === 'silent' ? are : 'pass')
        if (!passes(user)) end(of(user).filter(({ way }) => way === 'socket'))
      } else if (route !== 'GET /demo/links') return undefined
      return {
        links: of(user).map(({ way, tab }) => ({ way, tab })),
        total: [...standing.values()].reduce((sum, links) => sum + links.size, 0),
        sockets: sockets.get(user) ?? 'pass',
      }
    },
  }
}
