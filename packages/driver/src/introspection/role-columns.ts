import { mostAdministered } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import { isRealMember } from './membership.ts'
import type { ColumnsOf } from './rows.ts'

/** In UTC, as JSON, which is written the same whatever DateStyle says: see `validUntilOf`. */
const validUntil = sql`pg_catalog.to_json(pg_catalog.timezone('UTC', r.rolvaliduntil))::text`

/** The columns that matter only where something has to change. */
export type ForChanges = Pick<ColumnsOf<'roles'>, 'servesOthers' | 'administeredByOthers' | 'administers'>

/** The attributes of a role `r`. */
export const attributes: Omit<ColumnsOf<'roles'>, keyof ForChanges> = {
  name: sql`r.rolname`,
  oid: sql`r.oid::text`,
  login: sql`r.rolcanlogin`,
  superuser: sql`r.rolsuper`,
  inherit: sql`r.rolinherit`,
  createRole: sql`r.rolcreaterole`,
  createDb: sql`r.rolcreatedb`,
  replication: sql`r.rolreplication`,
  bypassRls: sql`r.rolbypassrls`,
  validUntil,
}

/** Tests the oid of a role. Statements have their lists of roles in different forms. */
export type Test = (oid: RawBuilder<unknown>) => RawBuilder<unknown>

/** Whether roles that are not desired are members of a role `r`, if it is an intermediate role. */
export const servesOthers = (
  version: number,
  isIntermediateRole: RawBuilder<unknown>,
  isDesired: Test,
): RawBuilder<unknown> => sql`${isIntermediateRole}
  and not ${isDesired(sql`r.oid`)}
  and exists (
    select from pg_catalog.pg_auth_members as m
    where m.roleid = r.oid and not ${isDesired(sql`m.member`)} and ${isRealMember(version)}
    offset 0
  )`

/**
 * Whether somebody other than the acting role, its delegates and superusers has the ADMIN option for a role `r`. That reads
 * all its members, so that it is asked only of an intermediate role that a desired role may become a member of.
 */
export const administeredByOthers = (
  isJoinable: RawBuilder<unknown>,
  isAdministrator: Test,
): RawBuilder<unknown> => sql`${isJoinable} and exists (
    select from pg_catalog.pg_auth_members as m
    where m.roleid = r.oid and m.admin_option and not ${isAdministrator(sql`m.member`)}
    and not (select x.rolsuper from pg_catalog.pg_roles as x where x.oid = m.member)
    offset 0
  )`

/** How many roles a role `r` has created, counted up to one more than the limit, if it creates roles for the acting role. */
export const administers = (version: number, isAdministrator: RawBuilder<unknown>): RawBuilder<unknown> =>
  version < 160000
    ? sql`null::int8`
    : sql`case when ${isAdministrator} then (
    select pg_catalog.count(*) from (
      select from pg_catalog.pg_auth_members as m
      where m.member = r.oid and m.admin_option and m.grantor = 10 limit ${sql.raw(String(mostAdministered + 1))}
    ) as administered
  ) end`
