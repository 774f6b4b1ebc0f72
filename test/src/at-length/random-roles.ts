import type { DesiredRole, Member, SettingValue } from '@pgsr/node-postgres'
import type { Pick } from '../planner/apply-operations.ts'
import { type Names, statement, type StatementMaker } from './random-world.ts'

/** A value of a setting: how it is asked for, how SQL has it, and what the catalogs have then. */
interface Value {
  readonly asked: SettingValue
  readonly inSql: string
  readonly stored: string
}

/** Settings with some values. */
export const settings: Readonly<Record<string, readonly Value[]>> = {
  work_mem: [
    { asked: '5MB', inSql: `'5MB'`, stored: '5MB' },
    { asked: 6000, inSql: '6000', stored: '6000' },
  ],
  search_path: [
    { asked: ['a b', '$user'], inSql: `"a b", "$user"`, stored: '"a b", "$user"' },
    { asked: 'Public, "X"', inSql: `public, "X"`, stored: 'public, "X"' },
    { asked: [], inSql: `''`, stored: '""' },
  ],
  datestyle: [
    { asked: 'ISO, DMY', inSql: `'ISO, DMY'`, stored: 'ISO, DMY' },
    { asked: 'german', inSql: `'german'`, stored: 'german' },
  ],
  statement_timeout: [{ asked: 30_000, inSql: '30000', stored: '30000' }],
  default_transaction_read_only: [{ asked: true, inSql: `'on'`, stored: 'on' }],
  log_min_messages: [{ asked: 'fatal', inSql: `'fatal'`, stored: 'fatal' }],
  'app.tenant': [{ asked: "it's \\ = 1", inSql: `E'it''s \\\\ = 1'`, stored: "it's \\ = 1" }],
}

/** Those that only a superuser may set. */
export const restricted: ReadonlySet<string> = new Set(['log_min_messages', 'app.tenant'])

/** How SQL names a setting, in other letters than pgsr. */
const nameInSql = (setting: string): string => setting.replace('datestyle', 'DateStyle').replace('app', 'App')

/** What somebody may have done to roles before. */
const statementOfRole: StatementMaker = (pick, { roles, database }, version) => {
  const role = (): string => pick(roles)!
  switch (pick(['setting', 'setting', 'limit', 'comment', 'inherit', 'member', 'member', 'member'])!) {
    case 'setting': {
      const setting = pick(Object.keys(settings))!
      const { inSql } = pick(settings[setting]!)!
      return `alter role ${role()} ${pick(['', `in database ${database}`])!} set ${nameInSql(setting)} = ${inSql}`
    }
    case 'limit':
      return `alter role ${role()} connection limit ${pick([0, 3, -1])!}`
    case 'comment':
      return `comment on role ${role()} is ${pick(["'theirs'", 'null'])!}`
    case 'inherit':
      return `alter role ${role()} ${pick(['noinherit', 'inherit'])!}`
    default: {
      const [group, first, second] = [role(), role(), role()]
      const options =
        version >= 160_000 ? pick(['', ' with inherit false', ' with set false', ' with admin option'])! : ''
      return `grant ${group} to ${first} with admin option; set local role ${first};
        grant ${group} to ${second}${options}`
    }
  }
}

/** What somebody may have done before to anything. */
export const anyStatement: StatementMaker = (pick, ...rest) =>
  pick([statement, statementOfRole])!(pick, ...rest)

const someSettings = (pick: Pick): Readonly<Record<string, SettingValue>> => {
  const names = Object.keys(settings)
  const chosen = Array.from({ length: pick([0, 1, 2, 3])! }, () => pick(names)!)
  return Object.fromEntries(chosen.map((name) => [name, pick(settings[name]!)!.asked]))
}

/** A list of members. A role that asks for the membership itself is listed as it asks for it, or no more asks for it. */
const withMembers = (
  desired: readonly DesiredRole[],
  role: string,
  pick: Pick,
  { roles }: Names,
  version: number,
): readonly DesiredRole[] => {
  const listed = new Map<string, Member>()
  const others = desired.map((one): DesiredRole => {
    const asks = one.grants.find((grant) => grant.kind === 'membership' && grant.role === role)
    if (asks?.kind !== 'membership') return one
    if (pick([true, false])!) return { ...one, grants: one.grants.filter((grant) => grant !== asks) }
    const { kind: _, role: __, ...options } = asks
    listed.set(one.role, { role: one.role, ...options })
    return one
  })
  const below = roles.filter(
    (one) => one < role && !desired.some((other) => other.role === one && listed.has(one)),
  )
  for (let count = pick([0, 1, 2, 3])!; count > 0; count--) {
    const member = pick([...below, `${role}_nobody`])!
    const option =
      version >= 160_000 ? pick([{}, { set: false }, { inherit: true }, { inherit: false }])! : {}
    if (!listed.has(member) && others.every((one) => !asksFor(one, member, role)))
      listed.set(member, { role: member, ...pick([{}, { admin: true }])!, ...option })
  }
  return others.map((one) => (one.role === role ? { ...one, members: [...listed.values()] } : one))
}

const asksFor = (one: DesiredRole, member: string, role: string): boolean =>
  one.role === member && one.grants.some((grant) => grant.kind === 'membership' && grant.role === role)

/** Adds to desired roles what numbers make: members, a limit, a comment, INHERIT and settings, or none of these. */
export const withMore = (
  desired: readonly DesiredRole[],
  numbers: readonly (readonly number[])[],
  pickFor: (numbers: readonly number[]) => Pick,
  names: Names,
  version: number,
): readonly DesiredRole[] => {
  let all = desired
  desired.forEach(({ role }, index) => {
    const pick = pickFor(numbers[index] ?? [])
    const more = {
      ...pick([{}, { connectionLimit: 2 }, { connectionLimit: -1 }])!,
      ...pick([{}, { comment: 'ours' }, { comment: null }])!,
      ...pick([{}, { inherit: true }, { inherit: false }])!,
      ...(pick([false, true])! && { settings: someSettings(pick) }),
      ...(pick([false, true])! && {
        settingsIn: { [pick([names.database, names.database, 'nowhere'])!]: someSettings(pick) },
      }),
    }
    all = all.map((one) => (one.role === role ? { ...one, ...more } : one))
    if (pick([false, true])!) all = withMembers(all, role, pick, names, version)
  })
  return all
}
