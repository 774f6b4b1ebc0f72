import { type AccessPath, describeObject, type Explanation, isIntermediateName } from '@pgsr/node-postgres'
import type { AccessFact, Asked, Policy } from '@pgsr/policy'

/** A link of a path, and whether the policy asks for it. */
export interface Link extends Asked {
  readonly what: string
  readonly role: string
}

const inWords = (fact: AccessFact): string => {
  const who = fact.role === 'public' ? 'PUBLIC' : JSON.stringify(fact.role)
  switch (fact.kind) {
    case 'membership':
      return `membership of ${who} in role ${JSON.stringify(fact.of)}`
    case 'ownership':
      return `ownership of ${describeObject(fact.object)} by ${who}`
    case 'privilege':
      return `${fact.privilege} on ${describeObject(fact.object)} to ${who}`
  }
}

/** What somebody has made, for a path to be there. What an intermediate role holds is asked for by its member. */
const factsOf = (path: AccessPath): readonly AccessFact[] => {
  const { memberships, source } = path
  const links = memberships
    .filter(({ role, grantor }) => grantor !== null && !isIntermediateName(role))
    .map(({ member, role }): AccessFact => ({ kind: 'membership', role: member, of: role }))
  const member = memberships.at(-1)?.member
  switch (source.kind) {
    case 'privilege':
    case 'PUBLIC': {
      const { object, privilege, grantee } = source
      const role = isIntermediateName(grantee) && member !== undefined ? member : grantee
      return source.byDefault ? links : [...links, { kind: 'privilege', role, privilege, object }]
    }
    case 'ownership':
      return [...links, { kind: 'ownership', role: source.grantee, object: source.object }]
    default:
      return links
  }
}

/** Each link of the paths of an explanation once, with the line of the policy that asks for it. */
export const linksOf = (explanation: Explanation, policy: Policy, database: string): readonly Link[] => {
  const steps = [...explanation.around, explanation]
  const paths = [
    ...steps.flatMap((step) => [...step.paths, ...step.afterSetRole]),
    ...(explanation.columns ?? []).flatMap((column) => column.paths),
  ]
  const facts = new Map(paths.flatMap(factsOf).map((fact) => [JSON.stringify(fact), fact]))
  return [...facts.values()].map((fact) => ({
    what: inWords(fact),
    role: fact.role,
    ...policy.asksFor(fact, database),
  }))
}

/** A link in words: `membership of "alice" in role "readers": pgsr.yaml:12`. */
export const linkLine = ({ what, role, isAsked, isNamed, at }: Link, file: string): string => {
  if (isAsked)
    return `${what}: ${[at?.file ?? file, at?.line].filter((part) => part !== undefined).join(':')}`
  const who = role === 'public' ? 'PUBLIC' : `role ${JSON.stringify(role)}`
  return `${what}: nothing asks for it${isNamed ? '' : `, since ${who} is not in the file`}`
}
