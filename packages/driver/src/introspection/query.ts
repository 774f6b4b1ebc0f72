import type { Scope } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import { asciiLiteral } from '../ascii-literal.ts'
import { db } from '../catalog.ts'
import { answer } from './answer.ts'
import { defaultAcl } from './default-acl.ts'
import { dependency } from './dependency.ts'
import { membership, passedOn } from './membership.ts'
import { movedTable } from './moved-table.ts'
import { type Needs, needsKey, needsOf } from './needs.ts'
import { anyObject, object, passedOnObject, schemaAround, target } from './object.ts'
import { columnOfRelation, directRelation, moving, relation } from './relation.ts'
import {
  administrator,
  closure,
  intermediate,
  own,
  principal,
  unused,
  viewed,
  watched,
  wayIn,
} from './roles.ts'
import { desired, foundObjects, listed, scope, session, wanted, wantedSchema } from './scope.ts'
import type { Stage, Stages } from './stage.ts'
import { unmanaged } from './unmanaged.ts'

const inOrder: { readonly [Name in keyof Stages]: Stage<Name> } = {
  scope,
  session,
  desired,
  listed,
  wanted,
  wanted_schema: wantedSchema,
  found: foundObjects,
  unused,
  intermediate,
  watched,
  dependency,
  direct_relation: directRelation,
  moving,
  relation,
  column_of_relation: columnOfRelation,
  target,
  any_object: anyObject,
  moved_table: movedTable,
  passed_on_object: passedOnObject,
  schema_around: schemaAround,
  object,
  default_acl: defaultAcl,
  own,
  principal,
  way_in: wayIn,
  administrator,
  closure,
  passed_on: passedOn,
  membership,
  viewed,
  unmanaged,
}

/** Each stage is worked out once, as all were before 12. */
const commonTableExpression = (
  name: string,
  stage: Stage<keyof Stages>,
  version: number,
  needs: Needs,
): RawBuilder<unknown> =>
  sql`${sql.ref(name)} as ${version >= 120000 ? sql`materialized ` : sql``}(${stage(version, needs)})`

/** The encoding of the database, and the bytes of a text in hexadecimal digits, whatever they are in that. */
const bytesOf = (text: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.getdatabaseencoding()::text || ' ' || pg_catalog.encode(pg_catalog.decode(pg_catalog.replace((${text}), E'\\\\', E'\\\\\\\\'), 'escape'), 'hex')`

const compile = (
  version: number,
  needs: Needs,
  inBytes: boolean,
): readonly [before: string, after: string] => {
  const expressions = Object.entries(inOrder).map(([name, stage]) =>
    commonTableExpression(name, stage as Stage<keyof Stages>, version, needs),
  )
  const asked = inBytes ? sql`select ${bytesOf(answer(version))}` : answer(version)
  const { sql: text } = sql`with recursive ${sql.join(expressions)} ${asked}`.compile(db)
  const [before, after, ...more] = text.split('$1')
  if (before === undefined || after === undefined || more.length > 0 || after.includes('$2'))
    throw new Error('the query that reads the catalogs must have exactly one parameter')
  return [before, after]
}

const compiled = new Map<string, readonly [before: string, after: string]>()

/**
 * Settings for as long as the query runs. Compiling a plan as long as this takes longer than running it, and so does
 * starting workers; and catalogs that have just grown still look small to the planner, which would read them whole again
 * and again.
 * @see https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const settings: readonly (readonly [name: string, value: string, since: number])[] = [
  ['jit', 'off', 110000],
  ['enable_seqscan', 'off', 0],
  ['max_parallel_workers_per_gather', '0', 0],
]

/** A transaction of the caller’s keeps the settings that it has. */
const set = (name: string, value: string): string => `select pg_catalog.set_config('${name}', case
  when pg_catalog.now() <> pg_catalog.statement_timestamp() then pg_catalog.current_setting('${name}') else '${value}'
end, true);`

/**
 * The statements that read a scope on servers of one version. The last one answers one row, one column, JSON.
 * @param inBytes as bytes in hexadecimal digits, for names that are no text in the encoding of the database
 */
export const introspectionQuery = (version: number, asked: Scope, inBytes = false): string => {
  const major = version - (version % (version >= 100000 ? 10000 : 100))
  const needs = needsOf(asked)
  const key = `${major} ${inBytes} ${needsKey(needs)}`
  const [before, after] = compiled.get(key) ?? compile(major, needs, inBytes)
  compiled.set(key, [before, after])
  const known = settings.filter(([, , since]) => version >= since)
  return `${known.map(([name, value]) => set(name, value)).join('')}${before}${asciiLiteral(JSON.stringify(asked))}${after}`
}
