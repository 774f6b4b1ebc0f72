import type { DatabaseObject, Membership, ObjectKind, Role, Server, Snapshot } from '@pgsr/planner'
import { ownersLetters } from './holdings.ts'

const server: Server = {
  version: 180004,
  database: 'warehouse',
  databaseOid: '16384',
  databaseOwner: 'postgres',
  createsSchemas: true,
  maxLocksPerTransaction: 64,
  lockTableSize: 8064,
  predicateLockTableSize: 8064,
  actingRole: 'postgres',
  sessionRole: 'postgres',
  bootstrapRole: 'postgres',
}

/** A role with the attributes that CREATE ROLE gives, and those named. */
export const role = (name: string, attributes: Partial<Role> = {}): Role => ({
  name,
  oid: '20000',
  login: false,
  superuser: false,
  inherit: true,
  createRole: false,
  createDb: false,
  replication: false,
  bypassRls: false,
  validUntil: 'infinity',
  elsewhere: 0,
  servesOthers: false,
  ...attributes,
})

/** A membership as PostgreSQL 16 makes it when a superuser runs a plain GRANT. */
export const membership = (member: string, of: string, options: Partial<Membership> = {}): Membership => ({
  role: of,
  member,
  grantor: 'postgres',
  admin: false,
  inherit: true,
  set: true,
  ...options,
})

/**
 * An object of `owner`, who has everything on it, and what else its ACL holds: `{ 'analyst/owner': 'r' }`. A table holds
 * no code.
 */
export const object = (
  kind: ObjectKind,
  name: readonly string[],
  owner = 'owner',
  acl: Readonly<Record<string, string>> = {},
): DatabaseObject => ({
  kind,
  name,
  oid: '30000',
  owner,
  acl: Object.entries({
    [`${owner}/${owner}`]: kind === 'column' ? '' : ownersLetters(kind, server.version),
    ...acl,
  })
    .filter(([, privileges]) => privileges !== '')
    .map(([who, privileges]) => {
      const [grantee = '', grantor = ''] = who.split('/')
      return { grantee, grantor, privileges }
    }),
  ...(kind === 'column' && {
    ownerFollows: { kind: 'table', name: name.slice(0, 2) },
  }),
  ...(kind === 'table' && { inert: true }),
})

/** A snapshot of PostgreSQL 18 seen by its bootstrap superuser, with what is named. */
export const snapshot = ({
  server: serverFields = {},
  roles = [],
  ...facts
}: Partial<Omit<Snapshot, 'server'>> & { server?: Partial<Server> } = {}): Snapshot => ({
  format: 1,
  server: { ...server, ...serverFields },
  roles: [role('postgres', { superuser: true, login: true, oid: '10' }), role('owner'), ...roles],
  memberships: [],
  objects: [],
  defaultPrivileges: [],
  unmanaged: [],
  ...facts,
})
