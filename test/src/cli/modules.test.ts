import { expect, test } from 'vitest'
import { inWorkplaces } from '../../harness/command/in-each.ts'

inWorkplaces((place) => {
  test('a module exports a policy, or a function that makes one', async () => {
    const { write, pgsr, name, directory } = place()
    const [one, two, three, four] = [name('one'), name('two'), name('three'), name('four')]
    await write('names.ts', `export const roleOf = (name: string): string => name\n`)
    await write(
      'typed.ts',
      `import { roleOf } from './names.ts'\ninterface Person { readonly role: string }\nconst people: readonly Person[] = [{ role: roleOf('${one}') }]\nexport default { pgsr: 1, roles: Object.fromEntries(people.map(({ role }) => [role, {}])) }\n`,
    )
    await write(
      'asked.mjs',
      `export default async () => {\n  await new Promise((resolve) => setTimeout(resolve, 5))\n  return { pgsr: 1, roles: { ${two}: { login: { validUntil: new Date('2030-01-01') } } } }\n}\n`,
    )
    await write('plain.json', JSON.stringify({ pgsr: 1, roles: { [three]: {} } }))
    await write('short.yml', `pgsr: 1\nroles: { ${four}: {} }\n`)
    for (const [file, role] of [
      ['typed.ts', one],
      ['asked.mjs', two],
      ['plain.json', three],
      ['short.yml', four],
    ] as const) {
      const { code, stdout, stderr } = await pgsr(['plan', file])
      expect(stderr).not.toContain('error')
      expect(stdout).toContain(`+ role "${role}"`)
      expect(code).toBe(2)
    }
    const { stdout } = await pgsr(['validate', `${directory}/typed.ts`])
    expect(stdout).toContain('is valid: 1 role')
  })

  test('what is too long for YAML is written as a module', async () => {
    const { pgsr, sql, name } = place()
    const [role, reader] = [name('long'), name('reader')]
    await sql(`create role ${reader}; create role ${role} login in role ${reader};
      do $$ begin execute format('comment on role ${role} is %L', repeat('so ', 200000)); end $$`)
    const args = ['import', '--role', role, '--role', reader, '--out']
    expect(await pgsr([...args, 'long.yaml'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'error: cannot write long.yaml: a policy of this size would not be read as YAML\n  pgsr import --out pgsr.mjs writes a module',
      ) as string,
    })
    expect((await pgsr([...args, 'long.toml'])).stderr).toContain('error: cannot write long.toml: ')
    expect(await pgsr([...args, 'long.mjs'])).toMatchObject({ code: 0 })
    expect(await pgsr(['plan', 'long.mjs', '--quiet'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('in sync: nothing differs\n') as string,
    })
  })

  test.for([
    ['throws.mjs', `throw new Error('no directory')`, 'error: cannot load throws.mjs: no directory\n'],
    [
      'fails.ts',
      `export default (): never => { throw new Error('no answer') }`,
      'error: cannot load fails.ts: its function fails: no answer\n',
    ],
    ['empty.mjs', `export const roles = {}`, 'error: cannot load empty.mjs: it has no default export\n'],
    [
      'wrong.ts',
      `export default { pgsr: 1, roles: { a: { memberof: [] } } }`,
      'error: the policy has an error\n  wrong.ts: roles.a.memberof: ',
    ],
    ['imports.mjs', `import './nothing.mjs'`, `error: cannot load imports.mjs: Cannot find module`],
  ] as const)('%s is an error', async ([file, text, message]) => {
    const { write, pgsr } = place()
    await write(file, `${text}\n`)
    const { code, stdout, stderr } = await pgsr(['plan', file])
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })
})
