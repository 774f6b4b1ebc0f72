import fc from 'fast-check'
import { privilegeLetters } from '@pgsr/planner'
import { parseAclItem } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { anyName } from '../arbitrary/name.ts'

/**
 * What is beyond ASCII is quoted or not, as the version and the locale will have it.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (putid)
 */
const quotedUnless = (bare: RegExp, name: string): string =>
  bare.test(name) ? name : `"${name.replaceAll('"', '""')}"`

describe('an ACL item is read as PostgreSQL prints it', () => {
  const privileges = fc
    .subarray(Object.keys(privilegeLetters), { minLength: 1 })
    .chain((letters) =>
      fc
        .tuple(...letters.map((letter) => fc.constantFrom(letter, `${letter}*`)))
        .map((held) => held.join('')),
    )

  test.for<[string, fc.Arbitrary<string>, RegExp]>([
    ['PUBLIC', fc.constant('public'), /^\w+$/],
    ['any role', anyName, /^\w+$/],
    ['any role, in an alphabet that is not ASCII', anyName, /^[\w\u0080-\u{10ffff}]+$/u],
  ])('for %s', ([, anyGrantee, bare]) =>
    fc.assert(
      fc.property(anyGrantee, anyName, privileges, (grantee, grantor, held) => {
        const who = grantee === 'public' ? '' : quotedUnless(bare, grantee)
        const item = parseAclItem(`${who}=${held}/${quotedUnless(bare, grantor)}`)
        expect(item).toEqual({ grantee, grantor, privileges: held })
      }),
    ),
  )
})
