import { objectKinds } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { getOrMake } from '../util/collections.ts'
import { freeName } from '../util/free-name.ts'
import { isNameless } from './nameless.ts'
import type { DatabaseObject, Server } from './snapshot.ts'

const id = '[0-9a-f]{8}'

/** The names that pgsr gives to roles of its own. A name proves nothing: anybody who may create roles can give it. */
const patterns = {
  any: new RegExp(`^_pgsr_(global|local_[0-9]+|admin|caretaker)_(.+_)?${id}$`, 's'),
  delegate: new RegExp(`^_pgsr_admin_${id}$`),
  caretaker: new RegExp(`^_pgsr_caretaker_${id}$`),
}

/** Whether a role’s name is one that pgsr gives to roles of its own. */
export const isIntermediateName = (name: string): boolean =>
  name.startsWith('_pgsr_') && patterns.any.test(name) && !isNameless(name)

/** Whether a role’s name is one that pgsr gives to intermediate roles for this database alone. */
export const isLocalTo = ({ databaseOid }: Server, name: string): boolean =>
  isIntermediateName(name) && name.startsWith(`_pgsr_local_${databaseOid}_`)

/** Whether a role’s name is one that pgsr gives to intermediate roles for another database alone. */
export const isLocalElsewhere = ({ databaseOid }: Server, name: string): boolean =>
  name.startsWith('_pgsr_local_') &&
  !name.startsWith(`_pgsr_local_${databaseOid}_`) &&
  isIntermediateName(name)

/** Whether a role’s name is one that pgsr gives to delegates: roles that administer intermediate roles. */
export const isDelegateName = (name: string): boolean => patterns.delegate.test(name)

/**
 * Whether a role’s name is one that pgsr gives to caretakers: roles that own what other roles have lost, and can do
 * nothing. Each plan that needs a caretaker makes a new one.
 */
export const isCaretakerName = (name: string): boolean => patterns.caretaker.test(name)

type IsTaken = (name: string) => boolean

/** A kind of object and a privilege, as a name has them. */
const inWords = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]+/g, '_')

const words = new Map<string, string>()

/** The object that an intermediate role gives a privilege on. */
interface NamedFor extends Pick<DatabaseObject, 'kind' | 'oid'> {
  readonly key: string
}

/**
 * A name for a new intermediate role. It does not contain the name of the object: objects are renamed and
 * swapped. Only ACLs say which role gives which privilege on which object. The oid makes the name another one if the
 * object is created anew, since the role for the former object may still be there.
 */
export const intermediateName = (
  server: Server,
  { kind, key, oid }: NamedFor,
  privilege: Privilege,
  seed: string,
  isTaken: IsTaken,
): string => {
  const where = objectKinds[kind].shared ? 'global' : `local_${server.databaseOid}`
  const what = getOrMake(words, `${kind}_${privilege}`, inWords)
  return freeName(
    (suffix) => `_pgsr_${where}_${what}_${suffix}`,
    `${seed}\0${key}\0${oid ?? ''}\0${privilege}`,
    isTaken,
  )
}

/** A name for a new delegate, derived from the first role that it will create. */
export const delegateName = (role: string, isTaken: IsTaken): string =>
  freeName((suffix) => `_pgsr_admin_${suffix}`, role, isTaken)

/**
 * A name for the caretaker of what a role loses.
 * @param newest the highest oid of the objects that it owns: another one when it loses something again
 */
export const caretakerName = (
  { databaseOid }: Server,
  role: string,
  newest: number,
  seed: string,
  isTaken: IsTaken,
): string =>
  freeName(
    (suffix) => `_pgsr_caretaker_${suffix}`,
    [seed, 'caretaker', databaseOid, role, newest].join('\0'),
    isTaken,
  )
