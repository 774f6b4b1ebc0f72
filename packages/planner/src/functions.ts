// What the planner offers besides what makes grants and plans, as its own files call it.
export { parseAclItem } from './acl-item.ts'
export { isCaretakerName } from './caretaker.ts'
export { isDelegateName } from './delegate.ts'
export {
  describeFact,
  describeFactInFull,
  describeGrant,
  describeName,
  describeObject,
  describeOperation,
} from './describe.ts'
export { differenceOf, predictionOf } from './difference.ts'
export { futureObjectsOf } from './future-objects.ts'
export { groupsOf } from './grouping.ts'
export { isIntermediateName } from './intermediate-role.ts'
export { lockShortage } from './lock-table.ts'
export { hasLoneSurrogate, storedNameProblem } from './name.ts'
export { objectKey, schemaOf } from './object-kind.ts'
export { planDifferenceOf } from './plan-difference.ts'
export { operationsOf, outcomeOf } from './plan.ts'
export { objectsAsPlanned, preparingPlan } from './preparing-plan.ts'
export { parsePrivileges } from './privilege.ts'
export { passwordStatement, statementOf, statementOfGroup } from './render-statement.ts'
export { renderJson, renderSql, stepsOf } from './render.ts'
export { scopeOfRequest } from './request-scope.ts'
export { scopeOf, scopeOfPlan } from './scope.ts'
export { storedTypeName, typeName } from './type-name.ts'
export { isVanished, vanishedRole } from './vanished-role.ts'
