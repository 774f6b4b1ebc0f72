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
export { type Future, type FutureObjects, futureObjects, type FutureObjectsRow } from './future-objects.ts'
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
export { type AclItem } from './acl-item.ts'
export {
  type GrantableKind,
  type MatchableKind,
  type ObjectKind,
  type ObjectKindRow,
  objectKinds,
  type ObjectName,
  type OwnableKind,
  type PrivilegeOn,
} from './object-kind.ts'
export {
  type Privilege,
  type PrivilegeLetter,
  privilegeLetters,
  privilegesSince,
  type Privileges,
} from './privilege.ts'
export { type PatternScope, type Scope } from './request-scope.ts'
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
export { type Difference } from './difference.ts'
export { type Effect } from './effects.ts'
export {
  ForbiddenRoleError,
  InvalidGrantError,
  InvalidTextError,
  MissingObjectError,
  PlanningError,
  SnapshotScopeError,
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
export { mostAdministered } from './delegate.ts'
export { type LockShortage } from './lock-table.ts'
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
export { type PlanDifference, type PlanEntry } from './plan-difference.ts'
export { impossibleRoleNameProblem, nameProblem } from './name.ts'
export { type Plan, plan, planDrop, planRequest, type Skipped } from './plan.ts'
export { quoteGivenIdent as quoteIdent, quoteLiteral } from './quote.ts'
export { type Group } from './grouping.ts'
export { noSelfGrantStatement } from './render-statement.ts'
export { type RenderOptions, type Step } from './render.ts'
export { type Residue } from './residue.ts'

// The functions that take what others give them
export {
  describeFact,
  describeFactInFull,
  describeGrant,
  describeName,
  describeObject,
  describeOperation,
  differenceOf,
  futureObjectsOf,
  groupsOf,
  hasLoneSurrogate,
  isCaretakerName,
  isDelegateName,
  isIntermediateName,
  isVanished,
  lockShortage,
  objectKey,
  objectsAsPlanned,
  operationsOf,
  outcomeOf,
  parseAclItem,
  parsePrivileges,
  passwordStatement,
  planDifferenceOf,
  predictionOf,
  preparingPlan,
  renderJson,
  renderSql,
  schemaOf,
  scopeOf,
  scopeOfPlan,
  scopeOfRequest,
  statementOf,
  statementOfGroup,
  stepsOf,
  storedNameProblem,
  storedTypeName,
  typeName,
  vanishedRole,
} from './from-outside.ts'
