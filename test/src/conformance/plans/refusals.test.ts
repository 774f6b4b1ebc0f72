import {
  type AbsentRole,
  type DesiredRole,
  Grant,
  InvalidGrantError,
  type SyncRolesOptions,
  Target,
} from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'

type Desired = DesiredRole | AbsentRole

/** Two roles, a schema in which the second one owns the table `t`, and another schema. */
interface Given {
  readonly role: string
  readonly owner: string
  readonly schema: string
  readonly other: string
}

/** What is asked for, with which options, and why that is refused. */
interface Refused {
  readonly desired?: (given: Given) => Desired | readonly Desired[]
  readonly options?: (given: Given) => SyncRolesOptions
  readonly message: (given: Given) => string
}

const nothing = ({ role }: Given): Desired => ({ role, grants: [] })

const ofCluster = 'to the whole cluster, which this call does not manage; set manages.cluster to true'

const refused: Readonly<Record<string, Refused>> = {
  'a mode that there is not': {
    options: () => ({ mode: 'add' as never }),
    message: () => 'cannot sync roles: mode must be one of exact, additive',
  },
  'to drop a role, and to take nothing away': {
    desired: ({ role }) => ({ role, absent: true }),
    options: () => ({ mode: 'additive' }),
    message: ({ role }) =>
      `cannot sync role "${role}": it is to be dropped, and the mode additive takes nothing away; leave it out`,
  },
  'to manage nothing': {
    options: () => ({ manages: { schemas: [] } }),
    message: () =>
      'cannot sync roles: manages leaves nothing to manage; name schemas, or set manages.cluster to true',
  },
  'to manage a schema that does not exist': {
    options: ({ schema }) => ({ manages: { schemas: [schema, `${schema}x`] } }),
    message: ({ schema }) => `cannot manage what roles have in schema "${schema}x": it does not exist`,
  },
  'a table in a schema that is not managed': {
    desired: ({ role, other }) => ({ role, grants: [Grant.tableSelect(other, 't')] }),
    options: ({ schema }) => ({ manages: { schemas: [schema] } }),
    message: ({ role, other }) =>
      `cannot grant SELECT on table "${other}"."t" to role "${role}": table "${other}"."t" is outside of what this call manages; add schema "${other}" to manages.schemas`,
  },
  'what is created in any schema, if only one is managed': {
    desired: ({ role, owner }) => ({
      role,
      grants: [Grant.defaultPrivilege({ owner, on: 'tables' }, ['SELECT'])],
    }),
    options: ({ schema }) => ({ manages: { schemas: [schema] } }),
    message: ({ role, owner }) =>
      `cannot grant SELECT on future tables of role "${owner}" to role "${role}": what is created in any schema is outside of what this call manages; name a schema of manages.schemas`,
  },
  'LOGIN, if the cluster is not managed': {
    desired: ({ role }) => ({ role, grants: [Grant.login()] }),
    options: () => ({ manages: { cluster: false } }),
    message: ({ role }) => `cannot grant LOGIN to role "${role}": it belongs ${ofCluster}`,
  },
  'members, if the cluster is not managed': {
    desired: ({ role, owner }) => ({ role, grants: [], members: [owner] }),
    options: () => ({ manages: { cluster: false } }),
    message: ({ role }) => `cannot sync role "${role}": its members belong ${ofCluster}`,
  },
  'to drop a role, and to manage only a part': {
    desired: ({ role }) => ({ role, absent: true }),
    options: ({ schema }) => ({ manages: { schemas: [schema], cluster: true } }),
    message: ({ role }) =>
      `cannot sync role "${role}": it can be dropped only by a call that manages everything; leave manages out`,
  },
  'an attribute of an external role': {
    desired: ({ role }) => ({ role, external: true, grants: [Grant.attribute('CREATEDB')] }),
    message: ({ role }) =>
      `cannot grant CREATEDB to role "${role}": the role is external, so its attributes stay as they are; leave the grant out`,
  },
  'a limit of an external role': {
    desired: ({ role }) => ({ role, external: true, grants: [], connectionLimit: 1 }),
    message: ({ role }) =>
      `cannot sync role "${role}": the role is external, so its connectionLimit stays as it is; leave it out`,
  },
  'createRoles as a text': {
    options: () => ({ createRoles: 'no' as never }),
    message: () => 'cannot sync roles: createRoles must be true or false',
  },
  'a membership for PUBLIC': {
    options: ({ owner }) => ({ public: [Grant.roleMembership(owner) as never] }),
    message: ({ owner }) =>
      `cannot grant membership in role "${owner}" to PUBLIC: PUBLIC can only have privileges and default privileges`,
  },
  'a grant option for PUBLIC': {
    options: ({ schema }) => ({
      public: [Grant.privilege(Target.schema(schema), ['USAGE'], { direct: true, grantable: true })],
    }),
    message: ({ schema }) =>
      `cannot grant USAGE on schema "${schema}" directly with grant option to PUBLIC: PUBLIC cannot have a grant option`,
  },
  'what PUBLIC has in a schema that is not managed': {
    options: ({ schema, other }) => ({
      manages: { schemas: [schema] },
      public: [Grant.schemaUsage(other)],
    }),
    message: ({ other }) =>
      `cannot grant USAGE on schema "${other}" to PUBLIC: schema "${other}" is outside of what this call manages; add schema "${other}" to manages.schemas`,
  },
  'two owners of all tables in a schema': {
    desired: ({ role, owner, schema }) =>
      [role, owner].map((one) => ({ role: one, grants: [Grant.ownership(Target.allTables(schema))] })),
    message: ({ role, owner, schema }) =>
      `cannot grant ownership of all tables in schema "${schema}" to role "${owner}": role "${role}" is to own all tables in schema "${schema}"`,
  },
  'a new owner of what another role is to keep': {
    desired: ({ role, owner, schema }) => [
      { role, grants: [Grant.ownership(Target.allTables(schema))] },
      { role: owner, grants: [], preserveExistingGrantsInSchemas: [schema] },
    ],
    message: ({ role, owner, schema }) =>
      `cannot grant ownership of all tables in schema "${schema}" to role "${role}": role "${owner}" keeps what it has in that schema`,
  },
}

conformanceAround16('refusals of a scope', (sandbox) => {
  test.for(Object.entries(refused))(
    '%s is refused, and nothing changes',
    async ([, { desired = nothing, options, message }]) => {
      const box = sandbox()
      const given = { role: box.name('r'), owner: box.name('o'), schema: box.name('s'), other: box.name('s') }
      const { role, owner, schema, other } = given
      await box.run(`create role ${role}; create role ${owner}; create schema ${schema}; create schema ${other};
        create table ${schema}.t (); grant select on ${schema}.t to ${role} with grant option`)
      await box.admin(`alter table ${schema}.t owner to ${owner}`)
      const held = async () => [...(await box.holdings([role, owner]))].sort()
      const before = await held()
      const asked = desired(given)
      const error = await box.pool.syncRoles(asked, options?.(given)).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(InvalidGrantError)
      expect((error as InvalidGrantError).message).toBe(message(given))
      await expect(box.plan(asked, options?.(given))).rejects.toThrow(message(given))
      expect(await held()).toEqual(before)
      expect(before).toContain(`${owner}: owns table ${schema}.t`)
    },
  )
})
