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
  test('every name, as every kind of name, all in one sync', async () => {
    const box = sandbox()
    await box.run('create schema victim')
    // Kept short: 63 bytes are all that a name may have.
    const scenes = hostile.map(([what, text]) => {
      const name = (): string => `${text}${box.name('')}`
      const [role, group, schema, table] = [name(), name(), name(), name()]
      return { what, text, role, group, schema, table, owned: name() }
    })
    for (const { text, role, schema, table } of scenes)
      await box.run(
        `create schema ${ident(schema)}; create table ${ident(schema)}.${ident(table)} (${ident(text)} int);
         create role ${ident(role)}; grant select (${ident(text)}), update (${ident(text)}) on ${ident(schema)}.${ident(table)} to ${ident(role)}`,
      )
    await box.sync(
      scenes.flatMap(({ text, role, group, schema, table, owned }) => {
        const escaped = table.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
        return [
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
      }),
    )
    for (const { what, role, group, schema, table } of scenes) {
      const relation = literal(`${ident(schema)}.${ident(table)}`)
      const may = await box.run(`
        select has_table_privilege(${literal(role)}, ${relation}, 'SELECT'), has_table_privilege(${literal(group)}, ${relation}, 'SELECT'),
          has_table_privilege(${literal(role)}, ${relation}, 'UPDATE'), has_any_column_privilege(${literal(role)}, ${relation}, 'UPDATE')`)
      expect(may, what).toEqual([[true, true, false, false]])
    }
    await box.sync(
      scenes.map(({ group, schema, table }) => ({
        role: group,
        grants: [Grant.tableOwnership(schema, table)],
      })),
    )
    await box.sync(
      scenes.flatMap(({ role, group }) => [
        { role, grants: [] },
        { role: group, grants: [] },
      ]),
    )
    for (const { role, group } of scenes) await box.run(`drop role ${ident(role)}; drop role ${ident(group)}`)
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
