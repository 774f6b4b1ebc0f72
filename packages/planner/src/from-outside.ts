import * as functions from './functions.ts'
import { eachOnGiven } from './model/unchecked-input.ts'

// The same functions as others call them, who may give them anything: JavaScript has no types.

const onGiven = eachOnGiven(functions, 'what was given is not of the type that the function takes')

export const describeFact: typeof functions.describeFact = onGiven.describeFact
export const describeFactInFull: typeof functions.describeFactInFull = onGiven.describeFactInFull
export const describeGrant: typeof functions.describeGrant = onGiven.describeGrant
export const describeName: typeof functions.describeName = onGiven.describeName
export const describeObject: typeof functions.describeObject = onGiven.describeObject
export const describeOperation: typeof functions.describeOperation = onGiven.describeOperation
export const differenceOf: typeof functions.differenceOf = onGiven.differenceOf
export const futureObjectsOf: typeof functions.futureObjectsOf = onGiven.futureObjectsOf
export const groupsOf: typeof functions.groupsOf = onGiven.groupsOf
export const hasLoneSurrogate: typeof functions.hasLoneSurrogate = onGiven.hasLoneSurrogate
export const isCaretakerName: typeof functions.isCaretakerName = onGiven.isCaretakerName
export const isDelegateName: typeof functions.isDelegateName = onGiven.isDelegateName
export const isIntermediateName: typeof functions.isIntermediateName = onGiven.isIntermediateName
export const isVanished: typeof functions.isVanished = onGiven.isVanished
export const lockShortage: typeof functions.lockShortage = onGiven.lockShortage
export const objectKey: typeof functions.objectKey = onGiven.objectKey
export const objectsAsPlanned: typeof functions.objectsAsPlanned = onGiven.objectsAsPlanned
export const operationsOf: typeof functions.operationsOf = onGiven.operationsOf
export const outcomeOf: typeof functions.outcomeOf = onGiven.outcomeOf
export const parseAclItem: typeof functions.parseAclItem = onGiven.parseAclItem
export const parsePlan: typeof functions.parsePlan = onGiven.parsePlan
export const parsePrivileges: typeof functions.parsePrivileges = onGiven.parsePrivileges
export const passwordStatement: typeof functions.passwordStatement = onGiven.passwordStatement
export const planDifferenceOf: typeof functions.planDifferenceOf = onGiven.planDifferenceOf
export const predictionOf: typeof functions.predictionOf = onGiven.predictionOf
export const preparingPlan: typeof functions.preparingPlan = onGiven.preparingPlan
export const renderJson: typeof functions.renderJson = onGiven.renderJson
export const renderSql: typeof functions.renderSql = onGiven.renderSql
export const schemaOf: typeof functions.schemaOf = onGiven.schemaOf
export const scopeOf: typeof functions.scopeOf = onGiven.scopeOf
export const scopeOfPlan: typeof functions.scopeOfPlan = onGiven.scopeOfPlan
export const scopeOfRequest: typeof functions.scopeOfRequest = onGiven.scopeOfRequest
export const statementOf: typeof functions.statementOf = onGiven.statementOf
export const statementOfGroup: typeof functions.statementOfGroup = onGiven.statementOfGroup
export const stepsOf: typeof functions.stepsOf = onGiven.stepsOf
export const storedNameProblem: typeof functions.storedNameProblem = onGiven.storedNameProblem
export const storedTypeName: typeof functions.storedTypeName = onGiven.storedTypeName
export const typeName: typeof functions.typeName = onGiven.typeName
export const vanishedRole: typeof functions.vanishedRole = onGiven.vanishedRole
