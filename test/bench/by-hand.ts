import { type DesiredRole, type Operation, type Plan, type SetPassword } from '@pgsr/node-postgres'
import { type Group, groupsOf, statementOfGroup, stepsOf } from '@pgsr/planner/internal'
import { layer, planRoles } from '@pgsr/node-postgres/effect'
import * as Effect from 'effect/Effect'
import pg from 'pg'
import { counting } from '../harness/drivers/sessions.ts'
import { connectionTo } from '../harness/servers/servers.ts'
import type { Address, BenchConnection } from './bench-connection.ts'

type Desired = DesiredRole | readonly DesiredRole[]

/** The text by which pgsr reads the catalogs for some roles. */
export const lookText = async ({ connection, database }: Address, desired: Desired): Promise<string> => {
  const pool = new pg.Pool(connectionTo(connection, database))
  const { sent, layer: counted } = counting(layer(pool))
  await Effect.runPromise(Effect.provide(planRoles(desired), counted)).finally(() => pool.end())
  return sent.at(-1)!
}

/** Sends it bare. */
export const look = async (connection: BenchConnection, text: string): Promise<unknown> =>
  JSON.parse((await connection.send(text)) as string)

/** What no floor can do without where something is to be done: to look, to look under the lock, and to see what became. */
export const lookThrice = async (
  connection: BenchConnection,
  text: string,
  change: () => Promise<unknown>,
): Promise<void> => {
  await look(connection, text)
  await look(connection, text)
  await change()
  await look(connection, text)
}

/** No scenario sets passwords. */
const statement = (group: Group): string => statementOfGroup(group as Group<Exclude<Operation, SetPassword>>)

/** The statements of a plan as pgsr sends them, one message for each transaction. */
export const messagesOf = ({ transactions, actingRole }: Plan): readonly string[] =>
  transactions.map((transaction) => {
    const { steps, last } = stepsOf(groupsOf(transaction), actingRole, actingRole)
    const statements = steps.flatMap(({ setRole, operations }) => [
      ...(setRole === undefined ? [] : [setRole]),
      statement(operations),
    ])
    return ['begin', ...statements, ...(last === undefined ? [] : [last]), 'commit'].join(';')
  })
