import { type ObjectKind, objectKinds, type Target } from '@pgsr/planner'
import { objectText, partsIn } from '../grammar/object-text.ts'
import { isInSchema } from '../grammar/objects.ts'
import type { Plain } from './plain.ts'

/** The text that stands for an object in a schema; `undefined` if there is none. */
const textFor = (kind: ObjectKind, parts: readonly string[]): string | undefined => {
  const [name = '', ...more] = parts
  const { syntax } = objectKinds[kind]
  // Where a pattern could be, such a text is none that has an end. No pattern stands for operators.
  if (syntax !== 'operator' && name.startsWith('/')) return undefined
  const text =
    syntax === 'routine' || syntax === 'operator'
      ? `${name}(${more.join(', ')})`
      : syntax === 'for access method'
        ? `${name} using ${more.join(' ')}`
        : name
  const { pattern = '', problem } = objectText(kind, { all: false, patterns: false })
  const isRight = new RegExp(pattern, 'u').test(text) && problem?.(text) === undefined
  return isRight && JSON.stringify(partsIn(kind, text)) === JSON.stringify(parts) ? text : undefined
}

const spelledOut = (kind: ObjectKind, [name = '', ...more]: readonly string[]): Plain => {
  const { syntax } = objectKinds[kind]
  if (syntax === 'routine') return { name, arguments: more }
  return syntax === 'for access method' ? { name, using: more.join(' ') } : { name }
}

/** What a target is about, apart from its schema and its columns. */
export const objectPlain = (target: Target): Plain => {
  const { kind } = target
  if ('all' in target) return 'all'
  if ('pattern' in target) return `/${target.pattern.source}/${target.pattern.flags ?? ''}`
  if (!isInSchema(kind)) {
    const [name = ''] = target.name
    return objectKinds[kind].syntax === 'oid' ? Number(name) : name
  }
  const parts = kind === 'column' ? target.name.slice(1, 2) : target.name.slice(1)
  const own: ObjectKind = kind === 'column' ? 'table' : kind
  return textFor(own, parts) ?? spelledOut(own, parts)
}

/** The schema of a target in one. */
export const schemaOfTarget = (target: Target): string | undefined => {
  if (!isInSchema(target.kind)) return undefined
  return 'schema' in target ? target.schema : target.name[0]
}

/** The columns that a target is about. */
export const columnsOf = (target: Target): readonly string[] | undefined => {
  if (target.kind !== 'column') return undefined
  return 'name' in target ? target.name.slice(2) : 'columns' in target ? (target.columns ?? []) : []
}
