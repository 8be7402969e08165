/** The owner of a session that a pool assigns to a machine, and of one that a person has to take on a machine. */
export const AUTO_ASSIGN = 'pool';
export const MANUAL_ASSIGN = 'parked';
