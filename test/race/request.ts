import { type DesiredRole, Grant, Target } from '@pgsr/node-postgres'
import { above, type RaceFixture } from './race-fixture.ts'
import type { Random } from './random.ts'

/** What a writer asks for. */
export interface RaceRequest {
  readonly desired: readonly DesiredRole[]
  /** Whether what belongs to the cluster is managed. */
  readonly cluster: boolean
}

export const attributes = ['CREATEDB', 'CREATEROLE', 'REPLICATION', 'BYPASSRLS'] as const

const ofCluster = (random: Random, fixture: RaceFixture, role: string): readonly Grant[] => [
  ...(random.chance(0.5) ? [Grant.login()] : []),
  ...random.some(attributes, 0.2).map((attribute) => Grant.attribute(attribute)),
  ...random.some(above(fixture, role), 0.4).map((group) => Grant.roleMembership(group)),
  ...random
    .some(fixture.databases, 0.4)
    .map((database) => Grant.databaseConnect(database, { direct: random.chance(0.3) })),
]

const inSchema = (random: Random, { tables }: RaceFixture, schema: string): readonly Grant[] => [
  ...(random.chance(0.6) ? [Grant.schemaUsage(schema, { direct: random.chance(0.3) })] : []),
  ...(random.chance(0.3) ? [Grant.tableSelect(schema, /^orders/)] : []),
  ...random.some(tables, 0.3).map((table) => Grant.tableSelect(schema, table)),
  ...random
    .some(tables, 0.2)
    .map((table) => Grant.privilege(Target.table(schema, table), ['INSERT', 'UPDATE'], { direct: true })),
]

/** Draws what some of the roles should have. What has one owner is asked for by one of them. */
export const drawRequest = (random: Random, fixture: RaceFixture): RaceRequest => {
  const cluster = !random.chance(0.3)
  const drawn = random.some(fixture.roles, 0.5)
  const roles = drawn.length > 0 ? drawn : [random.pick(fixture.roles)]
  const owned = [
    ...random.some(fixture.schemas, 0.3).map((schema) => Grant.schemaOwnership(schema)),
    ...random.some(fixture.tables, 0.3).map((table) => Grant.tableOwnership(fixture.schemas[0]!, table)),
  ].map((grant) => ({ grant, owner: random.pick(roles) }))
  const desired = roles.map((role) => ({
    role,
    grants: [
      ...(cluster ? ofCluster(random, fixture, role) : []),
      ...fixture.schemas.flatMap((schema) => inSchema(random, fixture, schema)),
      ...owned.flatMap(({ grant, owner }) => (owner === role ? [grant] : [])),
    ],
  }))
  return { desired, cluster }
}

/** Draws one membership for a role that has none: two syncs can give it two at once, and neither waits for the other. */
export const drawMembership = (random: Random, fixture: RaceFixture, role: string): RaceRequest => ({
  desired: [{ role, grants: [Grant.roleMembership(random.pick(above(fixture, role)))] }],
  cluster: true,
})

/** That no role has anything. */
export const nothing = ({ roles }: RaceFixture): RaceRequest => ({
  desired: roles.map((role) => ({ role, grants: [] })),
  cluster: true,
})
