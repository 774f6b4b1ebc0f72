import { type DesiredRole, Grant, type PlanOptions, type Privilege, Target } from '@pgsr/node-postgres'
import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import type { Pick } from '../planner/apply-operations.ts'

/** The names that a random world is made with. */
export interface Names {
  /** In order. No role becomes a member of one before it. */
  readonly roles: readonly string[]
  /** Those that are asked for something. */
  readonly desired: readonly string[]
  readonly schemas: readonly string[]
  readonly database: string
}

/** The names of a new random world. */
export const newNames = ({ name, database }: Sandbox): Names => {
  const roles = ['a', 'b', 'c', 'd', 'e'].map(name).sort()
  return { roles, desired: roles.slice(1, 4), schemas: [name('s'), name('z')], database }
}

/** A kind of thing that is in both schemas of a random world, and how PostgreSQL is asked what a role may do with it. */
export interface Thing {
  readonly kind: 'schema' | 'table' | 'column' | 'sequence' | 'function' | 'type'
  readonly name: string
  readonly privileges: readonly Privilege[]
  /** As GRANT names it, in a schema, for a privilege. */
  readonly on: (schema: string) => string
  /** Of columns: which. */
  readonly column?: string
  /** How ALTER … OWNER TO names it. */
  readonly owned?: (schema: string) => string
}

export const things: readonly Thing[] = [
  {
    kind: 'schema',
    name: '',
    privileges: ['USAGE', 'CREATE'],
    on: (schema) => `schema ${schema}`,
    owned: (schema) => `schema ${schema}`,
  },
  ...['one', 'two'].map((name): Thing => ({
    kind: 'table',
    name,
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'],
    on: (schema) => `table ${schema}.${name}`,
    owned: (schema) => `table ${schema}.${name}`,
  })),
  ...['a', 'b'].map((column): Thing => ({
    kind: 'column',
    name: 'one',
    column,
    privileges: ['SELECT', 'UPDATE', 'REFERENCES'],
    on: (schema) => `table ${schema}.one`,
  })),
  {
    kind: 'sequence',
    name: 'free',
    privileges: ['USAGE', 'SELECT'],
    on: (schema) => `sequence ${schema}.free`,
    owned: (schema) => `sequence ${schema}.free`,
  },
  {
    kind: 'function',
    name: 'f',
    privileges: ['EXECUTE'],
    on: (schema) => `function ${schema}.f(int, text[])`,
    owned: (schema) => `function ${schema}.f(int, text[])`,
  },
  {
    kind: 'type',
    name: 'mood',
    privileges: ['USAGE'],
    on: (schema) => `type ${schema}.mood`,
    owned: (schema) => `type ${schema}.mood`,
  },
]

export const makeSchema = (schema: string): string => `
  create schema ${schema}; create table ${schema}.one (a int, b text); create table ${schema}.two (a int);
  create sequence ${schema}.free; create type ${schema}.mood as enum ('good');
  create function ${schema}.f(int, text[]) returns int language sql as 'select 1';
  grant usage on schema ${schema} to public`

/** Makes a statement that somebody may have run before. */
export type StatementMaker = (pick: Pick, names: Names, version: number) => string

/** Most of it is nothing that pgsr would do. */
export const statement: StatementMaker = (pick, { roles, schemas }, version) => {
  const role = (): string => pick(roles)!
  const [schema, thing] = [pick(schemas)!, pick(things)!]
  const option = (): string => pick([' with grant option', ''])!
  const privilege = (): string =>
    `${pick(thing.privileges)!}${thing.column === undefined ? '' : ` (${thing.column})`}`
  const on = thing.on(schema)
  const kinds = [
    'grant',
    'grant',
    'pass on',
    'pass on',
    'pass on',
    'own',
    'member',
    'member',
    'attribute',
    'default',
    'revoke',
  ]
  switch (pick(kinds)!) {
    case 'grant':
      return `grant ${privilege()} on ${on} to ${pick([role(), role(), 'public'])!}${option()}`
    case 'pass on': {
      const passed = privilege()
      const [first, second] = [role(), role()]
      return `grant ${passed} on ${on} to ${first} with grant option; set local role ${first};
        grant ${passed} on ${on} to ${second}${option()}`
    }
    case 'own': {
      const owned = thing.owned?.(schema)
      return owned === undefined ? 'null' : `alter ${owned} owner to ${role()}`
    }
    case 'member': {
      const plain = ['', ' with admin option']
      const options =
        version >= 160000 ? [...plain, ' with set false', ' with admin true, inherit false'] : plain
      return `grant ${role()} to ${role()}${pick(options)!}`
    }
    case 'attribute':
      return `alter role ${role()} ${pick(['login', 'createrole', 'createdb', 'noinherit', 'bypassrls'])!}`
    case 'default':
      return `alter default privileges for role ${role()} ${pick([`in schema ${schema}`, ''])!}
        grant ${pick(['select on tables', 'usage on sequences', 'execute on functions', 'usage on types'])!} to ${role()}${option()}`
    default:
      return `revoke ${privilege()} on ${on} from ${pick([role(), 'public'])!} cascade`
  }
}

