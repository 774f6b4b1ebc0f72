import type { Grant } from '../model/grant.ts'
import { grantCode } from './grant-code.ts'
import { groupedGrants } from './grouped-grants.ts'
import { call, objectLiteral, textLiteral } from './literals.ts'

/** Grants as the elements of a list, each as code: access levels where there are any, and calls of `Grant`. */
export const elementsOf = (grants: readonly Grant[]): readonly string[] =>
  groupedGrants(grants).map((one) => {
    if (one.kind === 'grant') return grantCode(one.grant)
    const { level, schema, options } = one
    return `...${call(`access.${level}`, textLiteral(schema), objectLiteral({ ...options }))}`
  })
