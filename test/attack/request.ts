import {
  type DesiredRole,
  Grant,
  type Grant as AnyGrant,
  type SyncRolesOptions,
  Target,
} from '@pgsr/node-postgres'
import type { Random } from '../race/random.ts'
import type { Author, Part } from './part.ts'
import type { World } from './world.ts'

/** What is asked for. */
export interface AttackRequest {
  readonly desired: readonly DesiredRole[]
  readonly options: SyncRolesOptions
}

const privileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES', 'TRIGGER'] as const

/** Draws what an author may go on doing without owning anything. */
const drawUse = (random: Random, { relations }: World, author: Author): readonly AnyGrant[] => [
  Grant.schemaUsage(author, { direct: true }),
  ...(random.chance(0.3) ? [Grant.schemaCreate(author, { direct: true })] : []),
  ...random.some(relations, 0.4).map(({ schema, name }) =>
    Grant.privilege(Target.table(schema, name), random.pick([privileges, privileges.slice(0, 4)]), {
      direct: true,
    }),
  ),
]

/** Draws what of its own an author keeps. */
const drawKept = (random: Random, { keepable }: World, author: Author): readonly AnyGrant[] => {
  const own = keepable.filter((one) => one.author === author).map(({ grant }) => grant)
  const tables = own.filter(({ object }) => object.kind === 'table')
  const few = random.chance(0.5) && tables.length > 0 ? [random.pick(tables)] : random.some(own, 0.3)
  return [...few, ...(random.chance(0.2) ? [Grant.schemaOwnership(author)] : [])]
}

const drawGrants = (random: Random, world: World, author: Author, cluster: boolean): readonly AnyGrant[] => {
  if (random.chance(0.3)) return []
  // LOGIN belongs to the cluster.
  const login = cluster ? [Grant.login()] : []
  const use = [...login, ...drawUse(random, world, author)]
  return random.chance(0.3) ? use : [...use, ...drawKept(random, world, author)]
}

/** Draws what authors should have from now on. */
export const drawRequest = (random: Random, world: World, role: (part: Part) => string): AttackRequest => {
  const authors = random.chance(0.3) ? (['author', 'rival'] as const) : (['author'] as const)
  const cluster = !random.chance(0.2)
  return {
    desired: authors.map((author) => ({
      role: role(author),
      grants: drawGrants(random, world, author, cluster),
    })),
    options: { manages: { cluster }, keepDependents: random.chance(0.2) },
  }
}

/** That the author should have nothing any more. */
export const nothing = (role: (part: Part) => string): AttackRequest => ({
  desired: [{ role: role('author'), grants: [] }],
  options: {},
})

/** That the author should have only this, and may go on to log in. */
export const only = (role: (part: Part) => string, grants: readonly AnyGrant[]): AttackRequest => ({
  desired: [
    {
      role: role('author'),
      grants: [Grant.login(), Grant.schemaUsage('author', { direct: true }), ...grants],
    },
  ],
  options: {},
})
