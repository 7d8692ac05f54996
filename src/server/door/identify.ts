/** Whom a token speaks for, by the application's own function. */
import { type Authenticate, type AuthRequest, type Identity, saysExpired } from '../auth.js'
import { checkId, checkProfile } from '../check.js'
import { type Logger, errorFields } from '../logger.js'

export interface Gate {
  readonly auth: Authenticate
  readonly logger: Logger
  readonly now: () => number
}

export type NotIdentified = 'unauthorized' | 'token-expired'

/** An identity that no frame could carry, or whose end is no time, is a fault of the application, and is logged as one. */
export async function identify(
  { auth, logger, now }: Gate,
  token: string | undefined,
  request: AuthRequest,
): Promise<Identity | NotIdentified> {
  let found: Identity | null
  try {
    found = await auth({ token, request })
  } catch (error) {
    const code = saysExpired(error) ? 'token-expired' : 'unauthorized'
    logger.info(code, { error: error instanceof Error ? error.message : String(error) })
    return code
  }
  if (!found) return 'unauthorized'
  try {
    const checked = check(found)
    return (checked.expiresAt ?? Infinity) <= now() ? 'token-expired' : checked
  } catch (error) {
    logger.error('bad-identity', errorFields(error))
    return 'unauthorized'
  }
}

function check({ userId, tenant, expiresAt, profile }: Identity): Identity {
  checkId('auth', 'userId', userId)
  if (tenant) checkId('auth', 'tenant', tenant)
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) throw new TypeError('auth: expiresAt must be milliseconds since 1970.')
  return { userId, tenant, expiresAt, profile: checkProfile('auth', 'profile', profile) }
}
