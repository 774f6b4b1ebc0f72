import type { Effect } from '@pgsr/node-postgres'
import pg from 'pg'

/** A name as `format('%I')` writes it. */
const ident = (name: string): string => {
  const quoted = pg.escapeIdentifier(name)
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoted
}

const bool = (value: boolean): string => (value ? 't' : 'f')

/** An effect in the words of {@link Holdings}. */
export const describeEffect = ({ role, change, fact }: Effect, version: number): string => {
  const who = role === 'public' ? 'PUBLIC' : role
  const line = (thing: string): string => `${change} ${who}: ${thing}`
  switch (fact.kind) {
    case 'privilege': {
      const { kind, name } = fact.object
      const [one = ''] = name
      const thing = name.length === 1 ? one : name.map(ident).join('.')
      const grantable = fact.grantable ? ' with grant option' : ''
      return line(`${fact.privilege.toLowerCase()} on ${kind} ${thing}${grantable} by ${fact.grantor}`)
    }
    case 'ownership': {
      const { kind, name } = fact.object
      return line(`owns ${kind} ${name.length === 1 ? (name[0] ?? '') : name.map(ident).join('.')}`)
    }
    case 'membership': {
      const options = version >= 160000 ? `, inherit ${bool(fact.inherit)}, set ${bool(fact.set)}` : ''
      return line(`member of ${fact.role} by ${fact.grantor}, admin ${bool(fact.admin)}${options}`)
    }
    case 'attribute':
    case 'role':
      return line(`is ${JSON.stringify(fact)}`)
  }
}
