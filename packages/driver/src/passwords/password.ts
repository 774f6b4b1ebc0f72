import { type Grant, InvalidGrantError, type LoginGrant, Secret } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import { maxScramIterations } from '../options.ts'
import { isBrokenVerifier, isEndlessVerifier, isVerifier } from './verifier.ts'

/** A password that a call may set, and whether this process or the server hashes it. */
export interface Password extends Pick<LoginGrant, 'hashedBy' | 'initial'> {
  readonly secret: Secret
}

/** The password that a grant holds, if it is a LOGIN grant with one. */
export const passwordOf = (grant: Grant): Password | undefined =>
  grant.kind === 'attribute' && grant.attribute === 'LOGIN' && grant.password instanceof Secret
    ? {
        secret: grant.password,
        ...(grant.initial && { initial: grant.initial }),
        ...(grant.hashedBy && { hashedBy: grant.hashedBy }),
      }
    : undefined

/** Refuses the password of a role. The message says nothing of the password itself. */
export const refusePassword = (role: string, why: string): never => {
  throw new InvalidGrantError({
    role,
    field: 'password',
    message: `cannot set the password of role ${describeName(role)}: ${why}`,
  })
}

const problemOf = ({ secret, hashedBy }: Password): string | undefined => {
  const text = Secret.reveal(secret) as string
  if (hashedBy === 'server' && isVerifier(text))
    return 'the server cannot hash it, since it is a verifier already'
  if (isBrokenVerifier(text))
    return 'it begins like a SCRAM-SHA-256 verifier but is not a valid one, and the server would take it for a password'
  if (isEndlessVerifier(text))
    return `the verifier has more than ${maxScramIterations} iterations, and the server would take too long to store and check it`
  return undefined
}

/** Refuses a password that no server can store as it is meant. */
export const checkPassword = (role: string, password: Password): void => {
  const problem = problemOf(password)
  if (problem !== undefined) refusePassword(role, problem)
}
