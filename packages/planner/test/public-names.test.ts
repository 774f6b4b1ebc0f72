import { readFile } from 'node:fs/promises'
import * as planner from '@pgsr/planner'
import { expect, test } from 'vitest'

// Each name is a promise to users, which only a major version may break. A new one is added here on purpose.

const values = `
    ForbiddenRoleError Grant InvalidGrantError InvalidTextError MissingObjectError PlanningError Secret
    SnapshotScopeError Target UnsupportedServerError access attributes describeFact describeGrant describeObject
    describeOperation differenceOf futureObjects hasDrift isCaretakerName isDelegateName isIntermediateName
    objectKinds operationsOf outcomeOf parsePlan plan planDifferenceOf planDrop privilegeLetters quoteIdent
    quoteLiteral renderCode renderJson renderSql renderSummary scopeOf snapshot statementOf summaryOf typeName
`

const types = `
    AbsentRole
    AccessLevel
    AccessOptions
    AccessPrivileges
    AclItem
    AclOptions
    AllInSchema
    Attribute
    AttributeFact
    AttributeGrant
    ChangeSource
    ClearPassword
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
    Fact
    Future
    FutureObjects
    FutureObjectsRow
    GrantDefaultPrivilege
    GrantMembership
    GrantPrivilege
    GrantableAttribute
    GrantableKind
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
    MembershipOptions
    Mentions
    NameOrPattern
    ObjectKind
    ObjectKindRow
    ObjectName
    ObjectOptions
    ObjectPattern
    Operation
    OtherAttributeGrant
    OtherDatabase
    OwnableKind
    OwnershipFact
    OwnershipGrant
    Pattern
    PatternScope
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
    RoleFact
    RoleProperty
    RolesSummary
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
    Unmanaged
    Unsaid
    UserMapping
    UserMappingFact
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
