/**
 * Commands of the pages that tests/app/e2e/pages.test.ts does not run, and where they are tested instead. A page may also
 * mark a block: `<!-- needs a login -->` above it.
 */
export const NOT_RUN: readonly { command: RegExp; why: string }[] = [
  {
    command: /^(?:npm |\.ci\/run$)/,
    why: 'in a checkout: .ci/run, tests/app/e2e/packed.test.ts, tests/scripts/repository.test.ts',
  },
  {
    command: /^(?:[A-Z]+=\w+ )?examples\//,
    why: 'tests/app/e2e/examples.test.ts, tests/app/soak/examples.test.ts; with a login',
  },
  { command: /^samocode report\b/, why: 'needs a session: tests/report/, tests/app/e2e/cli/' },
  { command: /^REHEARSAL_SCENARIO=/, why: 'tests/extensions/rehearsal/e2e/' },
  {
    command: /^samocode install\b/,
    why: 'needs clients: tests/extensions/setup/clis/install-and-uninstall.test.ts',
  },
  {
    command: /^samocode doctor$/,
    why: 'needs a login to end with 0: tests/extensions/setup/processes/doctor.test.ts',
  },
  { command: /^samocode supervisor$/, why: 'runs until Ctrl-C: tests/app/e2e/cli/supervisor.test.ts' },
  {
    command: /^samocode supervisor --(?:un)?install$/,
    why: 'needs systemd or a Mac: tests/extensions/setup/processes/install-supervisor.test.ts',
  },
  {
    command: /^samocode notify (?:test|telegram)$/,
    why: 'needs a channel: tests/extensions/notify/unit/notify.test.ts, tests/extensions/notify/faults/notifications.test.ts',
  },
  {
    command: /^samocode import /,
    why: 'needs an old folder: tests/extensions/import/e2e/import-folder.test.ts',
  },
  {
    command: /^cd my-repo && samocode run --task/,
    why: 'docs/guides/overnight.md, where it can be followed to its end',
  },
  {
    command: /^git (?:branch restored|checkout refs\/samocode\/_trash)/,
    why: 'needs a discarded session: tests/core/processes/project/trash.test.ts',
  },
  { command: /^codex login/, why: 'needs an account' },
];
