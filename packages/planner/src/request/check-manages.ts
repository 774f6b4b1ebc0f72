import { describeName, describeObject, describeTarget } from '../model/describe.ts'
import type { Grant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isLimited, type Managed, managedBy, managesObject, managesSchema } from '../model/managed.ts'
import type { ManagesOption } from '../model/managed.ts'
import { checkOptionNames } from '../model/option-names.ts'
import { isNamed, type Target } from '../model/target.ts'
import { nameProblem } from '../postgres/identifier.ts'
import { objectKinds, schemaOf } from '../postgres/object-kind.ts'
import { sortedUnique } from '../util/collections.ts'
import { quotedText } from './describe-given.ts'

/**
 * The option in canonical form; `undefined` if everything is managed.
 * @param failure what errors begin with
 * @throws InvalidGrantError
 */
export const checkManages = (
  given: ManagesOption = {},
  failure = 'cannot sync roles',
): ManagesOption | undefined => {
  const refuse = (problem: string): never => {
    throw new InvalidGrantError({ field: 'manages', message: `${failure}: ${problem}` })
  }
  checkOptionNames(given, ['schemas', 'cluster'], `${failure}: manages`)
  const { schemas, cluster } = given
  if (cluster !== undefined && typeof cluster !== 'boolean') refuse('manages.cluster must be true or false')
  if (schemas !== undefined && !Array.isArray(schemas)) refuse('manages.schemas is not an array')
  for (const schema of schemas ?? []) {
    const problem = nameProblem(schema)
    if (problem !== undefined) refuse(`the name ${quotedText(schema)}in manages.schemas ${problem}`)
  }
  const managed = managedBy(given)
  if (!managed.cluster && schemas?.length === 0)
    refuse('manages leaves nothing to manage; name schemas, or set manages.cluster to true')
  if (!isLimited(managed)) return undefined
  return { ...(schemas !== undefined && { schemas: sortedUnique(schemas) }), cluster: managed.cluster }
}

/** Whether a grant is about what belongs to the whole cluster. It may be of any type. */
export const isOfCluster = (grant: Grant | undefined): boolean => {
  if (grant?.kind === 'attribute' || grant?.kind === 'membership') return true
  if (grant?.kind !== 'privilege' && grant?.kind !== 'ownership') return false
  const { kind } = (grant.object as Target | undefined) ?? {}
  return kind !== undefined && Object.hasOwn(objectKinds, kind) && objectKinds[kind].shared === true
}

const ofCluster =
  'it belongs to the whole cluster, which this call does not manage; set manages.cluster to true'

const outside = (what: string, remedy: string): string =>
  `${what} is outside of what this call manages; ${remedy}`

const whyNotTarget = (managed: Managed, target: Target): string | undefined => {
  const object = isNamed(target) ? target : ({ kind: 'schema', name: [target.schema] } as const)
  if (managesObject(managed, object)) return undefined
  if (objectKinds[object.kind].shared === true) return ofCluster
  const schema = object.kind === 'schema' ? object.name[0] : schemaOf(object)
  return schema === undefined
    ? outside(describeObject(object), 'it is in no schema, so leave manages.schemas out')
    : outside(describeTarget(target), `add schema ${describeName(schema)} to manages.schemas`)
}

/** Why a grant is not for a call to make, as far as the call limits what it manages. */
export const whyNotManaged = (managed: Managed, grant: Grant): string | undefined => {
  switch (grant.kind) {
    case 'attribute':
    case 'membership':
      return managed.cluster ? undefined : ofCluster
    case 'privilege':
    case 'ownership':
      return whyNotTarget(managed, grant.object)
    case 'default privilege': {
      const { schema } = grant
      if (managesSchema(managed, schema)) return undefined
      return schema === null
        ? outside('what is created in any schema', 'name a schema of manages.schemas')
        : whyNotTarget(managed, { kind: 'schema', name: [schema] })
    }
  }
}
