/**
 * Commands of the pages that tests/e2e/pages.test.ts does not run, and where they are tested instead. A page may also
 * mark a block: `<!-- needs a login -->` above it.
 */
export const NOT_RUN: readonly { command: RegExp; why: string }[] = [
  {
    command: /^(?:npm |\.ci\/run$)/,
    why: 'in a checkout: .ci/run, tests/e2e/packed.test.ts, tests/scripts/repository.test.ts',
  },
  {
    command: /^(?:PROVIDER=\w+ )?examples\//,
    why: 'tests/e2e/examples.test.ts, tests/soak/examples.test.ts; with a login',
  },
  { command: /^samocode report\b/, why: 'needs a session: tests/report/, tests/e2e/cli/' },
  { command: /^REHEARSAL_SCENARIO=/, why: 'tests/e2e/rehearsal/' },
  { command: /^samocode install\b/, why: 'needs clients: tests/clis/install-and-uninstall.test.ts' },
  {
    command: /^samocode doctor$/,
    why: 'needs a login to end with 0: tests/processes/acts/doctor.test.ts',
  },
  { command: /^samocode supervisor$/, why: 'runs until Ctrl-C: tests/e2e/cli/supervisor.test.ts' },
  {
    command: /^samocode supervisor --(?:un)?install$/,
    why: 'needs systemd or a Mac: tests/processes/supervisor/install-supervisor.test.ts',
  },
  {
    command: /^samocode notify (?:test|telegram)$/,
    why: 'needs a channel: tests/acts/notify/notify.test.ts, tests/faults/telegram.test.ts',
  },
  { command: /^samocode --config /, why: 'needs an old session: tests/e2e/old-sessions.test.ts' },
  {
    command: /^cd my-repo && samocode run --task/,
    why: 'docs/guides/overnight.md, where it can be followed to its end',
  },
  {
    command: /^git (?:branch restored|checkout refs\/samocode\/_trash)/,
    why: 'needs a discarded session: tests/processes/project/trash.test.ts',
  },
  { command: /^codex login/, why: 'needs an account' },
];
