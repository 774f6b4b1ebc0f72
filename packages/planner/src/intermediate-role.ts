import { freeName } from './free-name.ts'
import { isNameless } from './nameless.ts'
import { type ObjectName, objectKey, objectKinds } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import type { Server } from './snapshot.ts'

const prefix = '_pgsr_'

const namePattern = /^_pgsr_(global|local_[0-9]+|admin|caretaker)_(.+_)?[0-9a-f]{8}$/s

/** Whether a role’s name is one that pgsr gives to roles of its own. */
export const isIntermediateName = (name: string): boolean =>
  name.startsWith(prefix) && namePattern.test(name) && !isNameless(name)

/** Whether a role is an intermediate role that this database has made for itself. */
export const isLocalTo = ({ databaseOid }: Server, name: string): boolean =>
  isIntermediateName(name) && name.startsWith(`_pgsr_local_${databaseOid}_`)

/**
 * A name for a new intermediate role. It says nothing of the object: objects are renamed and swapped, and which role
 * serves which object is read from ACLs only.
 */
export const intermediateName = (
  server: Server,
  object: ObjectName,
  privilege: Privilege,
  seed: string,
  taken: (name: string) => boolean,
): string => {
  const where = objectKinds[object.kind].shared ? 'global' : `local_${server.databaseOid}`
  const what = `${object.kind}_${privilege}`.toLowerCase().replaceAll(/[^a-z]+/g, '_')
  return freeName(
    (id) => `_pgsr_${where}_${what}_${id}`,
    `${seed}\0${objectKey(object)}\0${privilege}`,
    taken,
  )
}
