/** Folders below `tests/` whose tests start programs. vitest runs them as one project; a path filter chooses one. */
export const SUITES = ['processes', 'guard', 'faults', 'postgres', 'e2e', 'clis'];
