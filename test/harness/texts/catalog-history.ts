import pg from 'pg'
import { connectionTo, type TestConnection } from '../servers/servers.ts'

/** What pg_catalog has on some version: the columns of its relations, and the names of its functions. */
export interface CatalogContents {
  readonly relations: ReadonlyMap<string, ReadonlySet<string>>
  readonly functions: ReadonlySet<string>
}

/** The functions’ line in the list: no relation is called so. */
const functionsLine = '()'

/** The same as a list: by relation, its columns, and all functions under a name of their own. */
export type Listed = ReadonlyMap<string, ReadonlySet<string>>

/** What a server has, as it came from `initdb`. The column `oid`, which was hidden before 12, is one. */
export const listOf = async (server: TestConnection): Promise<Listed> => {
  const client = new pg.Client(connectionTo(server, 'template1'))
  await client.connect()
  const { rows } = await client
    .query<{ name: string; has: string[] }>(
      `select c.relname::text as name, array(
         select a.attname::text from pg_attribute as a
         where a.attrelid = c.oid and not a.attisdropped and (a.attnum > 0 or a.attname = 'oid') order by 1
       ) as has
       from pg_class as c where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v') and c.oid < 16384
       union all
       select '${functionsLine}', array_agg(distinct p.proname::text) from pg_proc as p
       where p.pronamespace = 'pg_catalog'::regnamespace and p.oid < 16384`,
    )
    .finally(() => client.end())
  return new Map(rows.map(({ name, has }) => [name, new Set(has)]))
}

const contentsOf = (listed: Listed): CatalogContents => ({
  relations: new Map([...listed].filter(([name]) => name !== functionsLine)),
  functions: listed.get(functionsLine) ?? new Set(),
})

const listsIn = (text: string): ReadonlyMap<number, Listed> => {
  const versions = new Map<number, Listed>()
  let current = new Map<string, Set<string>>()
  for (const line of text.split('\n')) {
    const [first = '', ...names] = line.split(' ')
    if (first === 'version') {
      current = new Map([...current].map(([name, has]) => [name, new Set(has)]))
      versions.set(Number(names[0]), current)
      continue
    }
    const [sign, name] = [first.slice(0, 1), first.slice(1)]
    const has = current.get(name) ?? new Set<string>()
    for (const one of names)
      if (sign === '+') has.add(one)
      else has.delete(one)
    if (has.size > 0) current.set(name, has)
    else current.delete(name)
  }
  return versions
}

/**
 * By version, as in `server_version_num`, what is in pg_catalog.
 * @param text that of the file, which says what each version has that the one before has not, and the other way round
 */
export const historyIn = (text: string): ReadonlyMap<number, CatalogContents> =>
  new Map([...listsIn(text)].map(([version, listed]) => [version, contentsOf(listed)]))

const minus = (one: Listed, other: Listed, sign: string): readonly string[] =>
  [...one]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, has]) => {
      const more = [...has].filter((each) => other.get(name)?.has(each) !== true).sort()
      return more.length === 0 ? [] : [`${sign}${name} ${more.join(' ')}`]
    })

/** The text of the file for what some versions have, the oldest first. */
export const historyText = (versions: readonly (readonly [version: number, listed: Listed])[]): string => {
  let before: Listed = new Map()
  return versions
    .flatMap(([version, listed]) => {
      const lines = [`version ${version}`, ...minus(before, listed, '-'), ...minus(listed, before, '+')]
      before = listed
      return lines
    })
    .map((line) => `${line}\n`)
    .join('')
}
