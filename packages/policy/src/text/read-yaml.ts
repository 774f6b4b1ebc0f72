import {
  Composer,
  type CST,
  type Document,
  type ErrorCode,
  isAlias,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { mostProblems, Problems } from './problems.ts'
import { syntaxMessage } from './syntax.ts'
import { deepest, type Entry, kindText, mostValues, type Path, type TextValue, type Value } from './tree.ts'

/** The most words and marks in a text. With these limits, the worst text takes less than a second. */
const mostTokens = 70_000

/** What the parser holds open: about two for each level. */
const mostOpen = deepest * 4

const tooDeep = `lists and objects are nested deeper than ${deepest}`

/** Ends the work on a text that is hopeless. */
class Enough extends Error {}

type Fail = (offset: number, message: string) => void

/** The tokens of a text, as far as they are worth reading. */
function* tokensIn(text: string, lines: LineCounter, fail: Fail): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  // `parser.parse` would say where the first line begins; the parser itself says only where the next ones do.
  lines.addNewLine(0)
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > mostTokens) {
      fail(0, `there are more than ${mostTokens} words and marks; let a module make a policy of that size`)
      throw new Enough()
    }
    yield* parser.next(lexeme)
    if (parser.stack.length > mostOpen) {
      fail(parser.offset, tooDeep)
      throw new Enough()
    }
  }
  yield* parser.end()
}

/** The document of a text. What is wrong with the text as such is said. */
const documentIn = (text: string, lines: LineCounter, fail: Fail): Document | undefined => {
  let errors = 0
  const onError = (source: unknown, given: ErrorCode, message = ''): void => {
    if (++errors > mostProblems) throw new Enough()
    // The end of a list or an object in brackets was not found where it has to be.
    const code = given === 'BAD_INDENT' && message.startsWith('Flow ') ? 'MISSING_CHAR' : given
    const at = Array.isArray(source) ? (source[0] as unknown) : source
    fail(
      typeof at === 'number' ? at : ((at as { readonly offset?: number }).offset ?? 0),
      syntaxMessage(code),
    )
  }
  const composer = new Composer({
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
  })
  // The composer keeps an error with its stack for each mistake, and never gives up: a text of commas takes seconds.
  Object.assign(composer, { onError })
  const documents: Document[] = []
  let isBegun = false
  try {
    for (const token of tokensIn(text, lines, fail)) {
      if (token.type === 'error') onError(token, 'UNEXPECTED_TOKEN')
      else if (token.type === 'directive') onError(token, 'BAD_DIRECTIVE')
      else if (token.type === 'document' && isBegun) {
        onError(token, 'MULTIPLE_DOCS')
        break
      } else documents.push(...composer.next(token))
      isBegun ||= token.type === 'document'
    }
    documents.push(...composer.end(true, text.length))
  } catch (error) {
    if (error instanceof RangeError) fail(0, tooDeep)
    else if (!(error instanceof Enough)) throw error
  }
  return documents[0]
}

/** What was read, and where to say what is wrong with it. */
export interface ReadText {
  readonly value: Value | undefined
  readonly problems: Problems
}

/** Makes values field by field: a text may have many, and a spread takes several times as long. */
class Reader {
  readonly #text: string
  readonly #problems: Problems
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #count = 0

  constructor(text: string, problems: Problems) {
    this.#text = text
    this.#problems = problems
  }

