import type { Effect, Fact } from '@pgsr/node-postgres'

type DefaultPrivilege = Extract<Fact, { kind: 'default privilege' }>

/** What PUBLIC has of a new object unless default privileges say otherwise. */
const toPublic: Readonly<Record<string, string>> = { functions: 'EXECUTE', types: 'USAGE' }

/** Whether PostgreSQL gives it anyway: then what is told is that it is missing. */
const isGivenAnyway = ({ owner, schema, on, grantee, grantable, privilege }: DefaultPrivilege): boolean =>
  schema === null && !grantable && (grantee === owner || (grantee === 'public' && toPublic[on] === privilege))

const withArguments: ReadonlySet<string> = new Set(['function', 'procedure', 'operator'])

const nameText = (kind: string, name: readonly string[]): string => {
  if (!withArguments.has(kind)) return name.join('.')
  const [schema = '', routine = '', ...types] = name
  return `${schema}.${routine}(${types.map((type) => type.replaceAll('"', '')).join(', ')})`
}

const bool = (value: boolean): string => (value ? 't' : 'f')

const withGrantOption = (grantable: boolean): string => (grantable ? ' with grant option' : '')

/** A fact in the words of {@link Holdings}, without its role. */
export const describeFact = (fact: Fact, version: number): string => {
  switch (fact.kind) {
    case 'privilege': {
      const { object, privilege, grantable, grantor } = fact
      const on = `${object.kind} ${nameText(object.kind, object.name)}`
      return `${privilege.toLowerCase()} on ${on}${withGrantOption(grantable)} by ${grantor}`
    }
    case 'ownership':
      return `owns ${fact.object.kind} ${nameText(fact.object.kind, fact.object.name)}`
    case 'default privilege': {
      const { owner, schema, on, privilege, grantable } = fact
      const where = schema === null ? '' : ` in schema ${schema}`
      const lacks = isGivenAnyway(fact) ? 'lacks ' : ''
      return `${lacks}${privilege.toLowerCase()} on future ${on} of ${owner}${where}${withGrantOption(grantable)}`
    }
    case 'property':
      return `${[fact.property, fact.setting, fact.database].join(' ')} = ${fact.value}`
    case 'membership': {
      const options = version >= 160000 ? `, inherit ${bool(fact.inherit)}, set ${bool(fact.set)}` : ''
      return `member of ${fact.role} by ${fact.grantor}, admin ${bool(fact.admin)}${options}`
    }
    case 'attribute':
      return `is ${fact.attribute.toLowerCase()}`
    case 'policy':
      return `policy ${fact.policy} on ${fact.table.name.join('.')}`
    case 'user mapping':
      return `user mapping for ${fact.server}`
    case 'role':
      return 'is there'
  }
}

/** An effect in the words of {@link Holdings}. */
export const describeEffect = ({ role, change, fact }: Effect, version: number): string => {
  const isOfLack = fact.kind === 'default privilege' && isGivenAnyway(fact)
  const told = isOfLack ? (change === 'gains' ? 'loses' : 'gains') : change
  return `${told} ${role === 'public' ? 'PUBLIC' : role}: ${describeFact(fact, version)}`
}
