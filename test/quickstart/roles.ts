import { Grant } from '@pgsr/node-postgres'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Alice’s, for as long as this program runs. */
export const password = randomBytes(12).toString('base64url')

/** What the quickstart shows as its input: the lines below as they stand in this file, so that they cannot lie. */
export const sourceOfRoles = async (): Promise<string> => {
  const source = await readFile(new URL('../../quickstart/roles.ts', import.meta.url), 'utf8')
  const roles = source.slice(source.indexOf('\nexport const staff'))
  return roles.replaceAll('\nexport const', '\nconst').trim()
}

export const staff = {
  role: 'staff',
  grants: [Grant.schemaUsage('hr'), Grant.tableSelect('hr', 'directory')],
}

export const analyst = {
  role: 'analyst',
  grants: [
    Grant.roleMembership('staff'),
    Grant.schemaUsage('sales'),
    Grant.tableSelect('sales', /^orders_/),
    Grant.tableSelect('sales', 'customers', { direct: true }),
  ],
}

export const alice = {
  role: 'alice',
  grants: [
    Grant.login({ password }), // a random one, made up for this run
    Grant.databaseConnect('warehouse'),
    Grant.roleMembership('analyst'),
  ],
}
