import type { Privilege } from '@pgsr/node-postgres'
import { objectKinds } from '@pgsr/planner'
import { everyKind, makeEveryKind, makePlace, type Specimen } from '../harness/holdings/every-kind.ts'
import type { Sandbox } from '../harness/sandbox/sandbox.ts'
import type { Pick as Picker } from '../src/planner/apply-operations.ts'

/** Something on which access is explained. */
export type Subject = Pick<Specimen, 'kind' | 'name' | 'sql' | 'oid'>

/** Where random worlds take place: objects of every kind, and roles. */
export interface Stage {
  readonly box: Sandbox
  readonly roles: readonly string[]
  readonly subjects: readonly Subject[]
}

const relation = (schema: string, name: string): Subject => ({
  kind: 'table',
  name: [schema, name],
  sql: `${schema}.${name}`,
  oid: `'${schema}.${name}'::regclass::oid`,
})

/** What is there without anybody having made it. */
const given = ({ server: { version }, database }: Sandbox): readonly Subject[] => [
  {
    kind: 'database',
    name: [database],
    sql: database,
    oid: `(select oid from pg_database where datname = '${database}')`,
  },
  relation('pg_catalog', 'pg_ts_config'),
  relation('pg_catalog', 'pg_authid'),
  relation('pg_catalog', 'pg_views'),
  relation('information_schema', 'sql_features'),
  {
    kind: 'function',
    name: ['pg_catalog', 'pg_ls_dir', 'text'],
    sql: 'pg_catalog.pg_ls_dir(text)',
    oid: `'pg_catalog.pg_ls_dir(text)'::regprocedure::oid`,
  },
  {
    kind: 'language',
    name: ['c'],
    sql: 'c',
    oid: `(select oid from pg_language where lanname = 'c')`,
  },
  {
    kind: 'schema',
    name: ['public'],
    sql: 'public',
    oid: `'public'::regnamespace::oid`,
  },
  ...(version >= 150000
    ? [
        {
          kind: 'parameter' as const,
          name: ['work_mem'],
          sql: 'work_mem',
          oid: `(select oid from pg_parameter_acl where parname = 'work_mem')`,
        },
      ]
    : []),
]

export const makeStage = async (box: Sandbox): Promise<Stage> => {
  const roles = ['a', 'b', 'c', 'd', 'e', 'f'].map((base) => box.name(base)).sort()
  await box.admin(roles.map((role) => `create role ${role}`).join(';'))
  const place = await makePlace(box)
  const specimens = await makeEveryKind(place)
  const subjects = specimens.filter(({ kind }) => everyKind[kind].has !== undefined)
  return { box, roles, subjects: [...subjects, ...given(box)] }
}

export const privilegesOn = ({ kind }: Subject, version: number): readonly Privilege[] =>
  everyKind[kind].privileges!(version)

/** An expression for whether the role with an oid has a privilege. */
export const hasIt = (subject: Subject, oid: string, privilege: string, version: number): string => {
  const has = everyKind[subject.kind].has!(subject, oid, privilege, version)
  // What stands in for `has_largeobject_privilege` before 18 does not know superusers.
  return subject.kind === 'large object'
    ? `(${has} or exists (select from pg_roles as s where s.oid = ${oid} and s.rolsuper))`
    : has
}

const predefined = (version: number): readonly string[] => [
  'pg_monitor',
  ...(version >= 140000 ? ['pg_read_all_data', 'pg_write_all_data'] : []),
  ...(version >= 170000 ? ['pg_maintain'] : []),
]

/** Something that somebody may have done. */
const statement = (pick: Picker, { roles, subjects, box }: Stage): string => {
  const { version } = box.server
  const role = (): string => pick(roles)!
  const subject = pick(subjects)!
  const { kind, name, sql } = subject
  const option = (): string => pick([' with grant option', '', ''])!
  const privilege = `${pick(privilegesOn(subject, version))!}${kind === 'column' ? ` (${name[2]})` : ''}`
  const on = `${objectKinds[kind].grantKeyword} ${sql}`
  const grantees = [
    ...roles,
    ...roles,
    'public',
    'pg_monitor',
    ...(version >= 140000 ? ['pg_database_owner'] : []),
  ]
  const kinds = ['grant', 'grant', 'grant', 'pass on', 'pass on', 'own', 'member', 'member', 'member']
  switch (pick([...kinds, 'member as', 'attribute', 'revoke', 'revoke', 'rows'])!) {
    case 'grant':
      return `grant ${privilege} on ${on} to ${pick(grantees)!}${option()}`
    case 'pass on': {
      const [first, second] = [role(), role()]
      return `grant ${privilege} on ${on} to ${first} with grant option; set local role ${first};
        grant ${privilege} on ${on} to ${second}${option()}`
    }
    case 'own': {
      const { ownerKeyword } = objectKinds[kind]
      return ownerKeyword === undefined || name[0] === 'pg_catalog'
        ? 'null'
        : `alter ${ownerKeyword} ${sql} owner to ${role()}`
    }
    case 'member':
    case 'member as': {
      const plain = ['', ' with admin option']
      const options =
        version >= 160000
          ? [
              ...plain,
              '',
              ' with set false',
              ' with inherit false',
              ' with admin true, inherit false',
              ' with inherit false, set false',
            ]
          : plain
      const [granted, member, grantor] = [pick([...roles, ...roles, ...predefined(version)])!, role(), role()]
      const grant = `grant ${granted} to ${member}${pick(options)!}`
      return pick([
        grant,
        grant,
        `grant ${granted} to ${grantor} with admin option; set local role ${grantor}; ${grant}`,
      ])!
    }
    case 'attribute':
      return `alter role ${role()} ${pick(['login', 'noinherit', 'noinherit', 'bypassrls', 'superuser', 'createrole'])!}`
    case 'rows':
      return kind === 'table' && name[0] !== 'pg_catalog'
        ? `alter table ${sql} ${pick(['enable', 'force'])!} row level security; create policy p on ${sql} for select to ${pick(grantees)!} using (true)`
        : 'null'
    default:
      return `revoke ${privilege} on ${on} from ${pick([role(), 'public', 'current_user'])!} cascade`
  }
}

/** Runs what numbers make; what PostgreSQL refuses is left out. */
export const randomWorld = (
  choices: readonly (readonly number[])[],
  pickFor: (numbers: readonly number[]) => Picker,
  stage: Stage,
): string => `
  do $random$ begin
    ${choices
      .map((numbers) => statement(pickFor(numbers), stage))
      .filter((text) => text !== 'null')
      .map((text) => `begin ${text}; set local role none; exception when others then null; end;`)
      .join('\n')}
  end $random$`
