// What the other packages need of the planner besides what users do. It may change with any version.
export { scopeOfDescription, scopeOfRoles } from './adopt/adoption-scope.ts'
export { describeSnapshot } from './adopt/describe-roles.ts'
export { type GroupedGrant, groupedGrants } from './adopt/grouped-grants.ts'
export { unknownAfter } from './explain/access-difference.ts'
export { privilegesOn } from './explain/access-of.ts'
export { besidesFor } from './explain/assertion-subjects.ts'
export { checkAssertionShape } from './explain/assertions.ts'
export { opensBySetRole } from './explain/chains.ts'
export { escalationsOf } from './explain/escalations.ts'
export { AccessWorld, explainIn } from './explain/explain.ts'
export { schemasNamedBy } from './explain/revocation.ts'
export {
  describeCondition,
  describeEscalation,
  describeLink,
  describePath,
  describeSource,
  describeStatement,
} from './explain/sentences.ts'
export { sourcesOf } from './explain/sources.ts'
export { loginFirst } from './explain/who-can.ts'
export { mostAdministered } from './access/delegate.ts'
export { isAbout } from './model/assertion.ts'
export { describeFactInFull, describeGrantee, describeName, describeObject } from './model/describe.ts'
export { isVanished, vanishedRole } from './model/nameless.ts'
export { checkOptionNames } from './model/option-names.ts'
export { canonicalParameter } from './postgres/parameter-name.ts'
export {
  type DropRequest,
  dropRequest,
  planOptionNames,
  type Request,
  sessionsEndedBy,
  type SyncRequest,
  usualSeed,
} from './model/request.ts'
export { isAbsent } from './request/check-absent.ts'
export { checkManages, isOfCluster } from './request/check-manages.ts'
export { planRequest } from './plan/plan.ts'
export { Prediction } from './plan/prediction.ts'
export { preparingPlan } from './plan/preparing-plan.ts'
export { parseAclItem } from './postgres/acl-item.ts'
export { futureObjectsOf } from './postgres/default-privileges.ts'
export {
  hasLoneSurrogate,
  impossibleRoleNameProblem,
  nameProblem,
  storedNameProblem,
} from './postgres/identifier.ts'
export { objectKey, objectKinds, plural, schemaOf } from './postgres/object-kind.ts'
export { parsePrivileges, privilegesSince } from './postgres/privilege.ts'
export { storedTypeName } from './postgres/type-name.ts'
export { nothingToRead, scopeOfRequest } from './request/catalog-scope.ts'
export { membershipCycle } from './request/membership-cycle.ts'
export { wrongTogether } from './request/check-together.ts'
export { checkEach, requestOf } from './request/parse-request.ts'
export { scopeOfPlan } from './request/scope.ts'
export { type Group, groupsOf } from './sql/group-statements.ts'
export { type Step, stepsOf } from './sql/script.ts'
export { noSelfGrantStatement, passwordStatement, statementOfGroup } from './sql/statement.ts'
export { type LockShortage, lockShortage } from './transaction/lock-budget.ts'
export { append, countIn, flat, flatMap } from './util/collections.ts'
export { once } from './util/once.ts'
