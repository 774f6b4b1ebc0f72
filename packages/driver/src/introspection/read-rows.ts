import { flatMap } from '@pgsr/planner/internal'
import type { Results } from '../connection/wire.ts'
import { type ListName, type Rows, rowsFromJson, rowsFromTexts } from './rows.ts'
import type { Statement } from './statement.ts'

/** Finds the rows of a list. A list that was not read has none. */
export type ReadRows = <Name extends ListName>(list: Name) => Rows<Name>

type JsonLists = readonly (readonly (readonly unknown[])[])[]

/** A list in the result of a statement. Its rows are values of JSON, or texts. */
type Answered =
  | { readonly list: ListName; readonly kind: 'rows'; readonly rows: Results[number] }
  | { readonly list: ListName; readonly kind: 'json'; readonly rows: JsonLists[number] }

const answeredIn = ({ kind, answers }: Statement, result: Results[number]): readonly Answered[] => {
  if (kind === 'rows') return answers.map((list) => ({ list, kind, rows: result }))
  const lists = JSON.parse(result[0]?.[0] ?? '') as JsonLists
  return answers.map((list, index) => ({ list, kind, rows: lists[index]! }))
}

/** Reads the results of the statements. Several statements may have rows of the same list. */
export const readRows = (statements: readonly Statement[], results: Results): ReadRows => {
  const answered = statements.flatMap((statement, index) => answeredIn(statement, results[index]!))
  return (list) => (map) =>
    flatMap(answered, (one) => {
      if (one.list !== list) return []
      return (one.kind === 'json' ? rowsFromJson(list, one.rows) : rowsFromTexts(list, one.rows))(map)
    })
}
