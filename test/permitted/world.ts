import type { Random } from '../race/random.ts'
import { makeSchema, privilegeOn, type Thing, thingsOf } from './thing.ts'

/** The names that a small world is made of. */
export interface Names {
  readonly database: string
  /** Who syncs: it may create roles, and owns the database. */
  readonly acting: string
  readonly roles: readonly string[]
  readonly schemas: readonly string[]
}

/** What a superuser does to make a world: each statement may be refused for a good reason. */
export interface World {
  readonly names: Names
  readonly things: readonly Thing[]
  readonly statements: readonly string[]
}

const memberOptions = (random: Random, version: number): string => {
  if (version < 160000) return random.pick(['', '', ' with admin option'])
  const [admin, inherit, set] = [random.chance(0.4), random.chance(0.6), random.chance(0.6)]
  return ` with admin ${admin}, inherit ${inherit}, set ${set}`
}

/** What a role grants in its own name, or whoever is connected in the owner’s. */
const said = (by: string | undefined, text: string): string =>
  by === undefined ? text : `set local role ${by}; ${text}`

const somethingDone = (random: Random, names: Names, things: readonly Thing[], version: number): string => {
  const { acting, roles, schemas } = names
  const role = (): string => random.pick(roles)
  const anybody = (): string => (random.chance(0.2) ? acting : role())
  const thing = random.pick(things)
  const privilege = privilegeOn(thing, random.pick(thing.privileges))
  const option = (): string => (random.chance(0.5) ? ' with grant option' : '')
  const { on } = thing
  switch (
    random.pick([
      ...Array.from({ length: 4 }, () => 'pass on' as const),
      ...Array.from({ length: 3 }, () => 'member' as const),
      ...(['grant', 'grant', 'own', 'own', 'lock out', 'member by another', 'attribute', 'default'] as const),
      ...(['revoke', 'dangle'] as const),
    ])
  ) {
    case 'grant':
      return `grant ${privilege} on ${on} to ${random.chance(0.1) ? 'public' : `${anybody()}${option()}`}`
    case 'pass on': {
      // On a column also by virtue of the table; to others, and to itself.
      const wide = random.chance(0.3) ? privilege.replace(/ .*/, '') : privilege
      const [first, second] = [anybody(), random.chance(0.15) ? undefined : anybody()]
      return `grant ${wide} on ${on} to ${first} with grant option; ${said(first, `grant ${privilege} on ${on} to ${second ?? first}${second === undefined ? '' : option()}`)}`
    }
    case 'own':
      return thing.owned === undefined ? 'null' : `alter ${thing.owned} owner to ${anybody()}`
    case 'lock out': {
      const schema = random.pick(schemas)
      return `revoke ${random.pick(['usage', 'usage', 'all'])} on schema ${schema} from ${random.pick(['public', anybody()])}`
    }
    case 'member':
      return `grant ${role()} to ${anybody()}${memberOptions(random, version)}`
    case 'member by another': {
      const [granted, admin] = [role(), anybody()]
      return `grant ${granted} to ${admin} with admin option; ${said(admin, `grant ${granted} to ${anybody()}${memberOptions(random, version)}`)}`
    }
    case 'attribute':
      return `alter role ${role()} ${random.pick(['login', 'login', 'noinherit', 'noinherit', 'createrole', 'createdb', 'bypassrls', 'superuser'])}`
    case 'default': {
      const future = random.pick(['select on tables', 'usage on sequences', 'execute on functions'])
      const schema = random.chance(0.5) ? `in schema ${random.pick(schemas)} ` : ''
      return `alter default privileges for role ${role()} ${schema}grant ${future} to ${role()}${option()}`
    }
    case 'revoke':
      return `revoke ${privilege} on ${on} from ${random.pick([anybody(), 'public'])} cascade`
    case 'dangle': {
      // As it comes to be by REVOKE … CASCADE and changes of memberships: who granted it may not any more.
      const schema = random.pick(schemas)
      return `update pg_class set relacl = replace(relacl::text, 'r*', 'r')::aclitem[] where oid = '${schema}.t'::regclass`
    }
  }
}

/** Draws a world: half of the roles are the acting role’s own, the others somebody else made. */
export const drawWorld = (random: Random, names: Names, version: number): World => {
  const things = thingsOf(names.database, names.schemas)
  const size = 6 + Math.floor(random.number() * 24)
  return {
    names,
    things,
    statements: [
      ...names.roles.map((role) =>
        said(random.chance(0.5) ? names.acting : undefined, `create role ${role}`),
      ),
      ...names.schemas.map(makeSchema),
      ...things.flatMap(({ owned }) =>
        owned !== undefined && random.chance(0.8)
          ? [`alter ${owned} owner to ${random.pick([names.acting, ...names.roles, ...names.roles])}`]
          : [],
      ),
      ...names.schemas.flatMap((schema) =>
        random.chance(0.3) ? [`grant usage on schema ${schema} to public`] : [],
      ),
      ...Array.from({ length: size }, () => somethingDone(random, names, things, version)),
    ],
  }
}

/** Does them one after the other; what PostgreSQL refuses is left out. */
export const makeWorld = ({ statements }: World): string => `
do $world$ begin
  ${statements
    .map(
      (text) => `begin ${text}; set local role none; exception
    when insufficient_privilege or invalid_grant_operation or dependent_objects_still_exist or internal_error or undefined_object then null; end;`,
    )
    .join('\n  ')}
end $world$`

/** Leaves nothing of a world behind. */
export const dropWorld = ({ names: { database, acting, roles, schemas } }: World): string =>
  [
    'reset role',
    ...roles.map((role) => `alter role ${role} nosuperuser`),
    ...schemas.map((schema) => `drop schema if exists ${schema} cascade`),
    ...roles.map((role) => `reassign owned by ${role} to current_user; drop owned by ${role} cascade`),
    `drop owned by ${acting} cascade`,
    // What others than its owner granted on the database, DROP OWNED leaves.
    `update pg_database set datacl = null where datname = '${database}'`,
    `delete from pg_shdepend where classid = 'pg_database'::regclass and deptype = 'a' and objid = (select oid from pg_database where datname = '${database}')`,
    ...roles.map((role) => `drop role ${role}`),
  ].join('; ')
