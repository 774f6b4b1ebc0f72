import type { CatalogContents } from './catalog-history.ts'

interface Token {
  readonly kind: 'literal' | 'word' | 'name' | 'symbol'
  /** Without quotes; words in lower case. */
  readonly text: string
  /** The part of a query that it stands in: what is inside of one pair of brackets, up to a UNION. */
  part: Part
}

interface Part {
  readonly outer: Part | undefined
  /** By alias: the catalogs that it stands for, none where it stands for something else. */
  readonly aliases: Map<string, Set<string>>
}

const tokenPattern =
  /(?<literal>E?'(?:[^'\\]|''|\\.)*')|"(?<name>(?:[^"]|"")+)"|(?<word>[a-z_$][\w$]*|\d+)|(?<symbol>::|[^\s])/gis

const partIn = (outer: Part | undefined): Part => ({ outer, aliases: new Map() })

const tokensOf = (text: string): readonly Token[] => {
  let part = partIn(undefined)
  return Array.from(text.matchAll(tokenPattern), ({ groups = {} }): Token => {
    const { literal, name, word, symbol } = groups
    if (symbol === ')' || symbol === ']') part = part.outer!
    const token: Token =
      literal !== undefined
        ? { kind: 'literal', text: literal, part }
        : name !== undefined
          ? { kind: 'name', text: name, part }
          : word !== undefined
            ? { kind: 'word', text: word.toLowerCase(), part }
            : { kind: 'symbol', text: symbol!, part }
    if (symbol === '(' || symbol === '[') part = partIn(part)
    if (token.kind === 'word' && (token.text === 'union' || token.text === ';')) part = partIn(part.outer)
    if (symbol === ';') part = partIn(undefined)
    return token
  })
}

const isWord = (token: Token | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text)

const isSymbol = (token: Token | undefined, symbol: string): boolean =>
  token?.kind === 'symbol' && token.text === symbol

const endsList = ['from', 'union', 'where', 'order', 'limit', 'offset', 'group', 'having']

/** The columns of every select list, each without its alias. */
const selected = (tokens: readonly Token[]): readonly (readonly Token[])[] =>
  tokens.flatMap((select, start) => {
    if (!isWord(select, 'select')) return []
    const items: Token[][] = [[]]
    for (let index = start + 1; index < tokens.length; index++) {
      const token = tokens[index]!
      const isHere = token.part === select.part
      if (isHere && (isWord(token, ...endsList) || isSymbol(token, ';'))) break
      if (token.part === select.part.outer || token.part === undefined) break
      if (isHere && isSymbol(token, ',')) items.push([])
      else if (!isWord(token, 'distinct', 'all') || !isHere) items.at(-1)!.push(token)
    }
    return items.map((item) => (isWord(item.at(-2), 'as') ? item.slice(0, -2) : item))
  })

/** What before 10 stays of type `unknown`, which nothing that reads the column has a function for. */
const untypedIn = (tokens: readonly Token[]): readonly string[] =>
  selected(tokens).flatMap((item) => {
    const [only, ...more] = item
    if (only === undefined || more.length > 0) return []
    return only.kind === 'literal' || isWord(only, 'null') ? [`the column ${only.text} has no type`] : []
  })

/** Words that may stand before a bracket and are not functions. */
const noFunctions = new Set(
  `all and any array as between by case coalesce distinct else end except exists filter from having in intersect
  is join lateral limit materialized not nullif offset on operator or over row select some then union using values
  when where with within greatest least ordinality`.split(/\s+/),
)

/** Each place where a name stands behind `pg_catalog`, as in SQL or as a literal. */
const qualified = (tokens: readonly Token[]): readonly (readonly [name: string, index: number])[] =>
  tokens.flatMap((token, index): [string, number][] => {
    if (token.kind === 'literal') {
      const name = /^'pg_catalog\.(\w+)'$/.exec(token.text)?.[1]
      return name === undefined ? [] : [[name, index]]
    }
    const isIt = token.text === 'pg_catalog' && isSymbol(tokens[index + 1], '.')
    return isIt && tokens[index + 2]?.kind !== 'symbol' ? [[tokens[index + 2]!.text, index + 2]] : []
  })

