import { type DesiredRole, Grant } from '@pgsr/node-postgres'
import type { Sandbox } from '../sandbox/sandbox.ts'

/** A role with something to gain, to lose and to hand over, beside nobody else: all that it touches is its own. */
export interface TestRole {
  readonly id: string
  readonly desired: DesiredRole
  /** Its syncs wait for no others. */
  readonly lockKey: number
}

let made = 0

const asActor = (id: string): string => `
  create role r_${id}; create role old_${id}; create role new_${id};
  create schema s_${id}; create table s_${id}.read (); create table s_${id}.given (); create table s_${id}.taken ();
  grant insert on s_${id}.read to r_${id}; grant old_${id} to r_${id}; grant usage on schema s_${id} to new_${id};`

/**
 * The acting role, if it is not a superuser, could not do this: it is not a member of the new owner. During the sync it
 * becomes one, which is to be tested.
 */
const asSuperuser = (id: string): string => `alter table s_${id}.taken owner to r_${id};`

const desiredOf = (id: string): DesiredRole => ({
  role: `r_${id}`,
  grants: [
    Grant.login({ password: `password of ${id}` }),
    Grant.schemaUsage(`s_${id}`),
    Grant.tableSelect(`s_${id}`, 'read'),
    Grant.roleMembership(`new_${id}`),
    Grant.tableOwnership(`s_${id}`, 'given'),
  ],
})

let last: Promise<unknown> = Promise.resolve()

/** The connections of a sandbox do one thing at a time. */
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const next = last.then(work, work)
  last = next
  return next
}

/** Makes some, each as the first one was when it was made. */
export const makeTestRoles = async (box: Sandbox, count: number): Promise<readonly TestRole[]> => {
  const ids = Array.from({ length: count }, () => box.name('x'))
  await inTurn(async () => {
    await box.run(ids.map(asActor).join(''))
    await box.admin(ids.map(asSuperuser).join(''))
  })
  return ids.map((id) => ({ id, desired: desiredOf(id), lockKey: ++made }))
}

const rolesOf = (ids: readonly string[]): string => `
  select rolname::text, coalesce(rolpassword like 'SCRAM-SHA-256$%', false) from pg_authid
  where rolname ~ '_(${ids.join('|')})$' or rolname like format('\\_pgsr\\_local\\_%s\\_%%', (select oid from pg_database where datname = current_database()))`

/**
 * What each test role, its intermediate roles and the acting role have of what is the test role’s own, in words that are the
 * same for all of them.
 */
export const statesOf = async (box: Sandbox, testRoles: readonly TestRole[]): Promise<readonly string[]> => {
  const ids = testRoles.map(({ id }) => id)
  const { roles, holdings } = await inTurn(async () => {
    const found = await box.admin(rolesOf(ids))
    return {
      roles: found,
      holdings: await box.holdings([...found.map(([role]) => role as string), box.actor]),
    }
  })
  const passwords = roles.filter(([, hasOne]) => hasOne).map(([role]) => `${role as string}: has a password`)
  const lines = [...holdings, ...passwords]
  return ids.map((id) =>
    lines
      .filter((line) => line.includes(`_${id}`))
      .map((line) => line.replaceAll(`_${id}`, '').replaceAll(/(_pgsr_\w+)_[0-9a-f]{8}\b/g, '$1'))
      .sort()
      .join('\n'),
  )
}
