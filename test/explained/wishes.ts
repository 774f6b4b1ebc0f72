import {
  type DesiredRole,
  Grant,
  type MembershipOptions,
  type PlanRolesOptions,
  type Privilege,
  type PrivilegeOptions,
  type Target,
} from '@pgsr/node-postgres'
import { objectKinds } from '@pgsr/planner'
import type { Pick as Picker } from '../src/planner/apply-operations.ts'
import { privilegesOn, type Stage, type Subject } from './world.ts'

/** What is asked for in a random world. */
export interface Wishes {
  readonly desired: readonly (DesiredRole | { readonly role: string; readonly absent: true })[]
  readonly options: PlanRolesOptions
}

/** Names that nothing has yet. */
export interface NewNames {
  readonly role: string
  readonly schema: string
  readonly parameter: string
}

/** Not what other tests lock, which are in the same cluster, or an untrusted language, on which nobody may grant anything. */
const isAskedFor = ({ name }: Subject): boolean => name[0] !== 'work_mem' && name[0] !== 'c'

/** The names of the columns come after that of the table. */
const targetOf = ({ kind, name }: Subject): Target => ({ kind, name })

const memberships = (version: number): readonly MembershipOptions[] => [
  {},
  {},
  { admin: true },
  ...(version >= 160000 ? [{ inherit: false }, { set: false }, { inherit: true, set: true }] : []),
]

/** Something that a role may ask for. Of the roles it asks only for later ones, so that there is no cycle. */
const grantFrom = (pick: Picker, stage: Stage, names: NewNames, self: string): Grant => {
  const { roles, box } = stage
  const { version } = box.server
  const subject = pick(stage.subjects.filter(isAskedFor))!
  const all = privilegesOn(subject, version)
  const some = [pick(all)!, pick(all)!] as Privilege[]
  const how = pick<PrivilegeOptions>([{}, {}, { direct: true }, { direct: true, grantable: true }])!
  const schema = stage.subjects.find(({ kind }) => kind === 'sequence')!.name[0]!
  const onSubject = Grant.privilege(targetOf(subject) as Target<'table'>, some as 'SELECT'[], how)
  switch (pick(['one', 'one', 'one', 'one', 'many', 'own', 'new', 'member', 'member', 'attribute'])!) {
    case 'many':
      return pick([
        Grant.privilege({ kind: 'table', schema, all: true }, ['SELECT', 'UPDATE'], how),
        Grant.privilege({ kind: 'table', schema, pattern: { source: 'view' } }, ['SELECT'], how),
        Grant.privilege({ kind: 'function', schema, all: true }, ['EXECUTE'], how),
      ])!
    case 'own': {
      const isOwnable =
        objectKinds[subject.kind].ownerKeyword !== undefined && subject.name[0] !== 'pg_catalog'
      return isOwnable ? Grant.ownership(targetOf(subject) as Target<'table'>) : onSubject
    }
    case 'new':
      return version >= 150000 && pick([true, false])!
        ? Grant.privilege({ kind: 'parameter', name: [names.parameter] }, ['SET'], how)
        : Grant.schemaOwnership(names.schema)
    case 'member': {
      const predefined = [
        'pg_monitor',
        ...(version >= 140000 ? ['pg_read_all_data', 'pg_write_all_data'] : []),
      ]
      const later = roles.filter((role) => role > self)
      return Grant.roleMembership(pick([...later, ...later, ...predefined])!, pick(memberships(version)))
    }
    case 'attribute':
      return pick([Grant.login(), Grant.attribute('SUPERUSER'), Grant.attribute('CREATEROLE')])!
    default:
      return onSubject
  }
}

/** What may be asked for once: an owner, and how a role is a member of another one. */
const onceOf = (role: string, grant: Grant): string | undefined => {
  if (grant.kind === 'ownership') return JSON.stringify(grant.object)
  if (grant.kind === 'membership') return `${role} in ${grant.role}`
  return grant.kind === 'attribute' ? `${role} ${grant.attribute}` : undefined
}

/** Each list of numbers asks for something on behalf of a role. The first one decides about the plan as a whole. */
export const wishesFrom = (
  numbers: readonly (readonly number[])[],
  pickFor: (numbers: readonly number[]) => Picker,
  stage: Stage,
  names: NewNames,
): Wishes => {
  const [whole = [], ...others] = numbers
  const pick = pickFor(whole)
  const absent = pick([undefined, undefined, stage.roles[0]])
  const asked = new Map<string, Grant[]>([...stage.roles.slice(1, 4), names.role].map((role) => [role, []]))
  const told = new Set<string>()
  for (const choices of others) {
    const pickOne = pickFor(choices)
    const role = pickOne([...asked.keys()])!
    const grant = grantFrom(pickOne, stage, names, role)
    const once = onceOf(role, grant)
    if (once !== undefined && told.has(once)) continue
    if (once !== undefined) told.add(once)
    asked.get(role)!.push(grant)
  }
  const [listing] = asked.keys()
  const members = pick([undefined, undefined, stage.roles.slice(0, 1)])
  const subject = pick(
    stage.subjects.filter(
      (one) => isAskedFor(one) && one.kind !== 'parameter' && one.name[0] !== 'pg_catalog',
    ),
  )!
  const forAll = Grant.privilege(
    targetOf(subject) as Target<'table'>,
    [pick(privilegesOn(subject, stage.box.server.version))!] as 'SELECT'[],
  )
  return {
    desired: [
      ...[...asked].map(([role, grants]) => ({
        role,
        grants,
        ...pick([{}, {}, { inherit: true }, { inherit: false }])!,
        ...(role === listing && absent === undefined && members !== undefined && { members }),
      })),
      ...(absent === undefined ? [] : [{ role: absent, absent: true as const }]),
    ],
    options: {
      allowSuperuser: true,
      ...(absent === undefined && pick([{}, { mode: 'additive' as const }])),
      ...pick([{}, {}, { keepDependents: true }])!,
      ...pick([{}, {}, { public: [forAll] }, { public: [] }])!,
      ...pick([{}, { reassignOwnedTo: stage.box.actor }])!,
    },
  }
}
