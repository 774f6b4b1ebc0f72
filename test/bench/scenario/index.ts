import type { Scenario } from '../scenario.ts'
import { accessScenarios } from './access.ts'
import { largeClusterScenarios } from './large-cluster.ts'
import { fourThousandAdministeredScenarios } from './four-thousand-administered.ts'
import { nothingToDoScenarios } from './nothing-to-do.ts'
import { describeRolesScenarios } from './describe-roles.ts'
import { firstCallScenarios } from './first-call.ts'
import { twentyDatabasesScenarios } from './twenty-databases.ts'
import { newRoleScenarios } from './new-role.ts'
import { thousandTablesScenarios } from './thousand-tables.ts'
import { threeHundredRolesScenarios } from './three-hundred-roles.ts'
import { twentyThousandTablesScenarios } from './twenty-thousand-tables.ts'

/** The rows of the table, in order. */
export const scenarios: readonly Scenario[] = [
  ...nothingToDoScenarios,
  ...thousandTablesScenarios,
  ...threeHundredRolesScenarios,
  ...fourThousandAdministeredScenarios,
  ...twentyThousandTablesScenarios,
  ...largeClusterScenarios,
  ...newRoleScenarios,
  ...firstCallScenarios,
  ...describeRolesScenarios,
  ...twentyDatabasesScenarios,
  ...accessScenarios,
]
