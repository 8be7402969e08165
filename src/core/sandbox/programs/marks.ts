/** The session's ULID, in the environment of every process of an agent. */
export const SESSION_MARK = 'SAMOCODE_SESSION';
/** The iteration, a number from 1, next to `SESSION_MARK`. */
export const ITERATION_MARK = 'SAMOCODE_ITERATION';
