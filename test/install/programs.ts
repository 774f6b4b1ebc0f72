/** What a user of one of the drivers writes. */
interface Programs {
  readonly driver: string
  /** Opens a pool. */
  readonly open: (driver: string) => string
  /** The rows of a query. */
  readonly rows: (query: string) => string
}

const programs = {
  '@pgsr/node-postgres': {
    driver: 'pg',
    open: (driver) => `new ${driver}.Pool({ max: 1 })`,
    rows: (query) => `(await pool.query(\`${query}\`)).rows`,
  },
  '@pgsr/postgres-js': {
    driver: 'postgres',
    open: (driver) => `${driver}({ max: 1 })`,
    rows: (query) => `await pool\`${query}\``,
  },
} as const satisfies Readonly<Record<string, Programs>>

export type PackageName = keyof typeof programs

export const packageNames = Object.keys(programs) as readonly PackageName[]

export const driverOf = (name: PackageName): string => programs[name].driver

/** Syncs a role on a server, and prints whether anything changed and whether the role can log in. */
const body = (name: PackageName, role: string): string => `
  const pool = ${programs[name].open('driver')}
  const { changed } = await syncRoles(pool, { role: '${role}', grants: [Grant.login()] })
  const [row] = ${programs[name].rows(`select rolcanlogin from pg_roles where rolname = '${role}'`)}
  console.log(changed, row.rolcanlogin)
  await pool.end()
`

export const esm = (name: PackageName, role: string): string => `
import driver from '${driverOf(name)}'
import { Grant, syncRoles } from '${name}'
${body(name, role)}`

export const commonJs = (name: PackageName, role: string): string => `
const driver = require('${driverOf(name)}')
const { Grant, syncRoles } = require('${name}')
void (async () => {${body(name, role)}})()`

/** Uses the driver alone. */
export const typedDriver = (name: PackageName): string => `
import driver from '${driverOf(name)}'

export const pool = ${programs[name].open('driver')}
`

/** Uses the functions that return promises, and is wrong where it says so. */
export const typed = (name: PackageName): string => `
import driver from '${driverOf(name)}'
import { type DesiredRole, executePlan, Grant, type Plan, planRoles, renderSql, syncRoles } from '${name}'

const pool = ${programs[name].open('driver')}
const analyst: DesiredRole = {
  role: 'analyst',
  grants: [Grant.login(), Grant.schemaUsage('sales'), Grant.tableSelect('sales', /^orders_/)],
}
const plan: Plan = await planRoles(pool, analyst)
export const script: string = renderSql(plan)
export const changed: boolean = (await syncRoles(pool, [analyst], { lockTimeout: 1000 })).changed
await executePlan(pool, plan)
// @ts-expect-error: the name of a role is a text
await syncRoles(pool, { role: 1, grants: [] })
// @ts-expect-error: a text is no connection
await planRoles('postgres://localhost', analyst)
`
