import type { Catalog, CatalogDefaults } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { attributesOf, defaultPrivilegeFacts, privilegeFact, propertyFacts } from '../catalog/facts.ts'
import { describeFact, describeGrantee } from '../model/describe.ts'
import { type Fact, factKey, holderOf } from '../model/fact.ts'
import type { Kept } from '../model/kept.ts'
import type { Operation } from '../model/operation.ts'
import { touchedBy } from '../model/touched.ts'
import type { ReadonlyAcl } from '../postgres/acl.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { membershipOptions, membershipOptionWords, together } from '../postgres/membership-option.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import { objectsTouched } from './effects.ts'
import { isLater } from '../postgres/timestamp.ts'

/** Whether a role has no longer what it had, whoever granted it: a privilege, or the grant option with it. */
const isLess = (after: ReadonlyAcl, grantee: string, privilege: Privilege, grantable: boolean): boolean => {
  const holds = after.holders(privilege).get(grantee)
  return holds === undefined || (grantable && !holds)
}

/** What roles have on an object and lose. Of an owner, it is the ownership. */
const lostOn = (before: CatalogObject, after: CatalogObject): readonly Fact[] => {
  const { kind, name, owner, ownerFollows } = before
  const isMoved = owner !== after.owner && ownerFollows === undefined
  return [
    ...(isMoved ? [{ kind: 'ownership' as const, object: { kind, name }, owner }] : []),
    ...flatMap(before.acl.values(), (item) =>
      item.grantee === owner || item.grantee === after.owner
        ? []
        : [...item.privileges]
            .filter(([privilege, grantable]) => isLess(after.acl, item.grantee, privilege, grantable))
            .map(([privilege]) => privilegeFact(before, item, privilege)),
    ),
  ]
}

const lostDefaults = (before: CatalogDefaults, after: CatalogDefaults): readonly Fact[] =>
  defaultPrivilegeFacts(before).filter(({ privilege, grantee, grantable }) =>
    isLess(after.acl, grantee, privilege, grantable),
  )

/** The rows that give a member what it loses. Who is no longer a member loses them all, also those without any option. */
const lostRows = (before: Catalog, after: Catalog, role: string, member: string): readonly Fact[] => {
  const rows = before.memberships.between(role, member)
  const rowsLeft = after.memberships.between(role, member)
  const left = together(rowsLeft)
  const lost = membershipOptionWords
    .map((option) => membershipOptions[option])
    .filter((option) => !left[option])
  return rows
    .filter((row) => rowsLeft.length === 0 || lost.some((option) => row[option]))
    .map((row) => ({ kind: 'membership', ...row }))
}

const lostAttributes = (before: Catalog, after: Catalog, name: string): readonly Fact[] => {
  const [had, has] = [before.roles.get(name), after.roles.get(name)]
  if (had === undefined || has === undefined) return []
  const left = new Set(attributesOf(has))
  const lost = attributesOf(had).filter((attribute) => !left.has(attribute))
  const isShorter = had.login && has.login && isLater(had.validUntil, has.validUntil)
  return [...lost, ...(isShorter ? [`VALID UNTIL ${had.validUntil}`] : [])].map((attribute) => ({
    kind: 'attribute',
    role: name,
    attribute,
  }))
}

/** The limits, comments and settings that roles have and lose. */
const lostProperties = (before: Catalog, after: Catalog, role: string): readonly Fact[] => {
  const left = new Set(propertyFacts(after, role).map(factKey))
  return propertyFacts(before, role).filter((fact) => !left.has(factKey(fact)))
}

/** The roles whose stored passwords go, as far as they are known to have one that they can use, or could one day. */
const passwordsChanged = (before: Catalog, operations: readonly Operation[]): Set<string> =>
  new Set(
    flatMap(operations, (operation) => {
      if (operation.kind !== 'clearPassword' && operation.kind !== 'setPassword') return []
      const { login = false, hasPassword = false } = before.roles.get(operation.role) ?? {}
      return hasPassword || (login && operation.kind === 'setPassword') ? [operation.role] : []
    }),
  )

const keeping = (fact: Fact): Kept => {
  const role = holderOf(fact)
  return { role, fact, message: `${describeGrantee(role)} keeps ${describeFact(fact)}: the mode is additive` }
}

/**
 * What other operations would take from roles. It is computed from the catalogs before and after, so that nothing can be
 * forgotten.
 * @param exact the operations that are not done
 * @param after the catalog as it would be after these
 * @param done the operations that are done instead, which take nothing but passwords that nobody can use
 */
export const keptOf = (
  before: Catalog,
  exact: readonly Operation[],
  after: Catalog,
  done: readonly Operation[],
): readonly Kept[] => {
  const { defaults, memberships } = touchedBy(exact)
  const objects = flatMap(objectsTouched(after, exact), (key): Fact[] => {
    const [had, has] = [before.objects.get(key), after.objects.get(key)]
    return had === undefined || has === undefined ? [] : [...lostOn(had, has)]
  })
  const pairs = new Map(memberships.map((one) => [`${one.role}\0${one.member}`, one]))
  const altered = new Set(
    flatMap(exact, (one) => ('attribute' in one || 'validUntil' in one ? [one.role] : [])),
  )
  const propertied = new Set(flatMap(exact, (one) => (one.kind === 'setProperty' ? [one.role] : [])))
  const passwords = passwordsChanged(before, exact)
  for (const role of passwordsChanged(before, done)) passwords.delete(role)
  const facts: readonly Fact[] = [
    ...objects,
    ...flatMap(pairs.values(), ({ role, member }) => lostRows(before, after, role, member)),
    ...flatMap(defaults, ({ owner, schema, on }) =>
      lostDefaults(before.defaultsOf(owner, schema, on), after.defaultsOf(owner, schema, on)),
    ),
    ...flatMap(altered, (role) => lostAttributes(before, after, role)),
    ...flatMap(propertied, (role) => lostProperties(before, after, role)),
    ...[...passwords].map((role): Fact => ({ kind: 'attribute', role, attribute: 'PASSWORD' })),
  ]
  return sortedBy(facts.map(keeping), ({ role, fact }) => JSON.stringify([role, fact]))
}
