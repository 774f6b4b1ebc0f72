import { type RawBuilder, sql } from 'kysely'
import type { Cte, Ctes } from './cte.ts'
import { type FullList, listsAsJson } from './full-lists.ts'
import { type HandedList, handOn, listHandedOn, sessionHandedOn } from './handed-on.ts'
import type { Needs } from './needs.ts'
import { type ColumnsOf, columnsOf, type ListName } from './rows.ts'

/** One of the statements that read the catalogs, for servers of one version. */
export interface Statement {
  /** How it answers: the rows of at most one list, or one value, which is several lists as JSON. */
  readonly kind: 'rows' | 'json'
  readonly answers: readonly ListName[]
  /** Its text. `answer` is given each value of the answer. */
  readonly text: (
    version: number,
    needs: Needs,
    answer: (value: RawBuilder<unknown>) => RawBuilder<unknown>,
  ) => RawBuilder<unknown>
}

/** The columns of a list, and where they are from. */
export interface Listing<Name extends ListName> {
  readonly columns: ColumnsOf<Name>
  /** What the statement hands on besides. */
  readonly handsOn?: readonly RawBuilder<unknown>[]
  readonly from: RawBuilder<unknown>
}

/** A statement whose rows are those of a list. */
export const listing = <Name extends ListName>(
  list: Name,
  query: (version: number, needs: Needs) => Listing<Name>,
): Statement => ({
  kind: 'rows',
  answers: [list],
  text: (version, needs, answer) => {
    const { columns, handsOn = [], from } = query(version, needs)
    const values = columnsOf(list).map((column) => answer(columns[column]))
    return sql`select ${sql.join([...values, ...handsOn])} ${from}`
  },
})

/** A statement that only hands on what it finds. */
export const handingOn = (text: (version: number, needs: Needs) => RawBuilder<unknown>): Statement => ({
  kind: 'rows',
  answers: [],
  text,
})

type Compute = { readonly [Name in keyof Ctes]?: Cte<Name> }

interface Steps {
  /** The lists of earlier statements that it uses. */
  readonly uses: readonly HandedList[]
  /** Its common table expressions, in order. */
  readonly computes: Compute
  /** Those of them that later statements use. */
  readonly handsOn: readonly (HandedList & keyof Ctes)[]
  readonly answers: readonly FullList[]
}

/** Makes PostgreSQL compute a common table expression once. Before 12 it always did. */
export const asMaterialized = (version: number): RawBuilder<unknown> =>
  version >= 120000 ? sql`materialized` : sql``

const commonTableExpression = (
  name: string,
  cte: Cte<keyof Ctes>,
  version: number,
  needs: Needs,
): RawBuilder<unknown> => sql`${sql.ref(name)} as ${asMaterialized(version)} (${cte(version, needs)})`

/** A statement that computes one result after another, as common table expressions. */
export const inSteps = ({ uses, computes, handsOn, answers }: Steps): Statement => ({
  kind: 'json',
  answers,
  text: (version, needs, answer) => {
    const expressions = [
      sessionHandedOn(),
      ...uses.map(listHandedOn),
      ...Object.entries(computes).map(([name, cte]) =>
        commonTableExpression(name, cte as Cte<keyof Ctes>, version, needs),
      ),
    ]
    const handed = handsOn.map((list) => handOn(list, sql`array(select x.oid from ${sql.table(list)} as x)`))
    return sql`with recursive ${sql.join(expressions)}
      select ${sql.join([answer(listsAsJson(answers, version, needs)), ...handed])}`
  },
})
