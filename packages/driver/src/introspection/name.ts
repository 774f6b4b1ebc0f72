import { vanishedRole } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import { constant } from './constant.ts'

const gone = (oid: RawBuilder<unknown>): RawBuilder<string> => sql`${constant(vanishedRole(''))} || ${oid}`

const isThere = (oid: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`exists (select from pg_catalog.pg_roles as r where r.oid = ${oid} offset 0)`

/**
 * A role’s name by its oid, from PostgreSQL’s own cache. What it answers where the role is gone can be the name of a role,
 * too.
 */
export const name = (column: string): RawBuilder<string> => {
  const oid = sql.ref(column)
  const known = sql`pg_catalog.pg_get_userbyid(${oid})::text`
  return sql`case when ${known} like 'unknown (OID=%' and not ${isThere(oid)} then ${gone(oid)} else ${known} end`
}

/** Of an item `i`: the oid of a role that is gone, as text. */
const goneIn = (one: 'grantee' | 'grantor'): RawBuilder<unknown> => {
  const oid = sql.ref(`i.${one}`)
  return sql`case when ${oid} <> 0 and not ${isThere(oid)} then ${oid}::text else '' end`
}

/**
 * An ACL as texts. PostgreSQL has only a number there for a role that is gone, which can be the name of a role, too: before
 * such an item stand the oids of the roles that are gone, its grantee’s and its grantor’s, each behind a space.
 */
export const aclItems = (column: string): RawBuilder<readonly string[]> => {
  const acl = sql.ref(column)
  return sql`case when ${acl}::text ~ '[{,"][0-9]+=|/[0-9]+[,}"]' then array(
    select case when g.grantee || g.grantor = '' then a.item::text
      else ' ' || g.grantee || ' ' || g.grantor || ' ' || a.item::text end
    from pg_catalog.unnest(${acl}) with ordinality as a(item, number)
    cross join lateral (select i.* from pg_catalog.aclexplode(array[a.item]) as i limit 1) as i
    cross join lateral (select ${goneIn('grantee')} as grantee, ${goneIn('grantor')} as grantor) as g
    order by a.number
  ) else ${acl}::text[] end`
}
