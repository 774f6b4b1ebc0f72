import pg from 'pg'
import type { TestConnection } from '../harness/servers/servers.ts'
import { connectionTo } from '../harness/servers/servers.ts'
import { type Note, noteIn } from './spy.ts'

/** What came of a statement. */
export interface Ran {
  /** Without doubles. */
  readonly notes: readonly Note[]
  readonly error?: string
  /** What it gave back, as text. */
  readonly rows: string
}

/** A role’s connection. */
export interface Session {
  /** Runs a text, and takes an error for an answer. */
  readonly run: (text: string) => Promise<Ran>
  readonly end: () => Promise<void>
}

const rowsOf = (result: pg.QueryResult | readonly pg.QueryResult[]): string =>
  JSON.stringify([result].flat().map(({ rows }) => rows))

export const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

/** Notes without doubles. */
export class Notes {
  readonly #notes = new Map<string, Note>()

  readonly take = (message: string): void => {
    const note = noteIn(message)
    if (note !== undefined) this.#notes.set(message, note)
  }

  get all(): readonly Note[] {
    return [...this.#notes.values()]
  }
}

/** Nothing takes long, and nobody waits for anybody. */
const settings = `set statement_timeout = '20s'; set lock_timeout = '5s'`

export const openSession = async (server: TestConnection, database: string): Promise<Session> => {
  const client = new pg.Client(connectionTo(server, database)).on('error', () => undefined)
  await client.connect()
  let notes = new Notes()
  client.on('notice', ({ message }) => notes.take(message ?? ''))
  await client.query(settings)
  return {
    run: async (text) => {
      notes = new Notes()
      try {
        const rows = rowsOf(await client.query(text))
        return { notes: notes.all, rows }
      } catch (error) {
        return { notes: notes.all, rows: '', error: messageOf(error) }
      }
    },
    end: () => client.end(),
  }
}
