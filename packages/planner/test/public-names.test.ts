import { readFile } from 'node:fs/promises'
import * as planner from '@pgsr/planner'
import { expect, test } from 'vitest'

// Each name is a promise to users, which only a major version may break. A new one is added here on purpose.

const values = `
    AssertionsError ForbiddenRoleError Grant InvalidGrantError InvalidTextError MissingObjectError
    PlanningError Secret SnapshotScopeError Target UnsupportedServerError access accessDifferenceOf
    accessOfRole attributes checkAssertions describeEscalation describeFact describeGrant describeObject
    describeOperation describePath differenceOf explainAccess futureObjects hasDrift isCaretakerName
    isDelegateName isIntermediateName objectKinds operationsOf outcomeOf parsePlan pictureOf plan
    planDifferenceOf planDrop privilegeLetters quoteIdent quoteLiteral renderAccessOf renderCode renderDot
    renderExplanation renderJson renderMermaid renderSql renderSummary renderWhoCan scopeOf snapshot
    statementOf summaryOf typeName whoCanAccess
`

const types = `
    AbsentRole
    AccessChange
    AccessDifference
    AccessGroup
    AccessLevel
    AccessOf
    AccessOfOptions
    AccessOptions
    AccessPath
    AccessPrivileges
    AccessQuestion
    AccessScope
    AccessStatement
    AccessStep
    AccessTraits
    AclItem
    AclOptions
    AllInSchema
    Assertion
    Attribute
    AttributeFact
    AttributeGrant
    BrokenAssertion
    ChangeSource
    ClearPassword
    ColumnAccess
    ColumnHolders
    Condition
    CreateRole
    CreateSchema
    DatabaseObject
    DefaultPrivilegeFact
    DefaultPrivilegeGrant
    DefaultPrivilegeTarget
    DefaultPrivileges
    DescribedRoles
    DesiredProperties
    DesiredRole
    Difference
    DirectOption
    DropPolicy
    DropRole
    DropUserMapping
    Effect
    Ending
    Escalation
    ExplainOptions
    Explanation
    Fact
    Future
    FutureObjects
    FutureObjectsRow
    GrantDefaultPrivilege
    GrantMembership
    GrantPrivilege
    GrantableAttribute
    GrantableKind
    ItemSource
    Kept
    KindInSchema
    KnownSetting
    LeftSummary
    LockRole
    LoginGrant
    LoginOptions
    ManagesOption
    MatchableKind
    Member
    Membership
    MembershipFact
    MembershipGrant
    MembershipLink
    MembershipOptions
    Mentions
    NameOrPattern
    ObjectAccess
    ObjectKind
    ObjectKindRow
    ObjectName
    ObjectOptions
    ObjectPattern
    OnlyAssertion
    Operation
    OtherAttributeGrant
    OtherDatabase
    OwnableKind
    OwnershipFact
    OwnershipGrant
    PathSource
    Pattern
    PatternScope
    Picture
    PictureEdge
    PictureNode
    Plan
    PlanDifference
    PlanEntry
    PlanOptions
    Policy
    PolicyFact
    PolicyName
    Privilege
    PrivilegeFact
    PrivilegeGrant
    PrivilegeLetter
    PrivilegeOn
    PrivilegeOptions
    Privileges
    PropertyFact
    PropertyName
    PublicAssertion
    PublicGrant
    Reason
    RenderCodeOptions
    RenderOptions
    RequestedRole
    Residue
    RevokeDefaultPrivilege
    RevokeMembership
    RevokePrivilege
    Role
    RoleAccess
    RoleFact
    RoleProperty
    RolesSummary
    RowPolicy
    Scope
    SeededPlanOptions
    Server
    SetAttribute
    SetOwner
    SetPassword
    SetPolicyRoles
    SetProperty
    SetValidUntil
    SettingValue
    Settings
    Skipped
    Snapshot
    SnapshotBuilder
    SnapshotOptions
    Summary
    SummaryEntry
    ThroughPublic
    Unmanaged
    Unsaid
    UserMapping
    UserMappingFact
    Verdict
    WhoCan
    WhoCanQuestion
`

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

test('users can import exactly these functions and tables', () =>
  expect(Object.keys(planner).sort()).toEqual(words(values)))

test('users can import exactly these types', async () => {
  const index = await readFile(new URL('../src/index.ts', import.meta.url), 'utf8')
  const exported = [...index.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, all, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && (all !== undefined || name.startsWith('type ')))
      .map((name) => name.replace('type ', '')),
  )
  expect(exported.sort()).toEqual(words(types))
})
