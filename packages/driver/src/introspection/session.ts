import { type RawBuilder, sql } from 'kysely'
import { catalogOid, constant, zero } from './constant.ts'
import { handOn, handOnSession, none } from './handed-on.ts'
import { name } from './name.ts'
import type { Needs } from './needs.ts'
import { partOfScope, type ScopePart } from './scope-part.ts'
import { listing } from './statement.ts'

const setting = (called: string): RawBuilder<unknown> => sql`pg_catalog.current_setting(${constant(called)})`

/** The oid of a role by its name, from PostgreSQL’s cache; null if there is none. */
const roleNamed = (called: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`pg_catalog.to_regrole(pg_catalog.quote_ident(${called}))::oid`

/** Those of some roles that exist. */
const rolesNamed = (part: ScopePart): RawBuilder<unknown> => sql`array(
  select x.oid from (select ${roleNamed(sql`w.name`)} from pg_catalog.unnest(${partOfScope(part)}) as w(name)) as x(oid)
  where x.oid is not null
)`

/** The same of one role, which takes less long to plan. */
const oneRoleNamed = (part: ScopePart): RawBuilder<unknown> =>
  sql`pg_catalog.array_remove(array[${roleNamed(sql`(${partOfScope(part)})[1]`)}], null)`

const otherRoles = ({ otherRoles: hasOthers, members: hasMembers }: Needs): RawBuilder<unknown> =>
  hasMembers ? sql`(${rolesNamed('roles')} || ${members})` : hasOthers ? rolesNamed('roles') : none

/** The members of the roles that list theirs, as if the scope named them. */
const members = sql`array(
  select distinct m.member from pg_catalog.pg_auth_members as m where m.roleid = any(${rolesNamed('members')})
)`

/** What matters only where something has to change. */
const forChanges = (version: number) => ({
  createsSchemas: sql`pg_catalog.has_database_privilege(s.acting, s.database, 'CREATE'::text)`,
  maxLocksPerTransaction: setting('max_locks_per_transaction'),
  maxPredicateLocksPerTransaction: setting('max_pred_locks_per_transaction'),
  maxConnections: setting('max_connections'),
  maxPreparedTransactions: setting('max_prepared_transactions'),
  maxWorkerProcesses: setting('max_worker_processes'),
  maxAutovacuumWorkers: setting(version < 180000 ? 'autovacuum_max_workers' : 'autovacuum_worker_slots'),
  maxWalSenders: setting('max_wal_senders'),
  readOnly: sql`case
    when pg_catalog.pg_is_in_recovery() then 'replica'
    when pg_catalog.current_setting('transaction_read_only') = 'on' then 'transaction'
  end`,
})

/** A server on which nothing could be changed. What has to change is planned from another reading. */
const notRead: ReturnType<typeof forChanges> = {
  createsSchemas: sql`false`,
  maxLocksPerTransaction: zero,
  maxPredicateLocksPerTransaction: zero,
  maxConnections: zero,
  maxPreparedTransactions: zero,
  maxWorkerProcesses: zero,
  maxAutovacuumWorkers: zero,
  maxWalSenders: zero,
  readOnly: sql`null::text`,
}

/** Reads who acts, in which database, and which of the named roles exist. */
export const session = listing('server', (version, needs) => ({
  columns: {
    version: setting('server_version_num'),
    database: sql`s.name::text`,
    databaseOid: sql`s.database::text`,
    actingRole: name('s.acting', needs),
    sessionRole: name('s.login', needs),
    bootstrapRole: sql`pg_catalog.pg_get_userbyid(10)::text`,
    databaseOwner: name('s.database_owner', needs),
    ...(needs.purpose === 'change' ? forChanges(version) : notRead),
    readsPasswords: sql`pg_catalog.has_column_privilege(s.acting, ${catalogOid('pg_catalog.pg_authid')}, 'rolpassword'::text, 'SELECT'::text)`,
  },
  handsOn: [
    handOnSession('database', sql`s.database`),
    handOnSession('acting', sql`s.acting`),
    handOnSession('login', sql`s.login`),
    ...(needs.purpose !== 'change'
      ? []
      : [
          handOnSession('database_owner', sql`s.database_owner`),
          handOnSession(
            'superuser',
            sql`(select a.rolsuper from pg_catalog.pg_roles as a where a.oid = s.acting)`,
          ),
        ]),
    handOn('desired', needs.isOneDesired ? oneRoleNamed('desired') : rolesNamed('desired')),
    handOn('requested_role', otherRoles(needs)),
    ...(needs.absent ? [handOn('absent_role', rolesNamed('absent'))] : []),
    ...(needs.properties ? [handOn('propertied_role', rolesNamed('properties'))] : []),
  ],
  from: sql`from (
    select d.oid as database, d.datname as name, d.datdba as database_owner, ${roleNamed(sql`current_user`)} as acting,
      ${roleNamed(sql`session_user`)} as login
    from pg_catalog.pg_database as d
    where d.datname = pg_catalog.current_database()
  ) as s`,
}))
