import { type RawBuilder, sql } from 'kysely'
import type { Cte, Ctes } from './cte.ts'
import { type HandedList, handOn, listHandedOn, sessionHandedOn } from './handed-on.ts'
import type { Needs } from './needs.ts'
import { answerOf, type ListName } from './result-rows.ts'

/** One of the statements that read the catalogs, for servers of one version. */
export interface Statement {
  /** The lists that it answers, in its first column. */
  readonly answers: readonly ListName[]
  /** Its text. `answer` is given the answer. */
  readonly text: (
    version: number,
    needs: Needs,
    answer: (lists: RawBuilder<string>) => RawBuilder<string>,
  ) => RawBuilder<unknown>
}

type Compute = { readonly [Name in keyof Ctes]?: Cte<Name> }

interface Steps {
  /** The lists of earlier statements that it uses. */
  readonly uses: readonly HandedList[]
  /** Its common table expressions, in order. */
  readonly computes: Compute
  /** Those of them that later statements use. */
  readonly handsOn: readonly HandedList[]
  readonly answers: readonly ListName[]
}

/** Each one is computed once. Before 12 all were. */
const commonTableExpression = (
  name: string,
  cte: Cte<keyof Ctes>,
  version: number,
  needs: Needs,
): RawBuilder<unknown> =>
  sql`${sql.ref(name)} as ${version >= 120000 ? sql`materialized ` : sql``}(${cte(version, needs)})`

/** A statement that computes one result after another, as common table expressions. */
export const inSteps = ({ uses, computes, handsOn, answers }: Steps): Statement => ({
  answers,
  text: (version, needs, answer) => {
    const expressions = [
      sessionHandedOn(),
      ...uses.map(listHandedOn),
      ...Object.entries(computes).map(([name, cte]) =>
        commonTableExpression(name, cte as Cte<keyof Ctes>, version, needs),
      ),
    ]
    return sql`with recursive ${sql.join(expressions)}
      select ${sql.join([answer(answerOf(answers, version, needs)), ...handsOn.flatMap(handOn)])}`
  },
})
