import { sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { partOfScope } from './scope-part.ts'
import { type Cte, ctes } from './cte.ts'

/** Whether a row belongs to a role of which the scope asks for default privileges. */
const isRequested = sql<boolean>`a.defaclrole in (
  select r.oid from pg_catalog.pg_roles as r
  where r.rolname = any(${partOfScope('defaultsOf')})
)`

export const defaultAcl: Cte<'default_acl'> = (_version, { catalogs, defaults }) =>
  ctes
    .selectFrom('pg_catalog.pg_default_acl as a')
    .where((eb) =>
      eb.or([
        ...(!catalogs.has('pg_default_acl')
          ? []
          : [
              eb(
                'a.oid',
                'in',
                eb
                  .selectFrom('dependency as d')
                  .where(sql<boolean>`d.here`)
                  .where('d.classid', '=', catalogOid('pg_catalog.pg_default_acl'))
                  .select('d.objid'),
              ),
            ]),
        ...(defaults ? [isRequested] : []),
      ]),
    )
    .select([
      'a.oid',
      'a.defaclrole as role',
      'a.defaclnamespace as schema',
      'a.defaclobjtype as object_type',
      'a.defaclacl as acl',
    ])
