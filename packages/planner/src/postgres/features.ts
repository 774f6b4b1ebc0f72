/**
 * The first version with each feature that plans depend on, as in `server_version_num`. Kinds of object and
 * others with a table of their own have their versions there.
 */
const since = {
  /** Any server that pgsr plans for. */
  'a plan': 90600,
  /** CREATEROLE is enough to alter a role that has BYPASSRLS. */
  'altering of BYPASSRLS roles': 100000,
  /** The owner of a database is a member of pg_database_owner. */
  pg_database_owner: 140000,
  /** A role does not administer itself merely because the session is logged in as it. */
  'no self-administration': 150000,
  /** Memberships have several grantors, with options of their own; GRANT locks the role that is granted. */
  'membership grantors': 160000,
  /** GRANT and REVOKE lock the object. */
  'object locks': 180000,
} as const

export type Feature = keyof typeof since

/** Whether a server has a feature, by its `server_version_num`. */
export const has = (version: number, feature: Feature): boolean => version >= since[feature]

/** The first version that has a feature, as in `server_version_num`. */
export const firstVersionWith = (feature: Feature): number => since[feature]
