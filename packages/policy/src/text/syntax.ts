import type { ErrorCode } from 'yaml'

/**
 * What to say of each error of the YAML library. Its own messages quote the text, which may be a password.
 * @see https://eemeli.org/yaml/#errors
 */
const messages: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'there is no anchor of this name before the alias; a text that begins with * has to be quoted',
  BAD_DIRECTIVE: 'directives are not supported; leave the line out, or quote a text that begins with %',
  BAD_DQ_ESCAPE:
    'a backslash in double quotes begins an escape, and this is none; double the backslash, or use single quotes',
  BAD_INDENT: 'the indentation is wrong: what belongs together begins in the same column',
  BAD_PROP_ORDER: 'an anchor or a tag is in the wrong place',
  BAD_SCALAR_START: 'a text that begins with @ or ` has to be quoted',
  BLOCK_AS_IMPLICIT_KEY:
    'there is a second colon in the line; begin a new line after the first one, or quote the text',
  BLOCK_IN_FLOW: 'between brackets, write lists and objects in brackets too',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key cannot be longer than 1024 characters',
  MISSING_CHAR: 'a character is missing: a closing quote or bracket, a comma, a colon, or the space after it',
  MULTILINE_IMPLICIT_KEY: 'a key has to be on one line; a quote or a colon may be missing',
  MULTIPLE_ANCHORS: 'a value can have only one anchor',
  MULTIPLE_DOCS: 'there is a second document; a file has one policy',
  MULTIPLE_TAGS: 'a value can have only one tag, and tags are not supported at all',
  RESOURCE_EXHAUSTION: 'lists and objects are nested too deep',
  TAB_AS_INDENT: 'a tab cannot indent in YAML; use spaces',
  TAG_RESOLVE_FAILED: 'tags are not supported; leave the tag out, or quote a text that begins with !',
  UNEXPECTED_TOKEN:
    'this is not expected here; look for a quote, a bracket or a comma that is missing or too many',
}

/** What is wrong, in words, without any of the text. */
export const syntaxMessage = (code: ErrorCode): string => messages[code] ?? 'this cannot be read as YAML'
