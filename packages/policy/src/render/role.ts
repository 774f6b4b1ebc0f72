import type { DesiredRole, Grant, LoginGrant, MembershipGrant, Settings, SettingValue } from '@pgsr/planner'
import { type GroupedGrant, groupedGrants } from '@pgsr/planner/internal'
import { grantsPlain, ownsPlain } from './grants.ts'
import { distinct, oneOrList, type Plain } from './plain.ts'

type Level = GroupedGrant & { readonly kind: 'level' }

const loginPlain = ({ validUntil }: LoginGrant): Plain =>
  validUntil === 'infinity'
    ? true
    : { validUntil: validUntil.replace(/\.0+Z$/, 'Z').replace(/T00:00(?::00)?Z$/, '') }

const settingPlain = (value: SettingValue): Plain => {
  if (typeof value !== 'string') return value
  if (value === 'on' || value === 'off') return value === 'on'
  return value !== '' && String(Number(value)) === value && Number.isFinite(Number(value))
    ? Number(value)
    : value
}

const settingsPlain = (settings: Settings): Plain =>
  Object.fromEntries(Object.entries(settings).map(([setting, value]) => [setting, settingPlain(value)]))

const membershipPlain = ({ role, admin, inherit, set }: Omit<MembershipGrant, 'kind'>): Plain => {
  const options = {
    ...(admin !== undefined && { admin }),
    ...(inherit !== undefined && { inherit }),
    ...(set !== undefined && { set }),
  }
  return Object.keys(options).length === 0 ? role : { role, ...options }
}

const accessPlain = (levels: readonly Level[]): Plain => {
  const bySchema = new Map<string, Plain[]>()
  for (const { level, schema, options } of levels) {
    const { future, direct } = options
    const entry: Plain =
      future === undefined && direct === undefined
        ? level
        : {
            profile: level,
            ...(future !== undefined && { future: typeof future === 'string' ? future : oneOrList(future) }),
            ...(direct !== undefined && { direct }),
          }
    const known = bySchema.get(schema)
    if (known === undefined) bySchema.set(schema, [entry])
    else known.push(entry)
  }
  return Object.fromEntries([...bySchema].map(([schema, entries]) => [schema, oneOrList(entries)]))
}

/** Keys in the order of the grammar, without those that have nothing to say. */
const present = (keys: Readonly<Record<string, Plain | undefined>>): Plain =>
  Object.fromEntries(
    Object.entries(keys).filter(
      (entry): entry is [string, Plain] =>
        entry[1] !== undefined && !(Array.isArray(entry[1]) && entry[1].length === 0),
    ),
  )

const isMembership = (grant: Grant): grant is MembershipGrant => grant.kind === 'membership'

/** A role as a policy has it, without its name. */
export const rolePlain = (desired: DesiredRole): Plain => {
  const { grants, external, comment, inherit, connectionLimit, settings, settingsIn, members } = desired
  const { preserveExistingGrantsInSchemas: preserved } = desired
  const groups = groupedGrants(grants)
  const levels = groups.filter((one): one is Level => one.kind === 'level')
  const single = groups.flatMap((one) => (one.kind === 'grant' ? [one.grant] : []))
  const owned = levels.flatMap(({ level, schema }) => (level === 'owner' ? [schema] : []))
  const access = levels.filter(({ level }) => level !== 'owner')
  const attributes = single.flatMap((grant) => (grant.kind === 'attribute' ? [grant] : []))
  const login = attributes.find((grant): grant is LoginGrant => grant.attribute === 'LOGIN')
  return {
    ...(present({
      external,
      comment,
      login: login && loginPlain(login),
      attributes: distinct(attributes.flatMap(({ attribute }) => (attribute === 'LOGIN' ? [] : [attribute]))),
      inherit,
      connectionLimit,
      settings: settings && settingsPlain(settings),
      memberOf: distinct(single.filter(isMembership).map(membershipPlain)),
    }) as object),
    // A role whose list of members is empty has none.
    ...(members !== undefined && {
      members: members.map((one) => (typeof one === 'string' ? one : membershipPlain(one))),
    }),
    ...(present({
      owns: ownsPlain(
        owned,
        single.flatMap((grant) => (grant.kind === 'ownership' ? [grant] : [])),
      ),
      access: access.length === 0 ? undefined : accessPlain(access),
      grants: grantsPlain(single),
      in:
        settingsIn &&
        Object.fromEntries(
          Object.entries(settingsIn).map(([database, all]) => [database, { settings: settingsPlain(all) }]),
        ),
      preserveIn: preserved && distinct(preserved),
    }) as object),
  }
}
