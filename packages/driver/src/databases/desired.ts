import { type AbsentRole, type DesiredRole, type Grant, InvalidGrantError } from '@pgsr/planner'
import { describeName, isAbsent, isOfCluster } from '@pgsr/planner/internal'

/** A role, and what it should have in several databases of one cluster. */
export interface DatabasesRole extends DesiredRole {
  /**
   * What the role should have. What belongs to the whole cluster, such as LOGIN and memberships, it gets once. The rest it
   * gets in each of the databases.
   */
  readonly grants: readonly Grant[]
  /** What it should have in some of the databases besides, by database. */
  readonly in?: Readonly<Record<string, readonly Grant[]>>
}

type Asked = DatabasesRole | AbsentRole

/** What one or several roles should have in several databases, and which should not exist. */
export type DesiredInDatabases = Asked | readonly Asked[]

const refuse = (role: string, problem: string): never => {
  throw new InvalidGrantError({
    field: 'in',
    message: `cannot sync role ${describeName(role)}: ${problem}`,
    ...(typeof role === 'string' && { role }),
  })
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Refuses grants for databases that have no connection, and grants for one database that are about the whole cluster. */
const checkIn = ({ role, in: grants = {} }: DatabasesRole, databases: readonly string[]): void => {
  if (!isObject(grants)) refuse(role, 'in is not an object')
  for (const [database, list] of Object.entries(grants)) {
    if (!databases.includes(database))
      refuse(role, `there is no connection to database ${describeName(database)}`)
    if (!Array.isArray(list))
      refuse(role, `its grants in database ${describeName(database)} are not an array`)
    if (list.some(isOfCluster))
      refuse(
        role,
        `a grant in database ${describeName(database)} belongs to the whole cluster; put it into grants`,
      )
  }
}

/** The roles that should not exist. They are dropped last, after what they have in each database. */
export const absentIn = (desired: DesiredInDatabases): readonly AbsentRole[] =>
  [desired].flat().filter((one): one is AbsentRole => isObject(one) && isAbsent(one))

/**
 * What roles should have in one database.
 * @param isFirst whether what belongs to the cluster is done there
 */
export const desiredIn = (
  desired: DesiredInDatabases,
  database: string,
  databases: readonly string[],
  isFirst: boolean,
): readonly DesiredRole[] =>
  [desired].flat().flatMap((one: Asked): readonly DesiredRole[] => {
    if (isObject(one) && isAbsent(one)) return []
    if (!isObject(one) || !Array.isArray(one.grants)) return [one]
    checkIn(one, databases)
    const { in: grantsIn, ...inAll } = one
    const { role, grants, preserveExistingGrantsInSchemas: preserved } = inAll
    const more = grantsIn !== undefined && Object.hasOwn(grantsIn, database) ? grantsIn[database]! : []
    if (isFirst) return [{ ...inAll, grants: [...grants, ...more] }]
    return [
      {
        role,
        grants: [...grants.filter((grant) => !isOfCluster(grant)), ...more],
        ...(preserved !== undefined && { preserveExistingGrantsInSchemas: preserved }),
      },
    ]
  })
