/** The owner of a session of a pool that no machine has. */
export const AUTO_ASSIGN = 'pool';
