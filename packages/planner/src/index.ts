// Grants: what is asked for
export { access, type AccessLevel, type AccessOptions, type AccessPrivileges } from './model/access-level.ts'
export {
  type DesiredProperties,
  type DesiredRole,
  type Member,
  type Settings,
  type SettingValue,
} from './model/desired-role.ts'
export type { AbsentRole, RequestedRole } from './model/absent-role.ts'
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
} from './model/grant.ts'
export {
  type AllInSchema,
  type NameOrPattern,
  type ObjectPattern,
  type Pattern,
  Target,
} from './model/target.ts'
export { type Attribute, attributes, type GrantableAttribute } from './postgres/attribute.ts'
export {
  type Future,
  type FutureObjects,
  futureObjects,
  type FutureObjectsRow,
} from './postgres/default-privileges.ts'
export { type ManagesOption } from './model/managed.ts'
export { type PlanOptions, type PublicGrant, type SeededPlanOptions } from './model/request.ts'
export { Secret } from './model/secret.ts'

// Snapshot: what there is
export { type AclItem } from './postgres/acl-item.ts'
export {
  type GrantableKind,
  type KindInSchema,
  type MatchableKind,
  type ObjectKind,
  type ObjectKindRow,
  objectKinds,
  type ObjectName,
  type OwnableKind,
  type PrivilegeOn,
} from './postgres/object-kind.ts'
export {
  type Privilege,
  type PrivilegeLetter,
  privilegeLetters,
  type Privileges,
} from './postgres/privilege.ts'
export {
  type AclOptions,
  type ObjectOptions,
  snapshot,
  type SnapshotBuilder,
  type SnapshotOptions,
} from './model/snapshot-builder.ts'
export type { AccessTraits, RowPolicy } from './model/access-traits.ts'
export { type AccessScope, type PatternScope, type Scope } from './model/scope.ts'
export { type Membership } from './model/membership.ts'
export type { Mentions, OtherDatabase, Policy, PolicyName, UserMapping } from './model/mentions.ts'
export { type KnownSetting, type PropertyName, type RoleProperty } from './model/role-property.ts'
export type {
  DatabaseObject,
  DefaultPrivileges,
  Role,
  Server,
  Snapshot,
  Unmanaged,
} from './model/snapshot.ts'

export { type RenderCodeOptions } from './adopt/render-code.ts'
export type { DescribedRoles, Unsaid } from './adopt/described.ts'

// Access: who can do what, and why
export {
  type Assertion,
  AssertionsError,
  type BrokenAssertion,
  type OnlyAssertion,
  type PublicAssertion,
} from './model/assertion.ts'
export type { Picture, PictureEdge, PictureNode } from './explain/picture.ts'
export type { WhoCanQuestion } from './explain/who-can.ts'
export type {
  AccessChange,
  AccessDifference,
  AccessGroup,
  AccessOf,
  AccessOfOptions,
  AccessPath,
  AccessQuestion,
  AccessStatement,
  AccessStep,
  ColumnAccess,
  ColumnHolders,
  Condition,
  Ending,
  Escalation,
  Explanation,
  ExplainOptions,
  ItemSource,
  MembershipLink,
  ObjectAccess,
  PathSource,
  RoleAccess,
  Verdict,
  WhoCan,
} from './model/explanation.ts'

// Plan: what will be done
export { type Difference } from './plan/prediction.ts'
export { type Effect } from './model/effect.ts'
export { InvalidTextError } from './postgres/invalid-text.ts'
export { InvalidGrantError } from './model/invalid-grant.ts'
export {
  ForbiddenRoleError,
  MissingObjectError,
  PlanningError,
  SnapshotScopeError,
  UnsupportedServerError,
} from './model/errors.ts'
export type {
  AttributeFact,
  DefaultPrivilegeFact,
  Fact,
  MembershipFact,
  OwnershipFact,
  PolicyFact,
  PrivilegeFact,
  PropertyFact,
  RoleFact,
  UserMappingFact,
} from './model/fact.ts'
export type {
  ClearPassword,
  CreateRole,
  CreateSchema,
  DropPolicy,
  DropRole,
  DropUserMapping,
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
  SetPolicyRoles,
  SetProperty,
  SetValidUntil,
} from './model/operation.ts'
export { type PlanDifference, type PlanEntry } from './plan/plan-difference.ts'
export { type Plan, type Skipped } from './model/plan.ts'
export { plan, planDrop } from './plan/plan.ts'
export { quoteGivenIdent as quoteIdent, quoteLiteral } from './postgres/identifier.ts'
export { type RenderOptions } from './sql/script.ts'
export { type Kept } from './model/kept.ts'
export { type ThroughPublic } from './model/through-public.ts'
export { type Residue } from './model/residue.ts'
export { type ChangeSource } from './summary/change.ts'
export { type SummaryEntry } from './summary/entries.ts'
export { type LeftSummary, type RolesSummary, type Summary } from './summary/summary.ts'
// Functions that check the types of their input
export {
  accessDifferenceOf,
  accessOfRole,
  checkAssertions,
  describeEscalation,
  describeFact,
  describeGrant,
  describeObject,
  describeOperation,
  describePath,
  differenceOf,
  explainAccess,
  hasDrift,
  isCaretakerName,
  isDelegateName,
  isIntermediateName,
  operationsOf,
  outcomeOf,
  parsePlan,
  pictureOf,
  planDifferenceOf,
  renderAccessOf,
  renderCode,
  renderDot,
  renderExplanation,
  renderJson,
  renderMermaid,
  renderSql,
  renderSummary,
  renderWhoCan,
  scopeOf,
  statementOf,
  summaryOf,
  typeName,
  whoCanAccess,
} from './from-outside.ts'
