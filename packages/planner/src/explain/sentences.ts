import { describeGrantee, describeName, describeObject } from '../model/describe.ts'
import type {
  AccessPath,
  AccessStatement,
  AccessStep,
  Condition,
  Escalation,
  MembershipLink,
  PathSource,
} from '../model/explanation.ts'

const role = (name: string): string => describeGrantee(name)

/** Where a path comes from, as words that follow the role that it is about. */
export const describeSource = (source: PathSource): string => {
  switch (source.kind) {
    case 'superuser':
      return `${role(source.role)} is a superuser`
    case 'ownership':
      return `${role(source.grantee)} owns ${describeObject(source.object)}${source.byDefault ? '' : `, and has ${source.privilege} on it`}`
    case 'privilege':
      return `${role(source.grantee)} has ${source.privilege} on ${describeObject(source.object)}${source.grantable ? ' with grant option' : ''}, granted by ${describeName(source.grantor)}`
    case 'PUBLIC':
      return source.byDefault
        ? `PUBLIC, and so every role, has ${source.privilege} on ${describeObject(source.object)} by PostgreSQL’s default: nothing was ever granted or revoked there`
        : `PUBLIC, and so every role, has ${source.privilege} on ${describeObject(source.object)}, granted by ${describeName(source.grantor)}`
    case 'predefined role':
      return `members of ${role(source.role)} have ${source.privilege} everywhere in the database`
    case 'setting':
      return 'the setting lo_compat_privileges lets every role use every large object'
  }
}

/** A membership as a sentence. */
export const describeLink = ({ role: of, member, grantor, by }: MembershipLink): string => {
  if (grantor === null) return `${role(member)} owns the database, and so is a member of ${role(of)}`
  const how = by === 'set role' ? 'can SET ROLE to' : 'is a member of'
  return `${role(member)} ${how} ${role(of)}, granted by ${describeName(grantor)}`
}

/** A path as one sentence, from the role that was asked about to where the privilege comes from. */
export const describePath = ({ memberships, source }: Pick<AccessPath, 'memberships' | 'source'>): string =>
  [...memberships.map(describeLink), describeSource(source)].join('; ')

export const describeCondition = (condition: Condition): string => {
  switch (condition.kind) {
    case 'row security': {
      if (condition.policies.length === 0)
        return 'row security applies, and no policy lets it see or change any row'
      const policies = condition.policies.map(({ policy }) => describeName(policy)).join(', ')
      return `row security decides which rows: by ${condition.policies.length === 1 ? 'policy' : 'policies'} ${policies}`
    }
    case 'security invoker':
      return 'the view reads its tables with the rights of the role itself, which needs privileges on them too'
    case 'foreign table':
      return 'the server behind the foreign table decides, by the user mapping of the role'
  }
}

/** A statement, and who has to run it. */
export const describeStatement = ({ sql, as }: AccessStatement): string =>
  as === null ? sql : `${sql}  -- as role ${describeName(as)}`

/** A step in short: `SELECT on table "s"."t": granted, in 2 ways`. */
export const describeStep = ({ privilege, object, verdict, paths, morePaths, why }: AccessStep): string => {
  const what = `${privilege} on ${describeObject(object)}: ${verdict}`
  if (verdict === 'unknown') return `${what}, since ${why!}`
  if (verdict === 'not granted') return what
  const ways =
    paths.length === 1 && morePaths !== true
      ? 'one way'
      : `${paths.length}${morePaths ? ' or more' : ''} ways`
  return `${what}, in ${ways}`
}

export const describeEscalation = (escalation: Escalation): string => {
  const by = role(escalation.by)
  switch (escalation.kind) {
    case 'ADMIN option':
      return `${by} can make itself a member of ${role(escalation.role)}, by its ADMIN option`
    case 'CREATEROLE':
      return escalation.reach === 'every role'
        ? `${by} can make itself a member of every role that is no superuser, by CREATEROLE`
        : `${by} can create roles, and administers those that it creates, by CREATEROLE`
    case 'REPLICATION':
      return `${by} can copy the whole cluster, by REPLICATION`
    case 'SET ROLE':
      return `${by} can SET ROLE to superuser ${describeName(escalation.role)}`
    case 'grant option':
      return `${by} can pass on ${escalation.privilege} on ${describeObject(escalation.object)}, by its grant option`
    case 'ownership':
      return `${by} can give itself every privilege on ${describeObject(escalation.object)}, as its owner`
    case 'security definer':
      return `${by} can call ${describeObject(escalation.object)}, which runs with the rights of ${role(escalation.owner)}`
    case 'view':
      return `${by} can use view ${describeObject(escalation.object).replace(/^table /, '')}, which reads with the rights of ${role(escalation.owner)}`
    case 'server files':
      return `${by} can call ${describeObject(escalation.object)}, which reads or writes files of the server`
    case 'parameter':
      return escalation.privilege === 'SET'
        ? `${by} can set ${describeObject(escalation.object)}, also where only superusers may otherwise`
        : `${by} can set ${describeObject(escalation.object)} for the whole server, by ALTER SYSTEM`
    case 'TRIGGER':
      return `${by} can attach a trigger to ${describeObject(escalation.object)}, which runs with the rights of whoever changes it`
    case 'REFERENCES':
      return `${by} can make a foreign key to ${describeObject(escalation.object)}, and so find out which keys there are`
    case 'predefined role':
      return `${by} is a member of ${role(escalation.role)}, which can reach files or programs of the server, or the data of others`
  }
}
