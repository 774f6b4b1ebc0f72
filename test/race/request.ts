import { type DesiredRole, Grant, Target } from '@pgsr/node-postgres'
import { above, type Arena } from './race-fixture.ts'
import type { Random } from './random.ts'

/** What a writer asks for. */
export interface RaceRequest {
  readonly desired: readonly DesiredRole[]
  readonly scope: 'cluster' | 'database'
}

export const attributes = ['CREATEDB', 'CREATEROLE', 'REPLICATION', 'BYPASSRLS'] as const

const ofCluster = (random: Random, arena: Arena, role: string): readonly Grant[] => [
  ...(random.chance(0.5) ? [Grant.login()] : []),
  ...random.some(attributes, 0.2).map((attribute) => Grant.attribute(attribute)),
  ...random.some(above(arena, role), 0.4).map((group) => Grant.roleMembership(group)),
  ...random
    .some(arena.databases, 0.4)
    .map((database) => Grant.databaseConnect(database, { direct: random.chance(0.3) })),
]

const inSchema = (random: Random, { tables }: Arena, schema: string): readonly Grant[] => [
  ...(random.chance(0.6) ? [Grant.schemaUsage(schema, { direct: random.chance(0.3) })] : []),
  ...(random.chance(0.3) ? [Grant.tableSelect(schema, /^orders/)] : []),
  ...random.some(tables, 0.3).map((table) => Grant.tableSelect(schema, table)),
  ...random
    .some(tables, 0.2)
    .map((table) => Grant.privilege(Target.table(schema, table), ['INSERT', 'UPDATE'], { direct: true })),
]

/** Draws what some of the roles should have. What has one owner is asked for by one of them. */
export const drawRequest = (random: Random, arena: Arena): RaceRequest => {
  const scope = random.chance(0.3) ? 'database' : 'cluster'
  const drawn = random.some(arena.roles, 0.5)
  const roles = drawn.length > 0 ? drawn : [random.pick(arena.roles)]
  const owned = [
    ...random.some(arena.schemas, 0.3).map((schema) => Grant.schemaOwnership(schema)),
    ...random.some(arena.tables, 0.3).map((table) => Grant.tableOwnership(arena.schemas[0]!, table)),
  ].map((grant) => ({ grant, owner: random.pick(roles) }))
  const desired = roles.map((role) => ({
    role,
    grants: [
      ...(scope === 'cluster' ? ofCluster(random, arena, role) : []),
      ...arena.schemas.flatMap((schema) => inSchema(random, arena, schema)),
      ...owned.flatMap(({ grant, owner }) => (owner === role ? [grant] : [])),
    ],
  }))
  return { desired, scope }
}

/** Draws one membership for a role that has none: two syncs can give it two at once, and neither waits for the other. */
export const drawMembership = (random: Random, arena: Arena, role: string): RaceRequest => ({
  desired: [{ role, grants: [Grant.roleMembership(random.pick(above(arena, role)))] }],
  scope: 'cluster',
})

/** That no role has anything. */
export const nothing = ({ roles }: Arena): RaceRequest => ({
  desired: roles.map((role) => ({ role, grants: [] })),
  scope: 'cluster',
})
