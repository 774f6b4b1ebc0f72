import type { Grant } from '../model/grant.ts'
import { isAll, isNamed, type Target } from '../model/target.ts'
import { objectKinds, type ObjectKind, schemaOf } from '../postgres/object-kind.ts'
import { sortedBy } from '../util/collections.ts'

const kinds = Object.keys(objectKinds) as readonly ObjectKind[]

/** By schema, and in each by kind: the schema itself first, then all objects of a kind, then single ones. */
const keyOfTarget = (target: Target): string => {
  const schema = isNamed(target)
    ? target.kind === 'schema'
      ? target.name[0]
      : schemaOf(target)
    : target.schema
  const kind = String(kinds.indexOf(target.kind)).padStart(2, '0')
  const name = isNamed(target) ? target.name.join('\0') : ''
  return `${schema ?? ''}\0${kind}\0${isAll(target) ? 0 : 1}\0${name}`
}

const keyOf = (grant: Grant): string => {
  switch (grant.kind) {
    case 'attribute':
    case 'membership':
      return `0\0${JSON.stringify(grant)}`
    case 'ownership':
    case 'privilege':
      return `1\0${keyOfTarget(grant.object)}\0${JSON.stringify(grant)}`
    case 'default privilege':
      return `2\0${grant.schema ?? ''}\0${grant.owner}\0${JSON.stringify(grant)}`
  }
}

/** Grants in an order that people read: what is about the same schema stands together. */
export const inReadingOrder = <G extends Grant>(grants: readonly G[]): readonly G[] => sortedBy(grants, keyOf)
