import { type EitherShape, type ObjectShape, onlyTrue } from './shape.ts'
import { moment } from './texts.ts'

const secret = (what: string): ObjectShape => ({
  kind: 'object',
  what: `where ${what} is: { env: NAME } or { file: PATH }`,
  keys: {
    env: {
      shape: {
        kind: 'text',
        what: 'the name of an environment variable',
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      },
      doc: 'The environment variable that has the password.',
    },
    file: {
      shape: { kind: 'text', what: 'the path of a file', pattern: String.raw`^[^\u0000]+$` },
      doc: 'The file that has the password.',
    },
  },
  isNotEmpty: true,
  exclusive: [{ keys: ['env', 'file'], message: 'a password is in one place; give env or file' }],
  insteadOfText: 'a password is never in the file; say where it is: { env: NAME } or { file: PATH }',
  isSecret: true,
})

/** How a role logs in. */
export const login: EitherShape = {
  kind: 'either',
  what: 'true, or an object with password, initialPassword, hashedBy or validUntil',
  shapes: [
    onlyTrue,
    {
      kind: 'object',
      what: 'how the role logs in',
      keys: {
        password: {
          shape: secret('the password'),
          doc: 'Where the password is. Without it, the role keeps the password that it has.',
        },
        initialPassword: {
          shape: secret('the initial password'),
          doc: 'Where a password is that is set only if the role has none.',
        },
        hashedBy: {
          shape: { kind: 'word', what: 'server', words: ['server'] },
          doc: 'The password itself is sent, for servers that check passwords. By default only a verifier is.',
        },
        validUntil: {
          shape: moment,
          doc: 'When the password expires; a date means its first moment in UTC. Default: never.',
        },
      },
      exclusive: [
        { keys: ['password', 'initialPassword'], message: 'give password or initialPassword, not both' },
      ],
      isSecret: true,
    },
  ],
}
