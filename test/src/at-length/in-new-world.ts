import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { makeSchema, type Names, newNames } from './random-world.ts'

/** Takes away the schemas of a world, and those of its roles that are still there. */
const remove = async (box: Sandbox, { roles, schemas }: Names): Promise<void> => {
  const left = (await box.roles()).filter((role) => roles.includes(role))
  await box.admin(
    [
      ...schemas.map((schema) => `drop schema if exists ${schema} cascade`),
      ...left.map((role) => `reassign owned by ${role} to current_user; drop owned by ${role}`),
      ...left.map((role) => `drop role ${role}`),
    ].join(';'),
  )
}

/** Makes the roles and the schemas of a new random world, and takes them away again. */
export const inNewWorld = async (box: Sandbox, work: (names: Names) => Promise<void>): Promise<void> => {
  const names = newNames(box)
  await box.run(
    [...names.roles.map((role) => `create role ${role}`), ...names.schemas.map(makeSchema)].join(';'),
  )
  try {
    await work(names)
  } finally {
    await remove(box, names)
  }
}
