import type { Plain } from './plain.ts'
import { escaped } from './yaml.ts'

/** In a literal, this key without brackets would be the prototype. */
const prototypeKey = /^( *)"__proto__": /gm

/** A policy as a JavaScript module, which may be longer than a text of YAML. */
export const moduleOf = (policy: { readonly [key: string]: Plain }, comments: readonly string[]): string => {
  const data = JSON.stringify(policy, null, 2).replaceAll(prototypeKey, '$1["__proto__"]: ')
  // A name may end a line, and what follows would be code.
  const written = comments.map((comment) => `// ${escaped(comment)}\n`).join('')
  return `${written}export default ${data.split('\n').map(escaped).join('\n')}\n`
}
