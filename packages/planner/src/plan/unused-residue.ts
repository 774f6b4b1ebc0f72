import type { Ties } from '../diff/unused-roles.ts'
import { describeName } from '../model/describe.ts'
import type { Residue } from '../model/residue.ts'
import { quoteIdent } from '../postgres/identifier.ts'
import { endAsGrantor } from './residue.ts'

/** Everything that keeps an unused role from being dropped; nothing of it is taken away. */
export const unusedResidue = (
  role: string,
  { beyond, notPermitted, byOthers, holds, owns }: Ties,
): readonly Residue[] => {
  const why = [...new Set([...beyond.map((what) => `it ${what}`), ...notPermitted])]
  if (why.length === 0) return []
  const name = quoteIdent(role)
  const rid = [`REASSIGN OWNED BY ${name} TO CURRENT_USER`, `DROP OWNED BY ${name}`]
  return [
    {
      role,
      fact: { kind: 'role', role },
      reason: beyond.length > 0 ? 'more than an intermediate role' : 'not permitted',
      message: `role ${describeName(role)} is not dropped: ${why.join(', ')}`,
      statement: [
        ...byOthers.map((fact) => endAsGrantor(fact).statement),
        ...(holds || owns ? rid : []),
        `DROP ROLE ${name}`,
      ].join('; '),
      by: owns ? 'a superuser, with whose rights code that the role owns may run' : 'a superuser',
    },
  ]
}
