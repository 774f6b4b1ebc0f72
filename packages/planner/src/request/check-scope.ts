import { describeName, describeObject } from '../model/describe.ts'
import { SnapshotScopeError } from '../model/errors.ts'
import type { Request } from '../model/request.ts'
import type { PatternScope, Scope } from '../model/scope.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { objectKey, plural } from '../postgres/object-kind.ts'
import { scopeOfRequest } from './catalog-scope.ts'
import { flatMap } from '../util/collections.ts'

const patternKey = ({ kind, schema, column }: PatternScope, isOwned = false): string =>
  `${kind}\0${schema}\0${column ?? ''}\0${isOwned}`

const describePattern = ({ kind, schema, column, owned }: PatternScope): string =>
  `${owned === true ? 'what follows the owners of ' : ''}${column === undefined ? `the ${plural(kind)}` : `column ${describeName(column)} of the tables`} of schema ${describeName(schema)}`

const describeRole = (name: string): string => `role ${describeName(name)}`

/** What a request needs but a snapshot was not read for, in words. */
const uncovered = (needed: Scope, read: Scope): readonly string[] => {
  const desired = new Set(read.desired)
  const roles = new Set([...read.desired, ...read.roles])
  const owned = new Set(read.owned.map(objectKey))
  const objects = new Set([...owned, ...read.objects.map(objectKey)])
  // What is to be owned is read with more.
  const patterns = new Set(flatMap(read.patterns, (one) => [patternKey(one), patternKey(one, one.owned)]))
  const defaultsOf = new Set([...read.desired, ...read.defaultsOf])
  return [
    ...needed.desired.filter((name) => !desired.has(name)).map(describeRole),
    ...needed.roles.filter((name) => !roles.has(name)).map(describeRole),
    ...needed.objects.filter((object) => !objects.has(objectKey(object))).map(describeObject),
    ...needed.owned
      .filter((object) => !owned.has(objectKey(object)))
      .map((object) => `what follows the owner of ${describeObject(object)}`),
    ...needed.patterns
      .filter((pattern) => !patterns.has(patternKey(pattern, pattern.owned)))
      .map(describePattern),
    ...needed.defaultsOf
      .filter((name) => !defaultsOf.has(name))
      .map((name) => `the default privileges of role ${describeName(name)}`),
    ...(needed.properties ?? [])
      .filter((name) => read.properties?.includes(name) !== true)
      .map((name) => `the connection limit, comment and settings of role ${describeName(name)}`),
    ...(needed.members ?? [])
      .filter((name) => read.members?.includes(name) !== true)
      .map((name) => `the members of role ${describeName(name)}`),
    ...(needed.settings ?? [])
      .filter((name) => read.settings?.includes(name) !== true)
      .map((name) => `setting ${describeName(name)}`),
    ...(needed.absent ?? [])
      .filter((name) => read.absent?.includes(name) !== true)
      .map((name) => `what else names role ${describeName(name)}`),
    ...(needed.unusedRoles && !read.unusedRoles ? ['unused roles'] : []),
  ]
}

/**
 * Refuses a snapshot that was not read for everything that a request is about: what it lacks may exist all the same.
 * @throws SnapshotScopeError
 */
export const checkCovered = ({ scope }: Snapshot, request: Request): void => {
  if (scope === undefined) return
  const needed = scopeOfRequest(request)
  if (needed === scope) return
  const missing = uncovered(needed, scope)
  if (missing.length > 0) throw new SnapshotScopeError(missing)
}
