/** Who is at the door: the one function an application must give, and one made of JSON Web Tokens. */
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Profile } from '../protocol/frames.js'

export interface Identity {
  /** Not empty, at most 128 characters. */
  readonly userId: string
  /** Default: the server's `tenant`. */
  readonly tenant?: string
  /** Milliseconds since 1970; the link is closed `token-expired` up to 30 s before. Default never. */
  readonly expiresAt?: number
  /** Shown to the members of the user's conversations; at most 4 KiB as JSON. */
  readonly profile?: Profile
}

/** The request that opens a link: the upgrade of a WebSocket, or the `GET` of an event stream. A Fetch `Request` is one. */
export interface AuthRequest {
  /** With the host that the client named. */
  readonly url: string
  readonly headers: Headers
}

/**
 * The identity of a token; null or a throw refuses the link as `unauthorized` (R26), an identity that has ended and jose's `JWTExpired` as
 * `token-expired`: the client asks its `token` function for another one either way.
 */
export type Authenticate = (ask: {
  /** Of the first frame over WebSocket, of the `Authorization` header over server-sent events. */
  readonly token: string | undefined
  readonly request: AuthRequest
}) => Identity | null | Promise<Identity | null>

export function saysExpired(error: unknown): boolean {
  return error instanceof errors.JWTExpired
}

export interface JwtAuthOptions {
  /** A shared secret (HS256), or the URL of a key set (JWKS: RS256, ES256, EdDSA). */
  readonly key: string | Uint8Array | URL
  /** Demanded `iss`. Default any. */
  readonly issuer?: string
  /** Demanded `aud`. Default any. */
  readonly audience?: string
  /** Reads the identity from the claims. Default: `sub`, `tenant`, `exp`, and `name` and `picture` as profile. */
  readonly identity?: (claims: JWTPayload) => Identity | null
}

/** Checks signature, expiry, issuer and audience of a JSON Web Token. Tokens without `exp` never expire. */
export function jwtAuth(options: JwtAuthOptions): Authenticate {
  const { key, issuer, audience, identity = identityOf } = options
  const demands = { issuer, audience }
  const secret = typeof key === 'string' ? new TextEncoder().encode(key) : key
  const keys = secret instanceof URL ? createRemoteJWKSet(secret) : undefined
  return async ({ token }) => {
    if (token === undefined) return null
    const { payload } = keys
      ? await jwtVerify(token, keys, { ...demands, algorithms: ['RS256', 'ES256', 'EdDSA'] })
      : await jwtVerify(token, secret as Uint8Array, { ...demands, algorithms: ['HS256'] })
    return identity(payload)
  }
}

function identityOf({ sub, exp, tenant, name, picture }: JWTPayload): Identity | null {
  if (!sub) return null
  // Left out it would mean the server's own, and the users of all such tenants would be among each other.
  const team = tenant ?? undefined
  if (team !== undefined && typeof team !== 'string')
    throw new TypeError('jwtAuth: the claim tenant must be text; give `identity` to read another one.')
  const profile: Record<string, unknown> = {}
  if (typeof name === 'string') profile.name = name
  if (typeof picture === 'string') profile.picture = picture
  return {
    userId: sub,
    ...(team === undefined ? {} : { tenant: team }),
    ...(exp === undefined ? {} : { expiresAt: exp * 1_000 }),
    ...(Object.keys(profile).length ? { profile } : {}),
  }
}
