import { sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Stage, stages } from './stage.ts'

export const defaultAcl: Stage<'default_acl'> = () =>
  stages
    .selectFrom('pg_catalog.pg_default_acl as a')
    .where('a.oid', 'in', (eb) =>
      eb
        .selectFrom('dependency as d')
        .where(sql<boolean>`d.here`)
        .where('d.classid', '=', catalogOid('pg_catalog.pg_default_acl'))
        .select('d.objid'),
    )
    .select([
      'a.oid',
      'a.defaclrole as role',
      'a.defaclnamespace as schema',
      'a.defaclobjtype as object_type',
      'a.defaclacl as acl',
    ])
