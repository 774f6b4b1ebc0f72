import {
  Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { patternIn } from '../grammar/object-text.ts'
import { keysOfPatterns } from '../grammar/objects.ts'
import { isOtherwiseElsewhere } from '../text/elsewhere.ts'
import type { Plain } from './plain.ts'

/** The most characters, written as JSON, of what is on one line. */
const width = 110

/** Characters that end a line, or make the text after them appear in another order. */
const misleading = /[\p{Control}\p{Surrogate}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}]/gu

/** The same text, with such characters spelled out. */
export const escaped = (text: string): string =>
  text.replaceAll(misleading, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A comment on lines of its own. */
const commentOf = (lines: readonly string[]): string => lines.map((line) => ` ${escaped(line)}`).join('\n')

type Collection = YAMLMap | YAMLSeq

/** What is in a list or an object. */
const within = (node: Collection): readonly unknown[] =>
  node.items.map((item) => (isPair(item) ? item.value : item))

/** Whether there are objects in a list, or several in an object: they are easier to read on lines of their own. */
const hasObjects = (node: unknown): boolean => {
  if (!isCollection(node)) return false
  const all = within(node)
  return (all.some((one) => isMap(one)) && (isSeq(node) || all.length > 1)) || all.some(hasObjects)
}

/** Writes what is short on one line, in brackets. */
const setFlow = (node: unknown): void => {
  if (!isCollection(node)) return
  if (JSON.stringify(node).length <= width && !hasObjects(node)) node.flow = true
  else for (const one of within(node)) setFlow(one)
}

/** What is written before a key of a policy, or of its roles. */
export interface Comments {
  readonly beforeRoles: readonly string[]
  readonly ofRoles: ReadonlyMap<string, readonly string[]>
}

/** Whether a text in a place looks like a pattern there, and is a name. */
const isNameLikePattern = (text: string, step: unknown, path: readonly unknown[]): boolean => {
  if (patternIn(text) === undefined) return false
  if (step === 'key') return true
  const pair = path.findLast((one) => isPair(one))
  return !(isScalar(pair?.key) && keysOfPatterns.has(String(pair.key.value)))
}

/** A policy as YAML. */
export const yamlOf = (
  header: readonly string[],
  policy: { readonly [key: string]: Plain },
  { beforeRoles, ofRoles }: Comments,
): string => {
  const document = new Document(policy, { compat: 'yaml-1.1', aliasDuplicateObjects: false })
  const top = document.contents as unknown as YAMLMap<Node, Node>
  for (const { key, value } of top.items) {
    if (!isScalar(key) || key.value !== 'roles') {
      setFlow(value)
      continue
    }
    key.spaceBefore = true
    if (beforeRoles.length > 0) key.commentBefore = commentOf(beforeRoles)
    if (!isMap<Node, Node>(value)) continue
    for (const [index, pair] of value.items.entries()) {
      const { key: name, value: role } = pair
      if (!isScalar(name)) continue
      if (index > 0) name.spaceBefore = true
      const comment = ofRoles.get(String(name.value))
      if (comment !== undefined) name.commentBefore = commentOf(comment)
      if (isMap<Node, Node>(role)) for (const field of role.items) setFlow(field.value)
    }
  }
  visit(document, {
    Scalar: (step, node, path) => {
      const { value } = node
      if (typeof value !== 'string') return
      const isMisread = isOtherwiseElsewhere(value) || isNameLikePattern(value, step, path)
      if (isMisread || value.search(misleading) >= 0) node.type = 'QUOTE_DOUBLE'
    },
  })
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Infinity })
  return `${header.map((line) => `#${commentOf([line])}\n`).join('')}${text.split('\n').map(escaped).join('\n')}`
}
