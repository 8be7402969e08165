import { NO_OPENINGS } from '../../src/core/kernel/sandbox-level.ts';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../src/core/session/events/events.ts';

/** The identity of a fake session of the rehearsal agent. */
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
    sandbox: 'none',
    settings: {
      provider: 'rehearsal',
      providers: { testing: 'rehearsal' },
      model: '',
      models: {},
      fallback: [],
      fallbackModels: {},
      cliPaths: {},
      own: { CLAUDE_MAX_TURNS: 300 },
      timeLimitMs: 1_800_000,
      timeLimitsMs: {},
      permissions: 'skip',
      sandbox: 'off',
      openings: NO_OPENINGS,
      gates: ['qa', 'plan'],
      gateChannels: ['cli', 'file'],
      autoApprove: false,
      acceptSuggestions: false,
      maxRetries: 3,
      retryDelayMs: 5000,
      retryHours: 12,
      limits: { session: {}, phases: {} },
      checks: [],
      proving: { in: 'worktree', fast: [], copy: [], timeoutMs: 30 * 60_000 },
      branch: 'x',
    },
    ...more,
  };
}

/** The event of its creation. */
export function createdEvent(file: SessionFile = sessionFileSample()): NewEvent {
  const { id: sessionId, sandbox } = file;
  return {
    type: 'session_created',
    sessionId,
    runWanted: true,
    by: { channel: 'cli' },
    file,
    sandbox,
  };
}

/** The same events, of a session with these choices. */
export function eventsOf(file: SessionFile, events: readonly NewEvent[]): NewEvent[] {
  return events.map((event) => (event.type === 'session_created' ? createdEvent(file) : event));
}
