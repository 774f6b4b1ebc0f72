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
