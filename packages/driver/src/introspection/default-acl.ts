import { sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Stage, stages } from './stage.ts'

/** That a row is of a role that the scope names. */
const isAskedFor = sql<boolean>`a.defaclrole in (
  select r.oid from pg_catalog.pg_roles as r, scope as s
  where r.rolname = any(array(select pg_catalog.jsonb_array_elements_text(s.scope -> 'defaultsOf')::name))
)`

export const defaultAcl: Stage<'default_acl'> = (_version, { defaults }) =>
  stages
    .selectFrom('pg_catalog.pg_default_acl as a')
    .where((eb) =>
      eb.or([
        eb(
          'a.oid',
          'in',
          eb
            .selectFrom('dependency as d')
            .where(sql<boolean>`d.here`)
            .where('d.classid', '=', catalogOid('pg_catalog.pg_default_acl'))
            .select('d.objid'),
        ),
        ...(defaults ? [isAskedFor] : []),
      ]),
    )
    .select([
      'a.oid',
      'a.defaclrole as role',
      'a.defaclnamespace as schema',
      'a.defaclobjtype as object_type',
      'a.defaclacl as acl',
    ])
