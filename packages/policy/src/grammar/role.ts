import { attributes } from '@pgsr/planner'
import { access } from './access.ts'
import { grant, owns } from './grants.ts'
import { login } from './login.ts'
import {
  type EitherShape,
  flag,
  type KeyRow,
  listOf,
  type MapShape,
  type ObjectShape,
  type TextShape,
} from './shape.ts'
import { freeText, knownRole, name, parameter } from './texts.ts'

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
      doc: 'Schemas in which it keeps what it has, even if the policy does not ask for it. What it has on the schemas themselves, such as USAGE, it keeps only if the policy asks for it.',
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
