import type { Role } from './snapshot.ts'

/** A role as CREATE ROLE makes it. */
export const newRole = (name: string): Role => ({
  name,
  oid: null,
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
})
