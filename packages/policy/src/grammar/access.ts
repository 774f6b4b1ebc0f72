import { exactlyOn } from './grants.ts'
import { objectsShape } from './objects.ts'
import {
  flag,
  type KeyRow,
  listOf,
  type MapShape,
  type ObjectShape,
  oneOrMore,
  type TextShape,
} from './shape.ts'
import { knownRole, name } from './texts.ts'

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

/** Profiles of a role, by schema. */
export const access: MapShape = {
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
