import * as functions from './functions.ts'
import { eachOnGiven } from './model/unchecked-input.ts'

// The same functions for users, who may pass anything: JavaScript checks no types.

const onGiven = eachOnGiven(functions, 'what was given is not of the type that the function takes')

export const describeFact: typeof functions.describeFact = onGiven.describeFact
export const describeGrant: typeof functions.describeGrant = onGiven.describeGrant
export const describeObject: typeof functions.describeObject = onGiven.describeObject
export const describeOperation: typeof functions.describeOperation = onGiven.describeOperation
export const differenceOf: typeof functions.differenceOf = onGiven.differenceOf
export const explainAccess: typeof functions.explainAccess = onGiven.explainAccess
export const hasDrift: typeof functions.hasDrift = onGiven.hasDrift
export const isCaretakerName: typeof functions.isCaretakerName = onGiven.isCaretakerName
export const isDelegateName: typeof functions.isDelegateName = onGiven.isDelegateName
export const isIntermediateName: typeof functions.isIntermediateName = onGiven.isIntermediateName
export const operationsOf: typeof functions.operationsOf = onGiven.operationsOf
export const outcomeOf: typeof functions.outcomeOf = onGiven.outcomeOf
export const parsePlan: typeof functions.parsePlan = onGiven.parsePlan
export const planDifferenceOf: typeof functions.planDifferenceOf = onGiven.planDifferenceOf
export const renderCode: typeof functions.renderCode = onGiven.renderCode
export const renderJson: typeof functions.renderJson = onGiven.renderJson
export const renderSql: typeof functions.renderSql = onGiven.renderSql
export const renderSummary: typeof functions.renderSummary = onGiven.renderSummary
export const scopeOf: typeof functions.scopeOf = onGiven.scopeOf
export const statementOf: typeof functions.statementOf = onGiven.statementOf
export const summaryOf: typeof functions.summaryOf = onGiven.summaryOf
export const typeName: typeof functions.typeName = onGiven.typeName
export const accessDifferenceOf: typeof functions.accessDifferenceOf = onGiven.accessDifferenceOf
export const accessOfRole: typeof functions.accessOfRole = onGiven.accessOfRole
export const checkAssertions: typeof functions.checkAssertions = onGiven.checkAssertions
export const describeEscalation: typeof functions.describeEscalation = onGiven.describeEscalation
export const describePath: typeof functions.describePath = onGiven.describePath
export const pictureOf: typeof functions.pictureOf = onGiven.pictureOf
export const renderAccessOf: typeof functions.renderAccessOf = onGiven.renderAccessOf
export const renderDot: typeof functions.renderDot = onGiven.renderDot
export const renderExplanation: typeof functions.renderExplanation = onGiven.renderExplanation
export const renderMermaid: typeof functions.renderMermaid = onGiven.renderMermaid
export const renderWhoCan: typeof functions.renderWhoCan = onGiven.renderWhoCan
export const whoCanAccess: typeof functions.whoCanAccess = onGiven.whoCanAccess
