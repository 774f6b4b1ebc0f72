import type { Scope } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import { asciiLiteral } from '../connection/ascii-literal.ts'
import type { Cte, Ctes } from './cte.ts'
import { defaultAcl } from './default-acl.ts'
import { dependency } from './dependency.ts'
import { dependentMembership, membership } from './membership.ts'
import { movedTable } from './moved-table.ts'
import { type Needs, needsKey, needsOf } from './needs.ts'
import { anyObject, enclosingSchema, object, objectAddress, regrantedObject } from './object.ts'
import { db } from './pg-catalog.ts'
import { columnOfRelation, directRelation, movingTable, relation } from './relation.ts'
import { answer } from './result-rows.ts'
import {
  actingAs,
  administrator,
  intermediateRole,
  principal,
  reachableRole,
  roleClosure,
  snapshotRole,
  trackedRole,
  unusedRole,
} from './roles.ts'
import {
  desired,
  requestedName,
  requestedObject,
  requestedRole,
  requestedSchema,
  scope,
  session,
} from './scope.ts'
import { unmanaged } from './unmanaged.ts'

/** The common table expressions of the query, in order. */
const inOrder: { readonly [Name in keyof Ctes]: Cte<Name> } = {
  scope,
  session,
  desired,
  requested_role: requestedRole,
  requested_name: requestedName,
  requested_schema: requestedSchema,
  requested_object: requestedObject,
  unused_role: unusedRole,
  intermediate_role: intermediateRole,
  tracked_role: trackedRole,
  dependency,
  direct_relation: directRelation,
  moving_table: movingTable,
  relation,
  column_of_relation: columnOfRelation,
  object_address: objectAddress,
  any_object: anyObject,
  moved_table: movedTable,
  regranted_object: regrantedObject,
  enclosing_schema: enclosingSchema,
  object,
  default_acl: defaultAcl,
  acting_as: actingAs,
  principal,
  reachable_role: reachableRole,
  administrator,
  role_closure: roleClosure,
  dependent_membership: dependentMembership,
  membership,
  snapshot_role: snapshotRole,
  unmanaged,
}

/** Each one is computed once. Before 12 all were. */
const commonTableExpression = (
  name: string,
  cte: Cte<keyof Ctes>,
  version: number,
  needs: Needs,
): RawBuilder<unknown> =>
  sql`${sql.ref(name)} as ${version >= 120000 ? sql`materialized ` : sql``}(${cte(version, needs)})`

/** The encoding of the database, and the bytes of a text as hexadecimal digits, valid in that encoding or not. */
const bytesOf = (text: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.getdatabaseencoding()::text || ' ' || pg_catalog.encode(pg_catalog.decode(pg_catalog.replace((${text}), E'\\\\', E'\\\\\\\\'), 'escape'), 'hex')`

const compile = (
  version: number,
  needs: Needs,
  inBytes: boolean,
): readonly [before: string, after: string] => {
  const expressions = Object.entries(inOrder).map(([name, cte]) =>
    commonTableExpression(name, cte as Cte<keyof Ctes>, version, needs),
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
 * The settings of the query. Compiling it with JIT, and starting parallel workers, takes longer than running it. Without
 * `enable_seqscan = off`, PostgreSQL would read catalogs that have just grown in full, again and again, since its
 * statistics still show them as small.
 * @see https://www.postgresql.org/docs/current/runtime-config-query.html
 */
const settings: readonly (readonly [name: string, value: string, since: number])[] = [
  ['jit', 'off', 110000],
  ['enable_seqscan', 'off', 0],
  ['max_parallel_workers_per_gather', '0', 0],
]

/** Sets a value, except in a transaction of the caller’s. */
const set = (name: string, value: string): string => `select pg_catalog.set_config('${name}', case
  when pg_catalog.now() <> pg_catalog.statement_timestamp() then pg_catalog.current_setting('${name}') else '${value}'
end, true);`

/**
 * The statements that read a scope on servers of one version. The last one answers one JSON text.
 * @param inBytes answers the bytes as hexadecimal digits, for names that are not valid in the encoding of the database
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
