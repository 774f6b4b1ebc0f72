import type { DefaultPrivilegeGrant, Grant, OwnershipGrant, PrivilegeGrant, Target } from '@pgsr/planner'
import { keyOfFuture } from '../grammar/grants.ts'
import { keyOfKind } from '../grammar/objects.ts'
import { columnsOf, objectPlain, schemaOfTarget } from './objects.ts'
import { distinct, oneOrList, type Plain, together } from './plain.ts'

/** `{ tables: [orders, returns], schema: sales }` for targets of one kind in one schema. */
const targetsPlain = (targets: readonly Target[]): { readonly [key: string]: Plain } => {
  const [first] = targets
  const schema = schemaOfTarget(first!)
  const columns = columnsOf(first!)
  const key = keyOfKind(columns === undefined ? first!.kind : 'table')
  return {
    ...(columns !== undefined && { columns: oneOrList(columns) }),
    [key]: oneOrList(targets.map(objectPlain)),
    ...(schema !== undefined && { schema }),
  }
}

/** What targets have in common that can be in one list. `all` stands alone. */
const togetherKey = (target: Target): string =>
  JSON.stringify([target.kind, schemaOfTarget(target), columnsOf(target), 'all' in target])

const privilegePlain = (grants: readonly PrivilegeGrant[]): Plain => {
  const { privileges, direct, grantable } = grants[0]!
  return {
    privileges: oneOrList(privileges),
    ...targetsPlain(grants.map(({ object }) => object)),
    ...(grantable ? { grantable } : direct && { direct }),
  }
}

const futurePlain = (grants: readonly DefaultPrivilegeGrant[]): Plain => {
  const { privileges, on, schema, grantable } = grants[0]!
  return {
    privileges: oneOrList(privileges),
    [keyOfFuture(on)]: oneOrList(grants.map(({ owner }) => owner)),
    ...(schema !== null && { schema }),
    ...(grantable && { grantable }),
  }
}

/** Entries of `grants`, in the order of the grants. What can be said together is. */
export const grantsPlain = (grants: readonly Grant[]): readonly Plain[] => {
  const privileges = grants.filter((grant) => grant.kind === 'privilege')
  const future = grants.filter((grant) => grant.kind === 'default privilege')
  return [
    ...together(
      privileges,
      (one) => JSON.stringify([one.privileges, one.direct, one.grantable, togetherKey(one.object)]),
      privilegePlain,
    ),
    ...together(
      future,
      ({ privileges: asked, on, schema, grantable }) => JSON.stringify([asked, on, schema, grantable]),
      futurePlain,
    ),
  ]
}

/** Entries of `owns`. */
export const ownsPlain = (
  schemas: readonly string[],
  grants: readonly OwnershipGrant[],
): readonly Plain[] => [
  ...distinct(schemas),
  ...together(
    grants.map(({ object }): Target => object),
    togetherKey,
    targetsPlain,
  ),
]
