import type { AttributeGrant } from '../model/grant.ts'
import { Secret } from '../model/secret.ts'
import { isGrantableAttribute } from '../postgres/attribute.ts'
import { hasLoneSurrogate } from '../postgres/identifier.ts'
import { timestamp } from '../postgres/timestamp.ts'
import { quotedText } from './describe-given.ts'
import type { Refuse } from './refuse.ts'

const checkPassword = (password: unknown, refuse: Refuse): 'keep' | 'set' => {
  if (password === 'keep' || password === 'set') return password
  if (!(password instanceof Secret)) return refuse('password', 'build the grant with Grant.login')
  const value = Secret.reveal(password)
  if (typeof value !== 'string')
    return refuse(
      'password',
      `the password is ${value === null ? 'null' : typeof value}; leave the key out to keep the existing one`,
    )
  if (value === '') return refuse('password', 'the password is empty')
  if (value.includes('\0') || hasLoneSurrogate(value))
    return refuse('password', 'the password contains NUL or a lone surrogate')
  return 'set'
}

/** A grant of an attribute in canonical form, without its secret. */
export const checkAttribute = (grant: AttributeGrant, refuse: Refuse): AttributeGrant => {
  if (!isGrantableAttribute(grant.attribute))
    return refuse('attribute', `${quotedText(grant.attribute)}is not an attribute that can be granted`)
  if (grant.attribute !== 'LOGIN') return { kind: 'attribute', attribute: grant.attribute }
  const password = checkPassword(grant.password, refuse)
  const validUntil = typeof grant.validUntil === 'string' ? timestamp(grant.validUntil) : undefined
  if (validUntil === undefined)
    return refuse(
      'validUntil',
      `validUntil ${quotedText(grant.validUntil)}is not a date with a time zone, such as 2027-06-30T00:00:00Z; leave the key out for ever`,
    )
  const { hashedBy, initial } = grant
  if (hashedBy !== undefined && hashedBy !== 'server')
    return refuse('hashedBy', "hashedBy can only be 'server'; leave the key out to send a verifier")
  if (initial !== undefined && (initial as unknown) !== true)
    return refuse(
      'initial',
      'initial can only be true; leave the key out to set the password whenever it is another',
    )
  return {
    kind: 'attribute',
    attribute: 'LOGIN',
    validUntil,
    password,
    ...(password === 'set' && { ...(initial && { initial }), ...(hashedBy && { hashedBy }) }),
  }
}
