import type { Grant, PlanOptions, PublicGrant } from '@pgsr/planner'
import { append, requestOf } from '@pgsr/planner/internal'
import type { Policy } from '../policy.ts'
import type { Problems } from '../text/problems.ts'
import type { Place } from '../text/tree.ts'
import type { Built } from './built.ts'
import type { Placed } from './placed.ts'

/** PUBLIC, as the reasons of operations name it. */
const everybody = 'public'

/** A grant as plans have it: one for each privilege on each object. */
const canonicalOf = (role: string, grant: Grant): readonly Grant[] =>
  requestOf([{ role, grants: [grant] }], {}).desired.flatMap(({ grants }) => grants)

const canonicalOfPublic = (grant: Grant): readonly Grant[] =>
  requestOf([], { public: [grant as PublicGrant] } satisfies PlanOptions).options.public ?? []

/** The places of a role's grants, by the text of the grant as plans have it. The first one that asks for it counts. */
const placesOf = (role: string, placed: readonly Placed[]): ReadonlyMap<string, Place> => {
  const places = new Map<string, Place>()
  for (const { grant, place } of placed)
    for (const one of role === everybody ? canonicalOfPublic(grant) : canonicalOf(role, grant)) {
      const key = JSON.stringify(one)
      if (!places.has(key)) places.set(key, place)
    }
  return places
}

/** Finds the places of what operations are done for. Each role is looked at when it is asked for. */
export const linesOf = (built: Built, problems: Problems): Policy['lineOf'] => {
  const { policy, roles, absent } = built
  const roleOf = new Map(roles.map((one) => [one.role.role, one]))
  const publicPlace = policy.entries.get('public')?.key
  const places = new Map<string, Place>([
    ...roles.map(({ role, place }): [string, Place] => [role.role, place]),
    ...absent.map(({ role, place }): [string, Place] => [role.role, place]),
    ...(publicPlace === undefined ? [] : [[everybody, publicPlace] as const]),
  ])
  /** What each member is listed for. */
  const listed = new Map<string, Placed[]>()
  for (const { role, members } of roles)
    for (const { role: member, options, place } of members) {
      const placed: Placed = { grant: { kind: 'membership', role: role.role, ...options }, place }
      append(listed, member, placed)
    }
  const asked = (role: string): readonly Placed[] => {
    if (role === everybody) return built.public
    const one = roleOf.get(role)
    const own = one === undefined ? [] : [...one.grants, ...[...one.in.values()].flat()]
    return [...own, ...(listed.get(role) ?? [])]
  }
  const found = new Map<string, ReadonlyMap<string, Place>>()
  return (role, grant) => {
    let place = places.get(role)
    if (grant !== null) {
      const known = found.get(role) ?? placesOf(role, asked(role))
      found.set(role, known)
      place = known.get(JSON.stringify(grant))
    }
    return place && problems.positionOf(place)
  }
}
