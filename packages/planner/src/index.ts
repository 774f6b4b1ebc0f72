// Grants: what is asked for
export { type DesiredRole } from './desired-role.ts'
export {
  type AttributeGrant,
  type DirectOption,
  Grant,
  type LoginOptions,
  type MembershipGrant,
  type OwnershipGrant,
  type Pattern,
  type PrivilegeGrant,
  type TablePattern,
} from './grant.ts'
export {
  type DropRequest,
  dropRequest,
  type PlanOptions,
  type Request,
  requestOf,
  type SyncRequest,
} from './request.ts'
export { Secret } from './secret.ts'

// Snapshot: what there is
export { type AclItem, parseAclItem } from './acl-item.ts'
export { type ObjectKind, type ObjectKindRow, objectKinds, type ObjectName } from './object-kind.ts'
export {
  parsePrivileges,
  type Privilege,
  type PrivilegeLetter,
  privilegeLetters,
  type Privileges,
} from './privilege.ts'
export { type Scope, scopeOf, scopeOfPlan, scopeOfRequest } from './scope.ts'
export type {
  DatabaseObject,
  DefaultPrivileges,
  Membership,
  Role,
  Server,
  Snapshot,
  Unmanaged,
} from './snapshot.ts'

// Plan: what will be done
export { describeFact, describeGrant, describeObject, describeOperation } from './describe.ts'
export { type Difference, differenceOf } from './difference.ts'
export { type Effect } from './effects.ts'
export {
  ForbiddenRoleError,
  InvalidGrantError,
  MissingObjectError,
  UnsupportedServerError,
} from './errors.ts'
export type { AttributeFact, Fact, MembershipFact, OwnershipFact, PrivilegeFact, RoleFact } from './fact.ts'
export { isIntermediateName } from './intermediate-role.ts'
export type {
  ClearPassword,
  CreateRole,
  CreateSchema,
  DropRole,
  GrantMembership,
  GrantPrivilege,
  Operation,
  Reason,
  RevokeMembership,
  RevokePrivilege,
  SetInherit,
  SetLogin,
  SetOwner,
  SetPassword,
  SetValidUntil,
} from './operation.ts'
export { type PlanDifference, planDifferenceOf, type PlanEntry } from './plan-difference.ts'
export { operationsOf, outcomeOf, type Plan, plan, planDrop, planRequest, type Skipped } from './plan.ts'
export { quoteIdent, quoteLiteral } from './quote.ts'
export { noSelfGrantStatement, passwordStatement, statementOf } from './render-statement.ts'
export { renderJson, renderSql, type Step, stepsOf } from './render.ts'
export { type Residue } from './residue.ts'
