import { type DesiredRole, Grant, type GrantableKind, Target } from '@pgsr/node-postgres'
import type { Random } from '../race/random.ts'
import type { Thing } from './thing.ts'
import type { World } from './world.ts'

const privilegeGrant = (random: Random, thing: Thing): Grant => {
  const { kind, name, privileges } = thing
  const options = random.pick([{}, { direct: true }, { direct: true, grantable: true }] as const)
  const asked = [random.pick(privileges)] as never[]
  switch (kind) {
    case 'column':
      return Grant.privilege(Target.table(name[0]!, name[1]!, { columns: [name[2]!] }), asked, options)
    case 'function':
      return Grant.privilege(Target.function(name[0]!, name[1]!, []), asked, options)
    default:
      return Grant.privilege({ kind: kind as GrantableKind, name }, asked, options)
  }
}

const grantFor = (random: Random, role: string, { names, things }: World, version: number): Grant => {
  const others = names.roles.filter((other) => other !== role)
  switch (random.pick(['privilege', 'privilege', 'privilege', 'member', 'own', 'attribute', 'default'])) {
    case 'member': {
      const options = version < 160000 ? [{}] : [{}, { set: false }, { inherit: false, set: true }]
      return Grant.roleMembership(random.pick(others), {
        ...random.pick(options),
        ...(random.chance(0.2) && { admin: true }),
      })
    }
    case 'own': {
      const { kind, name } = random.pick(things.filter(({ owned }) => owned !== undefined))
      return kind === 'function'
        ? Grant.ownership(Target.function(name[0]!, name[1]!, []))
        : Grant.ownership({ kind: kind as 'table', name })
    }
    case 'attribute':
      return random.pick([Grant.login(), Grant.attribute('CREATEDB'), Grant.attribute('CREATEROLE')])
    case 'default': {
      const future = { owner: random.pick(others), schema: random.pick(names.schemas), on: 'tables' } as const
      return Grant.defaultPrivilege(future, ['SELECT'])
    }
    default:
      return privilegeGrant(random, random.pick(things))
  }
}

/** Draws what some roles of a world should have: mostly nothing, or little. */
export const drawRequest = (random: Random, world: World, version: number): readonly DesiredRole[] => {
  const roles = world.names.roles.slice(0, random.pick([1, 1, 2]))
  const owned = new Set<string>()
  return roles.map((role) => {
    const grants = new Map<string, Grant>()
    for (let left = random.pick([0, 0, 1, 3]); left > 0; left--) {
      const grant = grantFor(random, role, world, version)
      if (grant.kind === 'ownership') {
        const key = JSON.stringify(grant.object)
        if (owned.has(key)) continue
        owned.add(key)
      }
      const key =
        grant.kind === 'membership'
          ? `member ${grant.role}`
          : grant.kind === 'attribute'
            ? 'attribute'
            : JSON.stringify(grant)
      grants.set(key, grant)
    }
    return { role, grants: [...grants.values()] }
  })
}
