import { accessOf, type PrivilegeGrant } from '@pgsr/node-postgres'
import type pg from 'pg'
import { callOptions, type Context } from '../context.ts'

/** What PostgreSQL gives PUBLIC by itself, by kind of object. */
const builtIn: ReadonlyMap<string, readonly string[]> = new Map([
  ['database', ['CONNECT', 'TEMPORARY']],
  ['function', ['EXECUTE']],
  ['procedure', ['EXECUTE']],
  ['type', ['USAGE']],
  ['language', ['USAGE']],
])

/** The schemas on which PUBLIC has USAGE in every new database. Before 15 it also has CREATE on one, which is worth a word. */
const openSchemas: ReadonlySet<string> = new Set(['public', 'pg_catalog', 'information_schema'])

const isBuiltIn = (kind: string, [name = '']: readonly string[], privilege: string): boolean =>
  builtIn.get(kind)?.includes(privilege) === true ||
  (kind === 'schema' && privilege === 'USAGE' && openSchemas.has(name))

/** What PUBLIC has on each object on which it has something besides what PostgreSQL gives it by itself. */
export const publicAccess = async (context: Context, pool: pg.Pool): Promise<readonly PrivilegeGrant[]> => {
  const { objects } = await accessOf(pool, 'public', callOptions(context))
  return objects.flatMap(({ object, privileges }): readonly PrivilegeGrant[] => {
    const its = privileges.flatMap(({ privilege, paths }) => (paths.length === 0 ? [] : [privilege]))
    if (its.every((privilege) => isBuiltIn(object.kind, object.name, privilege))) return []
    return [
      {
        kind: 'privilege',
        privileges: its,
        object: object as PrivilegeGrant['object'],
        direct: true,
        grantable: false,
      },
    ]
  })
}
