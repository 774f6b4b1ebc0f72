import { type Grant, objectKinds, type ObjectName, type Target, typeName } from '@pgsr/planner'
import type { AccessFact, Asked } from '../policy.ts'
import type { Problems } from '../text/problems.ts'
import type { Place } from '../text/tree.ts'
import type { Built } from './built.ts'
import type { Placed } from './placed.ts'

/** PUBLIC, as facts name it. */
const everybody = 'public'

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((part, index) => part === other[index])

/** The same name, with the types of arguments in their one spelling. */
const spelled = ({ kind, name }: ObjectName): readonly string[] =>
  kind === 'function' || kind === 'procedure'
    ? name.map((part, index) => (index < 2 ? part : (typeName(part) ?? part)))
    : kind === 'parameter'
      ? name.map((part) => part.toLowerCase())
      : name

/** Whether a target stands for an object, or for all that it would be if it existed. */
const covers = (target: Target, object: ObjectName): boolean => {
  if (target.kind !== object.kind) return false
  const [schema = '', name = '', column = ''] = object.name
  if ('all' in target) return target.schema === schema
  if ('pattern' in target) {
    const isAsked = target.columns === undefined || target.columns.includes(column)
    return (
      target.schema === schema &&
      isAsked &&
      new RegExp(target.pattern.source, target.pattern.flags).test(name)
    )
  }
  // The name of columns may list several.
  if (target.kind === 'column')
    return isSame(target.name.slice(0, 2), [schema, name]) && target.name.slice(2).includes(column)
  return isSame(spelled(target), spelled(object))
}

const asksFor = (grant: Grant, fact: AccessFact): boolean => {
  switch (fact.kind) {
    case 'privilege':
      return (
        grant.kind === 'privilege' &&
        grant.privileges.includes(fact.privilege) &&
        covers(grant.object, fact.object)
      )
    case 'ownership':
      return grant.kind === 'ownership' && covers(grant.object, fact.object)
    case 'membership':
      return grant.kind === 'membership' && grant.role === fact.of
  }
}

/** Whether something is in the whole cluster, and not in one database. */
const isOfCluster = (fact: AccessFact): boolean =>
  fact.kind === 'membership' || objectKinds[fact.object.kind].shared === true

/** Finds where a policy asks for what is. */
export const askedIn = (
  built: Built,
  problems: Problems,
): ((fact: AccessFact, database?: string) => Asked) => {
  const roleOf = new Map(built.roles.map((one) => [one.role.role, one]))
  const placesFor = (fact: AccessFact, database: string | undefined): readonly Place[] => {
    // Of a database that the policy is not for, it only asks for what that database shares with the others.
    const isElsewhere = database !== undefined && built.databases?.includes(database) === false
    if (isElsewhere && !isOfCluster(fact)) return []
    const one = roleOf.get(fact.role)
    const inEach = [...(one?.in ?? [])].filter(([name]) => database === undefined || name === database)
    const placed: readonly Placed[] =
      fact.role === everybody
        ? built.public
        : [...(one?.grants ?? []), ...inEach.flatMap(([, grants]) => grants)]
    const listed =
      fact.kind === 'membership'
        ? (roleOf.get(fact.of)?.members ?? []).filter(({ role }) => role === fact.role)
        : []
    return [...placed.filter(({ grant }) => asksFor(grant, fact)), ...listed].map(({ place }) => place)
  }
  return (fact, database) => {
    const [place] = placesFor(fact, database)
    const at = place && problems.positionOf(place)
    return {
      isAsked: place !== undefined,
      isNamed: fact.role === everybody ? built.public.length > 0 : roleOf.has(fact.role),
      ...(at !== undefined && { at }),
    }
  }
}