  /** @param alias where the alias is in whose place the node is read */
  read(
    node: Node | null,
    path: Path | undefined,
    before: number,
    alias?: number,
    depth = 0,
  ): Value | undefined {
    const offset = alias ?? node?.range?.[0] ?? before
    if (++this.#count > mostValues)
      return this.#count === mostValues + 1
        ? this.#refuse(path, offset, `aliases make more than ${mostValues} values of the text`)
        : undefined
    if (depth > deepest) return this.#refuse(path, offset, tooDeep)
    if (node === null) return { path, offset, kind: 'null' }
    if (isAlias(node)) {
      const anchored = this.#anchors.get(node.source)
      if (anchored === undefined) return this.#refuse(path, offset, syntaxMessage('BAD_ALIAS'))
      if (this.#open.has(anchored))
        return this.#refuse(path, offset, 'an alias stands for something that contains it')
      return this.read(anchored, path, before, offset, depth)
    }
    if (node.tag !== undefined) return this.#refuse(path, offset, syntaxMessage('TAG_RESOLVE_FAILED'))
    if (alias === undefined && node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return this.#scalar(node, path, offset)
    this.#open.add(node)
    const value = isSeq<Node | null>(node)
      ? this.#list(node, path, offset, alias, depth)
      : this.#object(node as YAMLMap<Node, Node | null>, path, offset, alias, depth)
    this.#open.delete(node)
    return value
  }

  #refuse(path: Path | undefined, offset: number, message: string): undefined {
    return this.#problems.add({ path, offset }, message)
  }

  #scalar({ value, type, source, range }: Scalar, path: Path | undefined, offset: number): Value {
    if (value === null) return { path, offset, kind: 'null' }
    if (typeof value === 'string') {
      const plain = type === 'PLAIN'
      const goesOn =
        plain && range !== undefined && range !== null && this.#text.slice(range[0], range[1]).includes('\n')
      return goesOn
        ? { path, offset, kind: 'text', text: value, plain, goesOn }
        : { path, offset, kind: 'text', text: value, plain }
    }
    if (typeof value === 'boolean') return { path, offset, kind: 'flag', flag: value }
    const number = Number(value)
    return source === String(number)
      ? { path, offset, kind: 'number', number }
      : { path, offset, kind: 'number', number, source: source ?? '' }
  }

  #list(
    { items }: YAMLSeq<Node | null>,
    path: Path | undefined,
    offset: number,
    alias: number | undefined,
    depth: number,
  ): Value {
    const values: Value[] = []
    for (const [step, item] of items.entries()) {
      const value = this.read(item, { within: path, step }, offset, alias, depth + 1)
      if (value !== undefined) values.push(value)
    }
    return { path, offset, kind: 'list', items: values }
  }

  #object(
    { items }: YAMLMap<Node, Node | null>,
    path: Path | undefined,
    offset: number,
    alias: number | undefined,
    depth: number,
  ): Value {
    const entries = new Map<string, Entry>()
    for (const { key: keyNode, value: node } of items) {
      const key = this.#key(keyNode, path, offset, alias)
      if (key === undefined) continue
      const value = this.read(node, key.path, key.offset ?? 0, alias, depth + 1)
      const first = entries.get(key.text)
      if (first !== undefined) {
        const line = this.#problems.positionOf(first.key)?.line
        this.#problems.add(key, `this key is there twice; the first time in line ${line}`)
      } else if (value !== undefined) entries.set(key.text, { key, value })
    }
    return { path, offset, kind: 'object', entries }
  }

  #key(
    node: Node | null,
    path: Path | undefined,
    offset: number,
    alias: number | undefined,
  ): TextValue | undefined {
    const key = this.read(node, path, offset, alias)
    if (key === undefined) return undefined
    if (key.kind === 'text' && key.plain && key.text === '<<')
      return this.#problems.add(
        key,
        'merge keys are not supported; let a profile extend another one, or quote the key',
      )
    if (key.kind === 'text') return { ...key, path: { within: path, step: key.text } }
    return this.#problems.add(
      key,
      key.kind === 'list' || key.kind === 'object'
        ? 'a key must be a text'
        : `a key must be a text, and this is ${kindText(key)}; quote it`,
    )
  }
}

/**
 * Reads a text as YAML 1.2 with its core schema.
 * @throws PolicyError if it is not YAML
 */
export const readYaml = (text: string, file: string | undefined): ReadText => {
  const lines = new LineCounter()
  const problems = new Problems(file, (offset) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  })
  const fail: Fail = (offset, message) => problems.add({ path: undefined, offset }, message)
  const document = documentIn(text, lines, fail)
  problems.throwIfAny()
  return { value: new Reader(text, problems).read(document?.contents ?? null, undefined, 0), problems }
}
