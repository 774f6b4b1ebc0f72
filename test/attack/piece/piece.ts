import type { Kit } from '../kit.ts'

/** One sort of thing that can hold code. */
export interface Piece {
  /** The first version that has it. */
  readonly since?: number
  /** The first that has it no more. */
  readonly until?: number
  readonly make: (kit: Kit) => void
}

/** The same, added to a table. */
export interface TablePiece extends Omit<Piece, 'make'> {
  readonly make: (kit: Kit, table: string) => void
}

export const isIn = ({ since = 0, until = Infinity }: Omit<Piece, 'make'>, version: number): boolean =>
  version >= since && version < until