const unknownNames = (
  tokens: readonly Token[],
  { relations, functions }: CatalogContents,
): readonly string[] => {
  const places = new Set<number>()
  const unknown = qualified(tokens).flatMap(([name, index]) => {
    places.add(index)
    if (isSymbol(tokens[index + 1], '(')) return functions.has(name) ? [] : [`there is no function ${name}`]
    // A type, or an operator.
    if (isSymbol(tokens[index - 3], '::') || isWord(tokens[index - 4], 'operator')) return []
    return relations.has(name) ? [] : [`there is no relation ${name}`]
  })
  const unqualified = tokens.flatMap((token, index) => {
    if (token.kind !== 'word' || !isSymbol(tokens[index + 1], '(') || places.has(index)) return []
    const isDefined = isWord(tokens[index - 1], 'as') || isSymbol(tokens[index - 1], '.')
    return isDefined || noFunctions.has(token.text) || functions.has(token.text)
      ? []
      : [`there is no function ${token.text}`]
  })
  return [...unknown, ...unqualified]
}

const noteAliases = (tokens: readonly Token[], { relations }: CatalogContents): void =>
  tokens.forEach((token, index) => {
    const alias = tokens[index + 1]
    if (!isWord(token, 'as') || alias === undefined || alias.kind === 'symbol') return
    const [dot, schema] = [tokens[index - 2], tokens[index - 3]]
    const catalog = isSymbol(dot, '.') && schema?.text === 'pg_catalog' ? tokens[index - 1]!.text : undefined
    const known = token.part.aliases.get(alias.text) ?? new Set()
    if (catalog !== undefined && relations.has(catalog)) known.add(catalog)
    token.part.aliases.set(alias.text, known)
  })

const catalogsOf = (alias: string, from: Part): ReadonlySet<string> => {
  for (let part: Part | undefined = from; part !== undefined; part = part.outer) {
    const known = part.aliases.get(alias)
    if (known !== undefined) return known
  }
  return new Set()
}

const hidden = new Set(['xmin', 'xmax', 'ctid', 'tableoid'])

const unknownColumns = (tokens: readonly Token[], contents: CatalogContents): readonly string[] => {
  noteAliases(tokens, contents)
  return tokens.flatMap((token, index) => {
    const [dot, column] = [tokens[index + 1], tokens[index + 2]]
    if (token.kind === 'symbol' || token.kind === 'literal' || !isSymbol(dot, '.')) return []
    if (column === undefined || column.kind === 'symbol' || isSymbol(tokens[index - 1], '.')) return []
    const catalogs = [...catalogsOf(token.text, token.part)]
    const has = (name: string): boolean =>
      contents.relations.get(name)!.has(column.text) || hidden.has(column.text)
    return catalogs.length === 0 || catalogs.some(has)
      ? []
      : [`${catalogs.join(' or ')} has no column ${column.text}`]
  })
}

/** Words that SQL has only from some version on. */
const newWords: readonly (readonly [word: string, since: number])[] = [
  ['materialized', 120000],
  ['cycle', 140000],
  ['merge', 150000],
  ['json_table', 170000],
  ['json_value', 170000],
  ['any_value', 160000],
]

const newWordsIn = (tokens: readonly Token[], version: number): readonly string[] =>
  newWords.flatMap(([word, since]) =>
    version < since && tokens.some((token) => isWord(token, word)) ? [`${word} is newer`] : [],
  )

/** Why a text would fail on servers of a version, as far as reading it can tell. */
export const problemsOn = (text: string, version: number, contents: CatalogContents): readonly string[] => {
  const tokens = tokensOf(text)
  const problems = [
    ...untypedIn(tokens),
    ...unknownNames(tokens, contents),
    ...unknownColumns(tokens, contents),
    ...newWordsIn(tokens, version),
  ]
  return [...new Set(problems)]
}
