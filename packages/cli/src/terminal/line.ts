/** How a line is meant, and so in which colour a terminal shows it. */
export type Tone = 'title' | 'warning' | 'gain' | 'loss' | 'faint' | 'error' | 'plain'

/** A line of what the program says. */
export interface Line {
  readonly text: string
  readonly tone?: Tone
  /** Where in the policy file it comes from. */
  readonly from?: string
}

/** Characters that a terminal obeys instead of showing them, or that make text appear in another order. */
const obeyed = /[\p{Control}\p{Bidi_Control}]/gu

/** The same text, with such characters spelled out: names in a database are not the user’s own. */
export const shown = (text: string): string =>
  text.replaceAll(obeyed, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
