import {
  grantStatement,
  isOwnable,
  makeEveryKind,
  makePlace,
  ownerStatement,
  type Place,
  privilegesOn,
  type Specimen,
} from './every-kind.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

interface Cast {
  /** Who is to have everything. */
  readonly role: string
  /** Who has all privileges with grant option, and gives them to the role. */
  readonly grantor: string
  /** To whom the role passes everything on. */
  readonly bystander: string
  /** Of whom they are members. */
  readonly chief: string
}

/** An object with every privilege that the role has on it, by the owner and by another grantor. */
export interface GrantedSpecimen extends Specimen {
  /** Whether it has grant option from the owner; else it has that from the other. */
  readonly grantable: boolean
}

/** What {@link holdEverything} has made. */
export interface EverythingHeld {
  readonly role: string
  /** To whom the role has passed on all its privileges, and granted all on what it owns. */
  readonly bystander: string
  /** Where the objects stand on which the role has privileges. */
  readonly place: Place
  readonly granted: readonly GrantedSpecimen[]
  readonly owned: readonly Specimen[]
  /** Every object that was made. */
  readonly all: readonly Specimen[]
  /** The statements that end what pgsr sees and does not manage. */
  readonly unmanaged: string
}

const grantAll = async (
  { admin, server: { version } }: Sandbox,
  { role, grantor, bystander }: Cast,
  { schema }: Place,
  granted: readonly GrantedSpecimen[],
) => {
  const grants = (to: string, isGrantable: (specimen: GrantedSpecimen) => boolean): string =>
    granted
      .map((one) =>
        grantStatement(one, privilegesOn(one.kind, version), to, isGrantable(one) ? 'with grant option' : ''),
      )
      .join(';')
  await admin(`
    grant usage on schema ${schema} to ${role}, ${grantor}, ${bystander};
    ${grants(grantor, () => true)}; ${grants(role, ({ grantable }) => grantable)};
    set role ${grantor}; ${grants(role, ({ grantable }) => !grantable)};
    set role ${role}; ${grants(bystander, () => false)}; reset role`)
}

/** The kinds of objects that have default privileges, and whether they are in schemas. */
const futures = (version: number): readonly (readonly [on: string, inSchema: boolean])[] => [
  ['tables', true],
  ['sequences', true],
  ['functions', true],
  ['types', true],
  ...(version >= 100000 ? [['schemas', false] as const] : []),
  ...(version >= 180000 ? [['large objects', false] as const] : []),
]

/** By the acting role and another to the role, by the role to a third; and by the superuser what few can take away. */
const grantDefaults = async (
  { admin, actor, server: { user, version } }: Sandbox,
  { role, grantor, bystander }: Cast,
  { schema }: Place,
) => {
  const grants = futures(version).flatMap(([on, inSchema]) =>
    [
      [actor, role, 'with grant option'],
      [grantor, role, ''],
      [role, bystander, ''],
    ].flatMap(([owner, to, option]) =>
      ['', ...(inSchema ? [`in schema ${schema}`] : [])].map(
        (where) =>
          `alter default privileges for role ${owner} ${where} grant all on ${on} to ${to} ${option}`,
      ),
    ),
  )
  await admin(`
    ${grants.join(';')};
    alter default privileges for role ${role} revoke execute on functions from public`)
  if (actor !== user)
    await admin(
      `alter default privileges for role ${user} in schema ${schema} grant select on tables to ${role}`,
    )
}

/** From 16 on by two grantors, and by the role itself to the bystander. */
const makeMembers = async (
  { run, admin, server: { version } }: Sandbox,
  { role, grantor, bystander, chief }: Cast,
) => {
  await run(`grant ${chief} to ${grantor}, ${role} with admin option`)
  await admin(`
    set role ${grantor}; grant ${chief} to ${role} with admin option;
    set role ${role}; grant ${chief} to ${bystander};
    reset role; ${version < 100000 ? '' : `grant pg_monitor to ${role}`}`)
}

/** What makes a role an owner, and passes on what it owns; some of it takes a superuser to own. */
const ownAll = async (
  { admin, server: { version } }: Sandbox,
  { role, bystander }: Cast,
  owned: readonly Specimen[],
) => {
  const grants = owned
    .filter(({ kind }) => privilegesOn(kind, version).length > 0)
    .map((one) => grantStatement(one, privilegesOn(one.kind, version), bystander))
  await admin(`
    alter role ${role} superuser;
    ${owned.map((specimen) => ownerStatement(specimen, role)).join(';')};
    ${grants.join(';')}`)
}

const tieUnmanaged = async ({ run, admin }: Sandbox, { role }: Cast, { schema, server }: Place) => {
  await run(`create table ${schema}.watched (id int)`)
  await admin(`
    create policy seen on ${schema}.watched to ${role};
    create user mapping for ${role} server ${server};
    alter role ${role} set work_mem = '1MB';
    set role ${role}; create extension pg_stat_statements schema ${schema}; reset role`)
  return `
    drop policy seen on ${schema}.watched; drop user mapping for ${role} server ${server};
    alter role ${role} reset all; drop extension pg_stat_statements`
}

/**
 * Gives a new role everything that there is to have in PostgreSQL: all privileges on an object of every sort, in every
 * way to come by them, ownership of another set of objects, default privileges on both ends, attributes, memberships,
 * and what pgsr does not manage. It is a superuser only where the acting role is one: others could do nothing with it.
 */
export const holdEverything = async (box: Sandbox): Promise<EverythingHeld> => {
  const { admin, isSuperuser, run, name, server } = box
  const cast = { role: name('t'), grantor: name('g'), bystander: name('x'), chief: name('m') }
  const { role } = cast
  await run(
    Object.values(cast)
      .map((one) => `create role ${one}`)
      .join(';'),
  )
  const [place, another] = [await makePlace(box), await makePlace(box)]
  const [first, second] = [await makeEveryKind(place), await makeEveryKind(another)]
  const granted = first
    .filter(({ kind }) => privilegesOn(kind, server.version).length > 0)
    .map((specimen, index) => ({ ...specimen, grantable: index % 2 === 0 }))
  const owned = second.filter(isOwnable)

  await grantAll(box, cast, place, granted)
  await makeMembers(box, cast)
  await grantDefaults(box, cast, place)
  await ownAll(box, cast, owned)
  const unmanaged = await tieUnmanaged(box, cast, place)
  // Before 10, only a superuser may alter a role that has it.
  const bypass = isSuperuser || server.version >= 100000 ? 'bypassrls' : ''
  await admin(`alter role ${role} login createdb createrole ${bypass}`)
  // Before 16, only a superuser may alter a role that has it.
  if (isSuperuser || server.version >= 160000) await admin(`alter role ${role} replication`)
  if (!isSuperuser) await admin(`alter role ${role} nosuperuser`)
  return { role, bystander: cast.bystander, place, granted, owned, unmanaged, all: [...first, ...second] }
}
