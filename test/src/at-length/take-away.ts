import type { Fact, ObjectName } from '@pgsr/node-postgres'
import pg from 'pg'
import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { type Thing, things } from './random-world.ts'
import { oidOf } from './reality.ts'

/** The thing of a random world that an object is. */
export const thingOf = ({ kind, name: [, name = '', column] }: ObjectName): Thing => {
  const found = things.find(
    (one) =>
      one.kind === kind &&
      (kind === 'schema' || one.name === name) &&
      one.column === (kind === 'column' ? column : undefined),
  )
  if (found === undefined) throw new Error(`${kind} ${name} is not in a random world`)
  return found
}

const catalogs: Readonly<Record<Thing['kind'], { readonly table: string; readonly prefix: string }>> = {
  schema: { table: 'pg_namespace', prefix: 'nsp' },
  table: { table: 'pg_class', prefix: 'rel' },
  sequence: { table: 'pg_class', prefix: 'rel' },
  column: { table: 'pg_attribute', prefix: 'att' },
  function: { table: 'pg_proc', prefix: 'pro' },
  type: { table: 'pg_type', prefix: 'typ' },
}

const defaultLetters: Readonly<Partial<Record<Thing['kind'], string>>> = {
  schema: 'n',
  table: 'r',
  sequence: 's',
  function: 'f',
  type: 'T',
}

const futureLetters: Readonly<Record<string, string>> = {
  tables: 'r',
  sequences: 'S',
  functions: 'f',
  types: 'T',
}

const letters: Readonly<Record<string, string>> = {
  SELECT: 'r',
  INSERT: 'a',
  UPDATE: 'w',
  REFERENCES: 'x',
  TRIGGER: 't',
  USAGE: 'U',
  CREATE: 'C',
  EXECUTE: 'X',
}

/**
 * An ACL without one privilege of one of its items. One that is empty is no array as PostgreSQL has it: it gets an item for
 * a superuser.
 */
const aclWithout = (acl: string, grantee: string, grantor: string, privilege: string): string => {
  const item = `^(${grantee === 'public' ? '' : grantee}=[^/]*)${letters[privilege]!}[*]?([^/]*/${grantor})$`
  return `(select coalesce(array_agg(left_over::aclitem), array[makeaclitem(10, 10, '${privilege}', false)])
    from (select regexp_replace(i::text, '${item}', '\\1\\2') as left_over from unnest(${acl}) as i) as l where left_over not like '%=/%')`
}

/**
 * Takes what a fact says from its role, whole. It is done in the catalogs: a REVOKE would also take what depends on it, which is
 * to be lost only if another fact says so.
 */
const takeFact = (fact: Fact, newOwner: string): string => {
  switch (fact.kind) {
    case 'privilege': {
      const thing = thingOf(fact.object)
      const [schema = ''] = fact.object.name
      const { table, prefix } = catalogs[thing.kind]
      const acl = `${prefix}acl`
      const letter = defaultLetters[thing.kind]
      const present = letter === undefined ? acl : `coalesce(${acl}, acldefault('${letter}', ${prefix}owner))`
      const where =
        thing.column === undefined
          ? `oid = ${oidOf(schema, thing)}`
          : `attrelid = ${oidOf(schema, thing)} and attname = '${thing.column}'`
      return `update ${table} set ${acl} = ${aclWithout(present, fact.grantee, fact.grantor, fact.privilege)} where ${where}`
    }
    case 'default privilege': {
      const { owner, schema, on, privilege, grantee } = fact
      const namespace = schema === null ? '0' : `'${schema}'::regnamespace`
      return `update pg_default_acl set defaclacl = ${aclWithout('defaclacl', grantee, owner, privilege)}
        where defaclrole = '${owner}'::regrole and defaclnamespace = ${namespace} and defaclobjtype = '${futureLetters[on]!}'`
    }
    case 'membership':
      return `delete from pg_auth_members where roleid = '${fact.role}'::regrole and member = '${fact.member}'::regrole and grantor = '${fact.grantor}'::regrole`
    case 'ownership':
      return `alter ${thingOf(fact.object).owned!(fact.object.name[0]!)} owner to ${newOwner}`
    case 'attribute': {
      if (fact.attribute === 'PASSWORD') return `alter role ${fact.role} password null`
      if (fact.attribute.startsWith('VALID UNTIL')) return `alter role ${fact.role} valid until '-infinity'`
      // A role that loses LOGIN loses its password.
      return `alter role ${fact.role} no${fact.attribute} ${fact.attribute === 'LOGIN' ? 'password null' : ''}`
    }
    case 'property': {
      const { role, property, setting, database } = fact
      if (property === 'comment') return `comment on role ${role} is null`
      if (setting === undefined) return `alter role ${role} connection limit -1`
      return `alter role ${role} ${database === undefined ? '' : `in database ${database}`} reset ${pg.escapeIdentifier(setting)}`
    }
    default:
      throw new Error(`an additive plan keeps no ${fact.kind}`)
  }
}

const isOwnership = ({ kind }: Fact): boolean => kind === 'ownership'

/** Takes from roles what facts say, and nothing else, as a superuser. Ownerships go last, since with them ACLs change. */
export const takeAway = async (
  { admin, server }: Sandbox,
  facts: readonly Fact[],
  newOwnerOf: (object: ObjectName) => string | undefined,
): Promise<void> => {
  for (const fact of [...facts.filter((one) => !isOwnership(one)), ...facts.filter(isOwnership)]) {
    const newOwner = fact.kind === 'ownership' ? newOwnerOf(fact.object) : undefined
    await admin(takeFact(fact, newOwner ?? server.user))
  }
}
