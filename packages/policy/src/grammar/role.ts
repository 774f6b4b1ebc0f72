import { attributes } from '@pgsr/planner'
import { exactlyOn, grant, owns } from './grants.ts'
import { objectsShape } from './objects.ts'
import {
  type EitherShape,
  flag,
  type KeyRow,
  listOf,
  type MapShape,
  type ObjectShape,
  oneOrMore,
  onlyTrue,
  type TextShape,
} from './shape.ts'
import { desiredRole, freeText, knownRole, moment, name, parameter } from './texts.ts'

/** The profiles that every policy has. */
export const builtInProfiles = ['readOnly', 'readWrite'] as const

const profileName: TextShape = {
  kind: 'text',
  what: 'the name of a profile',
  isName: true,
  pattern: String.raw`^[^\u0000]+$`,
}

const future: KeyRow = {
  shape: oneOrMore('roles', knownRole),
  doc: 'The role, or the roles, that will create objects. The same privileges hold on these objects, too.',
}

/** A profile of the policy. */
export const profiles: MapShape = {
  kind: 'map',
  what: 'profiles by name',
  keys: {
    ...profileName,
    what: 'the name of a profile that is not built in',
    pattern: String.raw`^(?!(?:readOnly|readWrite|owner)$)[^\u0000]+$`,
    problem: (text) => {
      if (text === 'owner') return 'no profile can have the name owner; a role owns a schema with owns'
      return text === 'readOnly' || text === 'readWrite'
        ? `the profile ${text} is built in; give yours another name, and let it extend ${text}`
        : undefined
    },
  },
  values: {
    kind: 'object',
    what: 'a profile',
    keys: {
      extends: {
        shape: oneOrMore('profiles', profileName),
        doc: 'A profile, or several: this one gives what they give, and more.',
      },
      schema: { shape: exactlyOn('schema'), doc: 'The privileges on the schema itself. Default: USAGE.' },
      tables: {
        shape: exactlyOn('table'),
        doc: 'The privileges on all tables, views and the like in the schema.',
      },
      sequences: { shape: exactlyOn('sequence'), doc: 'The privileges on all sequences in the schema.' },
      routines: {
        shape: exactlyOn('function'),
        doc: 'The privileges on all functions and procedures in the schema.',
      },
      types: { shape: exactlyOn('type'), doc: 'The privileges on all types and domains in the schema.' },
      future,
    },
    instead: { functions: 'routines', procedures: 'routines', owner: 'future' },
    isNotEmpty: true,
  },
}

const accessEntry: ObjectShape = {
  kind: 'object',
  what: 'an access with profile',
  keys: {
    profile: { shape: profileName, doc: 'The profile.' },
    tables: {
      shape: objectsShape('table', { all: false, patterns: true }),
      doc: 'Only these tables: those that a pattern matches, or a list of names and patterns. Future tables are then left out.',
    },
    sequences: {
      shape: objectsShape('sequence', { all: false, patterns: true }),
      doc: 'Only these sequences, in the same way.',
    },
    future,
    direct: {
      shape: flag,
      doc: 'Put the role itself into the ACLs, which is right for groups and applications. With false it becomes a member of intermediate roles. Default: true.',
    },
  },
  required: ['profile'],
  exclusive: (['tables', 'sequences'] as const).map((part) => ({
    keys: [part, 'future'],
    message: `${part} limits the profile to what is there, so future cannot be with it; leave one of them out`,
  })),
}

const access: MapShape = {
  kind: 'map',
  what: 'profiles by schema',
  keys: name('the name of a schema'),
  values: {
    kind: 'either',
    what: 'a profile, an object with profile, or a list of these',
    shapes: [
      profileName,
      accessEntry,
      listOf('a list of profiles', {
        kind: 'either',
        what: 'a profile, or an object with profile',
        shapes: [profileName, accessEntry],
      }),
    ],
  },
}

const settings: MapShape = {
  kind: 'map',
  what: 'settings by name',
  keys: parameter,
  values: {
    kind: 'either',
    what: 'a text, a number, true or false, or a list of names',
    shapes: [
      freeText('a text'),
      { kind: 'number', what: 'a number' },
      flag,
      { kind: 'list', what: 'a list of names', of: freeText('a name'), mayRepeat: true },
    ],
  },
}

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

