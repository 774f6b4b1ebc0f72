// Grants: what is asked for
export { type DesiredRole } from './desired-role.ts'
export {
  type AttributeGrant,
  type DefaultPrivilegeGrant,
  type DefaultPrivilegeTarget,
  type DirectOption,
  Grant,
  type LoginGrant,
  type LoginOptions,
  type MembershipGrant,
  type MembershipOptions,
  type OtherAttributeGrant,
  type OwnershipGrant,
  type PrivilegeGrant,
  type PrivilegeOptions,
} from './grant.ts'
export { type NameOrPattern, type ObjectPattern, type Pattern, Target } from './target.ts'
export { type Attribute, attributes, type GrantableAttribute } from './attribute.ts'
export {
  type Future,
  type FutureObjects,
  futureObjects,
  futureObjectsOf,
  type FutureObjectsRow,
} from './future-objects.ts'
export { typeName } from './type-name.ts'
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
export {
  type GrantableKind,
  type MatchableKind,
  type ObjectKind,
  type ObjectKindRow,
  objectKinds,
  type ObjectName,
  type OwnableKind,
  type PrivilegeOn,
  schemaOf,
} from './object-kind.ts'
export {
  parsePrivileges,
  type Privilege,
  type PrivilegeLetter,
  privilegeLetters,
  privilegesSince,
  type Privileges,
} from './privilege.ts'
export { type PatternScope, type Scope, scopeOf, scopeOfPlan, scopeOfRequest } from './scope.ts'
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
export { describeFact, describeGrant, describeName, describeObject, describeOperation } from './describe.ts'
export { type Difference, differenceOf, predictionOf } from './difference.ts'
export { type Effect } from './effects.ts'
export {
  ForbiddenRoleError,
  InvalidGrantError,
  MissingObjectError,
  UnsupportedServerError,
} from './errors.ts'
export type {
  AttributeFact,
  DefaultPrivilegeFact,
  Fact,
  MembershipFact,
  OwnershipFact,
  PrivilegeFact,
  RoleFact,
} from './fact.ts'
export { isDelegateName, mostAdministered } from './delegate.ts'
export { isIntermediateName } from './intermediate-role.ts'
export { type LockShortage, lockShortage } from './lock-table.ts'
export { objectsAsPlanned, preparingPlan } from './preparing-plan.ts'
export type {
  ClearPassword,
  CreateRole,
  CreateSchema,
  DropRole,
  GrantDefaultPrivilege,
  GrantMembership,
  GrantPrivilege,
  LockRole,
  Operation,
  Reason,
  RevokeDefaultPrivilege,
  RevokeMembership,
  RevokePrivilege,
  SetAttribute,
  SetOwner,
  SetPassword,
  SetValidUntil,
} from './operation.ts'
export { type PlanDifference, planDifferenceOf, type PlanEntry } from './plan-difference.ts'
export { impossibleRoleNameProblem, nameProblem } from './name.ts'
export { operationsOf, outcomeOf, type Plan, plan, planDrop, planRequest, type Skipped } from './plan.ts'
export { quoteIdent, quoteLiteral } from './quote.ts'
export { type Group, groupsOf } from './grouping.ts'
export { noSelfGrantStatement, passwordStatement, statementOf, statementOfGroup } from './render-statement.ts'
export { renderJson, type RenderOptions, renderSql, type Step, stepsOf } from './render.ts'
export { type Residue } from './residue.ts'
export { isVanished, vanishedRole } from './vanished-role.ts'
