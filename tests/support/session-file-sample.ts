import type { SessionFile } from '../../src/session/events/session-file.ts';

/** The identity of a made-up session of the rehearsal child. */
export function sessionFileSample(more: Partial<SessionFile> = {}): SessionFile {
  return {
    v: 1,
    id: '01KEE000000000000000000000',
    folder: '26-01-08-x',
    createdAt: '2026-01-08T10:00:00.000Z',
    task: 'Give every boat a name',
    mainRepo: '/repo',
    worktreesDir: '/worktrees',
    sessionsDir: '/sessions',
    configPath: '/repo/.samocode',
    adopted: false,
    settings: {
      provider: 'rehearsal',
      providers: { testing: 'rehearsal' },
      model: '',
      models: {},
      cliPaths: {},
      maxTurns: 300,
      timeLimitMs: 1_800_000,
      permissions: 'skip',
      gates: ['qa', 'plan'],
      gateChannels: ['cli', 'file'],
      autoApprove: false,
      acceptSuggestions: false,
      maxRetries: 3,
      retryDelayMs: 5000,
      checks: [],
      branch: 'x',
    },
    ...more,
  };
}