const login: EitherShape = {
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

const membershipOptions: Readonly<Record<string, KeyRow>> = {
  admin: { shape: flag, doc: 'The member may make others members too. Default: false.' },
  inherit: {
    shape: flag,
    doc: 'From PostgreSQL 16 on: the member has the privileges of the role. Default: either way is fine.',
  },
  set: {
    shape: flag,
    doc: 'From PostgreSQL 16 on: the member may SET ROLE to the role. Default: either way is fine.',
  },
}

const memberships = (what: string, role: TextShape, isNotEmpty: boolean): EitherShape['shapes'][number] => ({
  kind: 'list',
  what: `a list of ${what}s`,
  of: {
    kind: 'either',
    what: `the name of a ${what}, or an object with role`,
    shapes: [
      role,
      {
        kind: 'object',
        what: `a ${what} with its options`,
        keys: { role: { shape: role, doc: 'The role.' }, ...membershipOptions },
        required: ['role'],
      },
    ],
  },
  ...(isNotEmpty && { isNotEmpty }),
})

const inDatabases: MapShape = {
  kind: 'map',
  what: 'what the role has besides, by database',
  keys: name('the name of a database'),
  values: {
    kind: 'object',
    what: 'what the role has in a database',
    keys: {
      access: { shape: access, doc: 'Profiles, by schema.' },
      owns: { shape: owns, doc: 'What it owns.' },
      grants: { shape: listOf('a list of grants', grant), doc: 'Grants.' },
      settings: {
        shape: settings,
        doc: 'The settings that a session of the role begins with in this database.',
      },
    },
    isNotEmpty: true,
  },
}

const grantableAttributes = Object.keys(attributes).filter((word) => word !== 'LOGIN' && word !== 'INHERIT')

/** A role that there should be. */
export const role: ObjectShape = {
  kind: 'object',
  what: 'a role',
  keys: {
    external: {
      shape: flag,
      doc: 'Somebody else makes the role: it is not created, and its attributes stay as they are. Default: false.',
    },
    comment: {
      shape: {
        kind: 'either',
        what: 'a text, or null for no comment',
        shapes: [freeText('a text'), { kind: 'null', what: 'null' }],
      },
      doc: 'The comment on the role; null for none.',
    },
    login: { shape: login, doc: 'The role may log in. Without it, it may not, and loses its password.' },
    attributes: {
      shape: listOf('a list of attributes', {
        kind: 'word',
        what: 'an attribute',
        words: grantableAttributes,
      }),
      doc: 'The attributes that it has besides LOGIN.',
    },
    inherit: { shape: flag, doc: 'Whether it has INHERIT. Default: as it is.' },
    connectionLimit: {
      shape: {
        kind: 'number',
        what: 'a whole number from -1',
        whole: true,
        minimum: -1,
        maximum: 2 ** 31 - 1,
      },
      doc: 'How many connections it may have; -1 for any number. Default: as it is.',
    },
    settings: {
      shape: settings,
      doc: 'The settings that a session of the role begins with. It loses all others, if this or the settings of a database are given.',
    },
    memberOf: {
      shape: memberships('role', knownRole, true),
      doc: 'The roles that it is a member of.',
    },
    members: {
      shape: memberships('member', knownRole, false),
      doc: 'Its members. Whoever is not in the list loses the membership. Default: only roles of the policy lose one that they do not ask for.',
    },
    owns: {
      shape: owns,
      doc: 'What it owns: schemas with all that is in them by name, and other objects by kind.',
    },
    access: {
      shape: access,
      doc: 'Profiles, by schema: what it may do there, with all that is in the schema.',
    },
    grants: { shape: listOf('a list of grants', grant), doc: 'All other privileges.' },
    in: { shape: inDatabases, doc: 'What it has in single databases besides.' },
    preserveIn: {
      shape: listOf('a list of schemas', name('the name of a schema')),
      doc: 'Schemas in which it keeps what it has, even if the policy does not ask for it.',
    },
  },
  instead: {
    permissions: 'grants',
    privileges: 'grants',
    password: 'login: { password: { env: NAME } }',
    roles: 'memberOf',
    groups: 'memberOf',
    profile: 'access',
    profiles: 'access',
    schemas: 'access, owns',
    superuser: 'attributes: [SUPERUSER]',
    createdb: 'attributes: [CREATEDB]',
    createrole: 'attributes: [CREATEROLE]',
    validUntil: 'login: { validUntil: … }',
    valid_until: 'login: { validUntil: … }',
    preserveExistingGrantsInSchemas: 'preserveIn',
    settingsIn: 'in: { DATABASE: { settings: … } }',
  },
}

/** A role that there should not be. */
export const absentRole: ObjectShape = {
  kind: 'object',
  what: 'a role that should not exist',
  keys: {
    reassignOwnedTo: { shape: knownRole, doc: 'The new owner of what it owns. Default: that of the policy.' },
    terminateSessions: { shape: flag, doc: 'End its sessions once it is gone. Default: false.' },
  },
  instead: { terminate: 'terminateSessions', reassign: 'reassignOwnedTo' },
}

export { desiredRole }
