import { Grant } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformance } from '../../harness/conformance.ts'

const ident = (name: string): string => pg.escapeIdentifier(name)
const literal = (text: string): string => pg.escapeLiteral(text)

const hostile: readonly (readonly [string, string])[] = [
  ['a double quote', `"; drop schema victim cascade; --`],
  ['a single quote', `'; drop schema victim cascade; --`],
  ['a backslash', `\\'; drop schema victim cascade; --`],
  ['a comment', `/* -- */ `],
  ['newlines', `\n-- \r\n;`],
  ['percent and dollar', `%I %s $1 $$ $a$`],
  ['emoji', '🐘🔑'],
  ['PUBLIC in capitals', 'PUBLIC'],
  ['a keyword', 'current_user'],
  ['a dot and an equals sign', `a.b=c/d*{}`],
  ['an upper-case letter', 'Ab'],
  ['a letter that many locales know', 'é'],
  ['a no-break space', '\u00A0'],
]

conformance((sandbox) => {
  test.for(hostile)('%s in every name', async ([, text]) => {
    const box = sandbox()
    // Kept short: 63 bytes are all that a name may have.
    const name = (): string => `${text}${box.name('')}`
    const [role, group, schema, table, owned] = [name(), name(), name(), name(), name()]
    const column = text
    await box.run(
      `create schema if not exists victim; create schema ${ident(schema)}; create table ${ident(schema)}.${ident(table)} (${ident(column)} int);
       create role ${ident(role)}; grant select (${ident(column)}), update (${ident(column)}) on ${ident(schema)}.${ident(table)} to ${ident(role)}`,
    )
    const escaped = table.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    const desired = [
      {
        role,
        grants: [
          Grant.login({ password: text }),
          Grant.roleMembership(group),
          Grant.schemaUsage(schema),
          Grant.tableSelect(schema, table),
        ],
      },
      {
        role: group,
        grants: [
          Grant.schemaOwnership(owned),
          Grant.schemaUsage(schema, { direct: true }),
          Grant.tableSelect(schema, new RegExp(`^${escaped}$`), { direct: true }),
        ],
      },
    ]
    await box.sync(desired)
    const may = async (who: string, privilege: string): Promise<unknown> =>
      (
        await box.run(
          `select has_table_privilege(${literal(who)}, ${literal(`${ident(schema)}.${ident(table)}`)}, '${privilege}')`,
        )
      )[0]?.[0]
    expect([await may(role, 'SELECT'), await may(group, 'SELECT'), await may(role, 'UPDATE')]).toEqual([
      true,
      true,
      false,
    ])
    const columns = `has_any_column_privilege(${literal(role)}, ${literal(`${ident(schema)}.${ident(table)}`)}, 'UPDATE')`
    expect((await box.run(`select ${columns}`))[0]).toEqual([false])

    await box.sync({ role: group, grants: [Grant.tableOwnership(schema, table)] })
    await box.sync([
      { role, grants: [] },
      { role: group, grants: [] },
    ])
    await box.run(`drop role ${ident(role)}; drop role ${ident(group)}`)
    expect(await box.run(`select from pg_namespace where nspname = 'victim'`)).toEqual([[]])
  })

  test('a name of 63 bytes is kept whole', async () => {
    const box = sandbox()
    const tail = box.name('')
    const role =
      'é'
        .repeat(Math.floor((63 - tail.length) / 2))
        .padEnd(63 - tail.length - Math.floor((63 - tail.length) / 2), 'x') + tail
    expect(Buffer.byteLength(role)).toBe(63)
    await box.sync({ role, grants: [] })
    expect(await box.run(`select rolname::text from pg_roles where rolname = ${literal(role)}`)).toEqual([
      [role],
    ])
  })
})