/** Runs what numbers make; what PostgreSQL refuses for a good reason is left out. */
export const blindly = (
  choices: readonly (readonly number[])[],
  pickFor: (numbers: readonly number[]) => Pick,
  names: Names,
  version: number,
  maker: StatementMaker = statement,
): string => `
  do $blindly$ begin
    ${choices
      .map((numbers) => maker(pickFor(numbers), names, version))
      .filter((text) => text !== 'null')
      .map(
        (text) => `begin ${text}; set local role none; exception
        when insufficient_privilege or invalid_grant_operation or dependent_objects_still_exist or undefined_object then null; end;`,
      )
      .join('\n')}
  end $blindly$`

/** Something that roles may ask for, of any sort. */
const grantFrom = (
  pick: Pick,
  { roles, schemas }: Names,
  self: string,
  version: number,
): readonly Grant[] => {
  const [schema, thing] = [pick(schemas)!, pick(things)!]
  const others = roles.filter((role) => role > self)
  const options = pick([{}, {}, { direct: true }, { direct: true, grantable: true }] as const)!
  const { kind, name, column, privileges } = thing
  const asked = [pick(privileges)!, pick(privileges)!] as never[]
  switch (
    pick(['privilege', 'privilege', 'privilege', 'pattern', 'owner', 'member', 'attribute', 'default'])!
  ) {
    case 'pattern':
      return [
        Grant.privilege(
          pick([Target.table(schema, /o/), Target.allTables(schema)])!,
          ['SELECT', 'UPDATE'],
          options,
        ),
      ]
    case 'owner':
      return kind === 'column' || kind === 'schema'
        ? []
        : [
            Grant.ownership(
              kind === 'function'
                ? Target.function(schema, 'f', ['int4', 'text[]'])
                : { kind, name: [schema, name] },
            ),
          ]
    case 'member': {
      const role = pick(others)
      const set = version >= 160000 ? pick([{}, { set: false }, { inherit: true }])! : {}
      return role === undefined
        ? []
        : [Grant.roleMembership(role, { ...pick([{}, { admin: true }])!, ...set })]
    }
    case 'attribute':
      return [pick([Grant.login(), Grant.attribute('CREATEROLE'), Grant.attribute('CREATEDB')])!]
    case 'default':
      return [Grant.defaultPrivilege({ owner: pick(roles)!, schema, on: 'tables' }, ['SELECT'])]
    default:
      break
  }
  switch (kind) {
    case 'schema':
      return [Grant.privilege(Target.schema(schema), asked, options)]
    case 'column':
      return [Grant.privilege(Target.table(schema, name, { columns: [column!] }), asked, options)]
    case 'function':
      return [Grant.privilege(Target.function(schema, name, ['int', 'text []']), asked, options)]
    default:
      return [Grant.privilege({ kind, name: [schema, name] }, asked, options)]
  }
}

/** Each list of numbers asks for something on behalf of one of the desired roles. */
export const desiredFrom = (
  wishes: readonly (readonly number[])[],
  pickFor: (numbers: readonly number[]) => Pick,
  names: Names,
  version: number,
): readonly DesiredRole[] => {
  const asked = new Map<string, Grant[]>(names.desired.map((role) => [role, []]))
  const owned = new Set<string>()
  for (const numbers of wishes) {
    const pick = pickFor(numbers)
    const role = pick(names.desired)!
    for (const grant of grantFrom(pick, names, role, version)) {
      const key =
        grant.kind === 'ownership' && 'name' in grant.object
          ? JSON.stringify(grant.object.name.slice(0, 2))
          : undefined
      const isTwice =
        (key !== undefined && owned.has(key)) ||
        asked
          .get(role)!
          .some(
            (one) => one.kind === 'membership' && grant.kind === 'membership' && one.role === grant.role,
          ) ||
        (grant.kind === 'attribute' && asked.get(role)!.some((one) => one.kind === 'attribute'))
      if (isTwice) continue
      if (key !== undefined) owned.add(key)
      asked.get(role)!.push(grant)
    }
  }
  return [...asked].map(([role, grants]) => ({ role, grants }))
}

type PublicGrant = NonNullable<PlanOptions['public']>[number]

/** What PUBLIC is to have on a thing: some of its privileges, or none. */
export const publicGrant = (
  pick: Pick,
  schema: string,
  { kind, name, column, privileges }: Thing,
): PublicGrant => {
  const listed = privileges.filter(() => pick([true, false])!) as never[]
  switch (kind) {
    case 'schema':
      return Grant.privilege(Target.schema(schema), listed)
    case 'table':
      return Grant.privilege(Target.table(schema, name), listed)
    case 'column':
      return Grant.privilege(Target.table(schema, name, { columns: [column!] }), listed)
    case 'function':
      return Grant.privilege(Target.function(schema, name, ['int', 'text[]']), listed)
    case 'sequence':
      return Grant.privilege(Target.sequence(schema, name), listed)
    case 'type':
      return Grant.privilege(Target.type(schema, name), listed)
  }
}

/** What a call may ask for that manages one schema. */
export const isInside = (grant: Grant, schema: string): boolean => {
  switch (grant.kind) {
    case 'default privilege':
      return grant.schema === schema
    case 'privilege':
    case 'ownership':
      return ('name' in grant.object ? grant.object.name[0] : grant.object.schema) === schema
    default:
      return false
  }
}
