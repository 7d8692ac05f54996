/** Whom a token speaks for, by the application's own function. */
import { serverLimits } from '../../protocol/limits.js'
import type { Authenticate, AuthRequest, Identity } from '../auth.js'
import { checkId, checkJson } from '../check.js'
import { type Logger, errorFields } from '../logger.js'

export interface Gate {
  readonly auth: Authenticate
  readonly logger: Logger
  readonly now: () => number
}

/** Undefined: refused. An identity that no frame could carry is a fault of the application, and is logged as one. */
export async function identify(
  { auth, logger, now }: Gate,
  token: string | undefined,
  request: AuthRequest,
): Promise<Identity | undefined> {
  let found: Identity | null
  try {
    found = await auth({ token, request })
  } catch (error) {
    logger.info('unauthorized', { error: error instanceof Error ? error.message : String(error) })
    return undefined
  }
  if (!found || (found.expiresAt ?? Infinity) <= now()) return undefined
  try {
    checkId('auth', 'userId', found.userId)
    if (found.tenant) checkId('auth', 'tenant', found.tenant)
    checkJson('auth', 'profile', found.profile, serverLimits.profileBytes)
    return found
  } catch (error) {
    logger.error('bad-identity', errorFields(error))
    return undefined
  }
}
