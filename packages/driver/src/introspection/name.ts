import { vanishedRole } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import { constant } from './constant.ts'
import type { Needs } from './needs.ts'

const vanished = (oid: RawBuilder<unknown>): RawBuilder<string> =>
  sql`${constant(vanishedRole(''))} || ${oid}`

const isThere = (oid: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`exists (select from pg_catalog.pg_roles as r where r.oid = ${oid} offset 0)`

/**
 * The name of a role by its oid, from PostgreSQL’s cache. For a role that does not exist the cache returns a text that could
 * also be the name of a role, which is looked into only if such a text was met. It is left of type `name`: as `text`, each
 * name takes twice as long.
 */
export const name = (column: string, { rare }: Needs): RawBuilder<string> => {
  const oid = sql.ref(column)
  const known = sql<string>`pg_catalog.pg_get_userbyid(${oid})`
  if (!rare.has('vanished')) return known
  return sql`case when ${known}::text like 'unknown (OID=%' and not ${isThere(oid)} then ${vanished(oid)} else ${known}::text end`
}

/** The oid of the grantee or grantor of an item `i`, as text, if the role does not exist any more. */
const vanishedIn = (one: 'grantee' | 'grantor'): RawBuilder<unknown> => {
  const oid = sql.ref(`i.${one}`)
  return sql`case when ${oid} <> 0 and not ${isThere(oid)} then ${oid}::text else '' end`
}

/**
 * An ACL as texts. PostgreSQL writes a role that does not exist any more as a number, which could also be the name of a role.
 * Such an item is preceded by the oids of the vanished grantee and grantor, each after a space.
 * @param asTexts whether the type has to be `text[]`: the conversion takes time, and an array of ACL items reads the same
 */
export const aclItems = (
  acl: RawBuilder<unknown>,
  { rare }: Needs,
  asTexts = true,
): RawBuilder<readonly string[]> => {
  if (!rare.has('vanished')) return asTexts ? sql`${acl}::text[]` : sql`${acl}`
  return sql`case when ${acl}::text ~ '[{,"][0-9]+=|/[0-9]+[,}"]' then array(
    select case when g.grantee || g.grantor = '' then a.item::text
      else ' ' || g.grantee || ' ' || g.grantor || ' ' || a.item::text end
    from pg_catalog.unnest(${acl}) with ordinality as a(item, number)
    cross join lateral (select i.* from pg_catalog.aclexplode(array[a.item]) as i limit 1) as i
    cross join lateral (select ${vanishedIn('grantee')} as grantee, ${vanishedIn('grantor')} as grantor) as g
    order by a.number
  ) else ${acl}::text[] end`
}

/** Whether the name of a role may be that of a role that does not exist any more. */
export const mayHaveVanished = (role: string): boolean => role.startsWith('unknown (OID=')
