/** Tokens that open the door, and all the others. */
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Identity } from './auth.js'
import { jwtAuth, saysExpired } from './auth.js'

const key = 'a secret of at least thirty-two bytes'
const bytes = new TextEncoder().encode(key)
const request = {} as never

const sign = (claims: Record<string, unknown>, secret = bytes, algorithm = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg: algorithm }).sign(secret)

describe('jwtAuth', () => {
  it('reads identity, tenant, expiry and profile from the claims', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 60
    const token = await sign({ sub: 'ann', tenant: 't', exp, name: 'Ann', picture: 'a.png' })
    const expected: Identity = { userId: 'ann', tenant: 't', expiresAt: exp * 1_000, profile: { name: 'Ann', picture: 'a.png' } }
    expect(await jwtAuth({ key })({ token, request })).toEqual(expected)
    expect(await jwtAuth({ key: bytes })({ token: await sign({ sub: 'bob' }), request })).toEqual({ userId: 'bob' })
  })

  it('refuses what is absent, unsigned, signed by another, expired, or for others', async () => {
    const auth = jwtAuth({ key, issuer: 'me', audience: 'chat' })
    const good = { sub: 'ann', iss: 'me', aud: 'chat' }
    expect(await auth({ token: await sign(good), request })).toEqual({ userId: 'ann' })
    expect(await auth({ token: undefined, request })).toBeNull()
    expect(await auth({ token: await sign({ ...good, sub: undefined }), request })).toBeNull()
    const bad = [
      'nonsense',
      new UnsecuredJWT(good).encode(),
      await sign(good, new TextEncoder().encode('another secret of at least 32 bytes')),
      await sign(good, new TextEncoder().encode(key.repeat(2)), 'HS512'),
      await sign({ ...good, exp: 1 }),
      await sign({ ...good, iss: 'you' }),
      await sign({ ...good, aud: 'mail' }),
    ]
    for (const token of bad) await expect(auth({ token, request })).rejects.toThrow()
  })

  it.each([7, true, ['t']])('refuses a tenant that is no text, and lets nobody in among those who have none by it: %j', async (tenant) => {
    await expect(jwtAuth({ key })({ token: await sign({ sub: 'ann', tenant }), request })).rejects.toThrow('tenant must be text')
    expect(await jwtAuth({ key })({ token: await sign({ sub: 'ann', tenant: null }), request })).toEqual({ userId: 'ann' })
  })

  it('says of a token that has ended, and of no other, that it has', async () => {
    const why = async (claims: object, secret = bytes) => {
      const token = await sign({ sub: 'ann', ...claims }, secret)
      try {
        return await jwtAuth({ key })({ token, request })
      } catch (error) {
        return saysExpired(error)
      }
    }
    expect(await why({ exp: 1 })).toBe(true)
    expect(await why({ exp: 1 }, new TextEncoder().encode('another secret of at least 32 bytes'))).toBe(false)
    expect(await why({})).toEqual({ userId: 'ann' })
  })

  it('lets the application read the claims', async () => {
    const auth = jwtAuth({ key, identity: ({ uid }) => (typeof uid === 'string' ? { userId: uid } : null) })
    expect(await auth({ token: await sign({ uid: 'u7' }), request })).toEqual({ userId: 'u7' })
    expect(await auth({ token: await sign({ sub: 'ann' }), request })).toBeNull()
  })
})
