import {
  access,
  type FutureObjects,
  type GrantableKind,
  type MembershipOptions,
  type OwnableKind,
  type Privilege,
} from '@pgsr/planner'
import { allFuture, keyOfFuture } from '../grammar/grants.ts'
import { grantableKinds, ownableKinds } from '../grammar/objects.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import { type Placed, placedAt } from './placed.ts'
import type { Room } from './room.ts'
import { kindIn, targetsOf } from './targets.ts'
import { flagAt, textAt, textsAt, textsOf, valuesOf } from './values.ts'

const privilegesIn = (object: ObjectValue): readonly Privilege[] =>
  textsAt(object, 'privileges') as readonly Privilege[]

const futureIn = (object: ObjectValue): FutureObjects | undefined =>
  allFuture.find((on) => object.entries.has(keyOfFuture(on)))

const onFuture = (object: ObjectValue, on: FutureObjects, room: Room): readonly Placed[] => {
  const schemas = object.entries.has('schema') ? textsAt(object, 'schema') : [null]
  const owners = textsOf(valueAt(object, keyOfFuture(on)))
  const grantable = flagAt(object, 'grantable') === true
  room.take(owners.length * schemas.length, object)
  return owners.flatMap((owner) =>
    schemas.flatMap((schema) =>
      placedAt(object, [
        { kind: 'default privilege', owner, schema, on, privileges: privilegesIn(object), grantable },
      ]),
    ),
  )
}

/** The grants of one entry of `grants`. */
const grantsOf = (object: ObjectValue, mayBeNone: boolean, room: Room): readonly Placed[] => {
  // If none of its privileges is right, that has been said.
  if (!mayBeNone && privilegesIn(object).length === 0) return []
  const on = futureIn(object)
  if (on !== undefined) return onFuture(object, on, room)
  const kind = kindIn(object, grantableKinds)
  if (kind === undefined) return []
  const grantable = flagAt(object, 'grantable') === true
  const direct = grantable || flagAt(object, 'direct') === true
  return targetsOf(kind as GrantableKind, object, room).map(({ target, place }) => ({
    grant: { kind: 'privilege', privileges: privilegesIn(object), object: target, direct, grantable },
    place,
  }))
}

/**
 * The grants of a list of them.
 * @param mayBeNone whether a grant of no privileges says something, as it does to PUBLIC
 */
export const grantsIn = (value: Value | undefined, mayBeNone: boolean, room: Room): readonly Placed[] =>
  valuesOf(value).flatMap((one) => (one.kind === 'object' ? grantsOf(one, mayBeNone, room) : []))

/** What a role owns. */
export const ownershipsIn = (value: Value | undefined, room: Room): readonly Placed[] =>
  valuesOf(value).flatMap((one): readonly Placed[] => {
    if (one.kind === 'text') {
      const grants = access.owner(one.text)
      room.take(grants.length, one)
      return placedAt(one, grants)
    }
    if (one.kind !== 'object') return []
    const kind = kindIn(one, ownableKinds)
    if (kind === undefined) return []
    return targetsOf(kind as OwnableKind, one, room).map(({ target, place }) => ({
      grant: { kind: 'ownership', object: target } as Placed['grant'],
      place,
    }))
  })

/** A role that something is a member of, or a member of it, with the options of the membership. */
export interface PlacedMembership {
  readonly role: string
  readonly options: MembershipOptions
  readonly place: Place
}

/** Memberships in a list: of roles by name, or of objects with role. */
export const membershipsIn = (value: Value | undefined): readonly PlacedMembership[] =>
  valuesOf(value).flatMap((one): readonly PlacedMembership[] => {
    if (one.kind === 'text') return [{ role: one.text, options: {}, place: one }]
    const role = one.kind === 'object' ? textAt(one, 'role') : undefined
    if (role === undefined || one.kind !== 'object') return []
    const options = Object.fromEntries(
      ['admin', 'inherit', 'set'].flatMap((option) => {
        const flag = flagAt(one, option)
        return flag === undefined ? [] : [[option, flag]]
      }),
    )
    return [{ role, options, place: one }]
  })
