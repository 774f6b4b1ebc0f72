import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as nodePostgres from '@pgsr/node-postgres'
import * as nodePostgresEffect from '@pgsr/node-postgres/effect'
import * as planner from '@pgsr/planner'
import * as postgresJs from '@pgsr/postgres-js'
import * as postgresJsEffect from '@pgsr/postgres-js/effect'
import { expect, test } from 'vitest'

// Each name is a promise to users, which only a major version may break. A new one is added here on purpose. The names
// of the planner, which each package exports too, are in packages/planner/test/public-names.test.ts.

const values = `
    AbortedError DatabaseError DatabasesError LockTimeoutError PlanChangedError ProofError ResidueError StatementError
    TimeoutError TooManyLocksError TransactionOpenError UnexpectedCatalogError accessDifference accessOf describeRoles dropUnusedRoles executePlan
    explain introspect introspectAccess planDatabases planDropUnusedRoles planRoles syncDatabases syncRoles whoCan
`

const types = `
    AccessOfCallOptions CallOptions Connection DatabasePlans DatabaseResult DatabasesPlans DatabasesProgress DatabasesPromises DatabasesResult DatabasesRole
    DescribeRolesError DescribeRolesOptions DropUnusedRolesError DropUnusedRolesOptions EndedSessions ExecutePlanError ExecutePlanOptions
    ExplainCallOptions ExplainError IntrospectAccessOptions
    DesiredInDatabases IntrospectError IntrospectOptions LockHolder PasswordOptions PlanDatabasesOptions PlanDropUnusedRolesError PlanError PlanRolesOptions Promises
    SyncDatabasesOptions SyncError SyncEvent SyncResult SyncRolesOptions TransactionOptions
`

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

/** The values and types that a module of pgsr exports, as its declarations name them. */
const exportsOf = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(file.replace(/\.js$/, '.d.ts'), 'utf8')
  const declared = [...text.matchAll(/^export (?:declare )?(?:const|class|interface|type|function) (\w+)/gm)]
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    words(names.replaceAll(/\btype\b|\w+ as |,/g, ' ')),
  )
  const passedOn = [...text.matchAll(/^export \* from ['"]([^'"]+)['"]/gm)].map(([, module = '']) =>
    exportsOf(module.startsWith('.') ? join(dirname(file), module) : fileOf(module)),
  )
  return [...declared.map(([, name = '']) => name), ...listed, ...(await Promise.all(passedOn)).flat()]
}

const fileOf = (module: string): string => fileURLToPath(import.meta.resolve(module))

test.for([
  ['@pgsr/node-postgres', nodePostgres, ''],
  ['@pgsr/postgres-js', postgresJs, ''],
  ['@pgsr/node-postgres/effect', nodePostgresEffect, 'Sessions layer'],
  ['@pgsr/postgres-js/effect', postgresJsEffect, 'Sessions layer'],
] as const)('%s exports the planner’s functions and tables, and these', ([, module, more]) =>
  expect(Object.keys(module).sort()).toEqual(
    [...Object.keys(planner), ...words(values), ...words(more)].sort(),
  ),
)

test.for([
  ['@pgsr/node-postgres', ''],
  ['@pgsr/postgres-js', ''],
  ['@pgsr/node-postgres/effect', 'SessionShape Sessions layer'],
  ['@pgsr/postgres-js/effect', 'SessionShape Sessions layer'],
] as const)('%s exports the planner’s types, and these', async ([module, more]) => {
  const expected = [...(await exportsOf(fileOf('@pgsr/planner'))), ...words(values + types + more)]
  expect([...(await exportsOf(fileOf(module)))].sort()).toEqual(expected.sort())
})

test.for([
  '@pgsr/node-postgres',
  '@pgsr/postgres-js',
  '@pgsr/node-postgres/effect',
  '@pgsr/postgres-js/effect',
])('%s exports nothing that is meant only for other packages of pgsr', async (module) => {
  const known = new Set(await exportsOf(fileOf('@pgsr/planner')))
  const internal = await exportsOf(fileOf('@pgsr/planner/internal'))
  const ours = new Set(internal.filter((name) => !known.has(name)))
  expect(ours.size).toBeGreaterThan(20)
  expect((await exportsOf(fileOf(module))).filter((name) => ours.has(name))).toEqual([])
})
