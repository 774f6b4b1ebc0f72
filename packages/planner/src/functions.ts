// What the planner offers besides what makes grants and plans, as its own files call it.
export { parseAclItem } from './postgres/acl-item.ts'
export { isCaretakerName } from './model/managed-role.ts'
export { isDelegateName } from './model/managed-role.ts'
export {
  describeFact,
  describeFactInFull,
  describeGrant,
  describeName,
  describeObject,
  describeOperation,
} from './model/describe.ts'
export { differenceOf, predictionOf } from './plan/prediction.ts'
export { futureObjectsOf } from './postgres/default-privileges.ts'
export { groupsOf } from './sql/group-statements.ts'
export { isIntermediateName } from './model/managed-role.ts'
export { lockShortage } from './transaction/lock-budget.ts'
export { hasLoneSurrogate, storedNameProblem } from './postgres/identifier.ts'
export { objectKey, schemaOf } from './postgres/object-kind.ts'
export { planDifferenceOf } from './plan/plan-difference.ts'
export { operationsOf } from './model/plan.ts'
export { outcomeOf } from './plan/plan.ts'
export { objectsAsPlanned, preparingPlan } from './plan/preparing-plan.ts'
export { parsePrivileges } from './postgres/privilege.ts'
export { passwordStatement, statementOf, statementOfGroup } from './sql/statement.ts'
export { renderSql, stepsOf } from './sql/script.ts'
export { parsePlan, renderJson } from './plan/plan-json.ts'
export { scopeOfRequest } from './request/catalog-scope.ts'
export { scopeOf, scopeOfPlan } from './request/scope.ts'
export { storedTypeName, typeName } from './postgres/type-name.ts'
export { isVanished, vanishedRole } from './model/nameless.ts'
