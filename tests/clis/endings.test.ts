import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../src/base/errors.ts';
import type { ModelReply } from '../support/model-stub/conversation.ts';
import type { ModelOf } from '../support/model-stub/services.ts';
import { type CliSession, startCliSession } from './cli-session.ts';

const CLIS = ['claude', 'codex', 'gemini'] as const;
const isSettled = (session: CliSession) =>
  session.until(({ status }) => ['blocked', 'limited', 'done'].includes(status.kind));

const RESET = Math.floor(Date.now() / 1000) + 3 * 3600;
const LIMITS: Readonly<Record<ModelOf, Extract<ModelReply, { status: number }>>> = {
  claude: {
    status: 429,
    type: 'rate_limit_error',
    message: "This request would exceed your account's rate limit.",
    headers: {
      'x-should-retry': 'false',
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': String(RESET),
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-5h-status': 'rejected',
      'anthropic-ratelimit-unified-5h-reset': String(RESET),
      'anthropic-ratelimit-unified-5h-utilization': '1.0',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
    },
  },
  codex: {
    status: 429,
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    more: { plan_type: 'plus', resets_at: RESET, resets_in_seconds: 10_800 },
    headers: {
      'x-codex-primary-used-percent': '100',
      'x-codex-primary-window-minutes': '300',
      'x-codex-primary-reset-at': String(RESET),
    },
  },
  gemini: {
    status: 429,
    type: 'RESOURCE_EXHAUSTED',
    message: 'You exceeded your current quota',
    more: {
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel', quotaValue: '100' }],
        },
      ],
    },
  },
};

test.concurrent('while one CLI is used up, the next of FALLBACK goes on, and that is told', async () => {
  await using session = await startCliSession({
    cli: 'codex',
    others: ['claude'],
    lines: { FALLBACK: 'gemini,claude' },
    // Without a program behind it a name of FALLBACK would be refused: this one is used up as well.
    env: { GEMINI_PATH: '/bin/false' },
    instead: ({ conversation }) => (conversation.model.startsWith('gpt') ? LIMITS.codex : undefined),
    before: async ({ homeDir }) => {
      const folder = join(homeDir, '.config/samocode/limits');
      await mkdir(folder, { recursive: true });
      const until = Date.now() + 3_600_000;
      const limit = { v: 1, until, guessed: false, at: Date.now() };
      await writeFile(join(folder, 'gemini-login.json'), JSON.stringify(limit));
    },
  });
  await session.until(({ status }) => status.kind === 'waiting');
  const started = await session.eventsOf('iteration_started');
  expect(started.map(({ provider, phase }) => `${provider} ${phase}`)).toEqual([
    'codex investigation',
    'claude investigation',
    'claude requirements',
  ]);
  const notices = (await session.eventsOf('notice')).filter(({ code }) => code === 'fallback');
  expect(notices.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^codex has reached its usage limit until .*; claude takes over/),
  ]);
});

// Only a subscription is told until when; it logs in by a token.
const SUBSCRIBED = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-scripted-model' };

test.concurrent.each(CLIS)('a used-up quota of %s parks the session until its reset', async (cli) => {
  await using session = await startCliSession({
    cli,
    env: { CLAUDE_CODE_MAX_RETRIES: '1', ...(cli === 'claude' && SUBSCRIBED) },
    instead: ({ step }) => (step === 1 ? LIMITS[cli] : undefined),
  });
  await isSettled(session);
  const [limited] = await session.eventsOf('limited');
  expect(limited).toMatchObject({ provider: cli, guessed: cli === 'gemini' });
  const minutesOff = Math.abs((limited?.until ?? 0) - RESET * 1000) / 60_000;
  expect(cli === 'gemini' || minutesOff <= 3).toBe(true);
});

test.concurrent.each(CLIS)('a %s that is not let in blocks the session at once', async (cli) => {
  const refused: ModelReply = { status: 401, type: 'authentication_error', message: 'invalid key' };
  await using session = await startCliSession({
    cli,
    env: { CLAUDE_CODE_MAX_RETRIES: '0' },
    instead: () => refused,
  });
  await isSettled(session);
  expect((await session.eventsOf('iteration_ended')).map(({ ending }) => ending)).toEqual(['auth']);
  expect((await session.state()).status).toMatchObject({ kind: 'blocked' });
});

test.concurrent.each([
  ['claude', 529, 'overloaded_error'],
  ['codex', 503, 'server_error'],
  ['gemini', 503, 'UNAVAILABLE'],
] as const)('a busy service of %s is tried again, and then waited for', async (cli, status, type) => {
  const busy = { status, type, message: 'Overloaded', more: { code: 'server_is_overloaded' } };
  await using session = await startCliSession({
    cli,
    env: { CLAUDE_CODE_MAX_RETRIES: '1' },
    instead: () => busy,
  });
  await isSettled(session);
  const endings = (await session.eventsOf('iteration_ended')).map(({ ending }) => ending);
  expect(endings).toEqual(Array(4).fill('overloaded'));
  expect((await session.state()).status).toMatchObject({ outage: { kind: 'overloaded' } });
});

test.concurrent.each(['claude', 'codex'] as const)(
  'a refusal by the model of %s blocks the session',
  async (cli) => {
    await using session = await startCliSession({ cli, instead: () => ({ say: 'No.', refused: true }) });
    await isSettled(session);
    expect((await session.eventsOf('iteration_ended')).map(({ ending }) => ending)).toEqual(['refused']);
  },
);

test.concurrent.each(CLIS)(
  'a %s whose service never answers is ended at the time limit, with all its processes',
  async (cli) => {
    await using session = await startCliSession({ cli, lines: { TIMEOUT: '8' }, instead: () => 'silence' });
    await session.until(({ progress }) => progress.totalIterations >= 2);
    const [first] = await session.eventsOf('iteration_ended');
    expect(first).toMatchObject({ ending: 'timeout', iteration: 1 });
    await session.stop();
    await session.until(({ status }) => status.kind === 'stopped');
    expect(await session.processes()).toEqual([]);
  },
);

// A name that only the tool's own process has; an agent's `sleep` alone is refused by Claude Code.
const HOLD =
  'node -e "setTimeout(()=>{}, 600000)" held-by-the-tool & (nohup sleep 600 >/dev/null 2>&1 &) ; wait';
const hold: ModelReply = {
  say: 'Holding.',
  use: [{ name: 'Bash', input: { command: HOLD, timeout: 600_000 } }],
};
const isHolding = async (session: CliSession) => {
  while ((await session.processes()).length < 4) await new Promise((resolve) => setTimeout(resolve, 100));
};

test.concurrent.each(CLIS)('a stop in the middle of a tool of %s leaves no process', async (cli) => {
  await using session = await startCliSession({ cli, instead: () => hold });
  await isHolding(session);
  await session.stop();
  await session.until(({ status }) => status.kind === 'stopped');
  expect(await session.processes()).toEqual([]);
  expect((await session.eventsOf('iteration_ended')).map(({ ending }) => ending)).toEqual(['killed']);
});

test.concurrent.each(CLIS)(
  'a worker that dies in the middle of a tool of %s is followed by one that takes over the same child',
  async (cli) => {
    const wait: ModelReply = {
      say: 'Waiting.',
      use: [{ name: 'Bash', input: { command: 'node -e "setTimeout(()=>{}, 5000)"' } }],
    };
    await using session = await startCliSession({
      cli,
      instead: ({ job, step }) => (job.phase === 'investigation' && step === 0 ? wait : undefined),
    });
    while ((await session.models[cli]?.turns.length) === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const [dead] = [await session.workerPid()];
    await session.killWorker();
    await session.until(({ status }) => status.kind === 'waiting');
    expect(await session.workerPid()).not.toBe(dead);
    const started = await session.eventsOf('iteration_started');
    expect(started.map(({ iteration, phase }) => [iteration, phase])).toEqual([
      [1, 'investigation'],
      [2, 'requirements'],
    ]);
    expect((await session.eventsOf('worker_took_over')).at(-1)).toMatchObject({ previous: 'died' });
  },
);

test.concurrent('a claude that forgets the signal is turned round in the same process', async () => {
  let asked = 0;
  await using session = await startCliSession({
    cli: 'claude',
    instead: () => (asked++ === 0 ? { say: 'Done.' } : undefined),
  });
  await session.until(({ status }) => status.kind === 'waiting');
  expect((await session.eventsOf('iteration_ended')).map(({ ending }) => ending)).toEqual([
    'signalled',
    'signalled',
  ]);
});

test.concurrent('a claude that writes into the main checkout is refused, and goes on', async () => {
  let path = '';
  await using session = await startCliSession({
    cli: 'claude',
    before: async ({ mainRepo }) => {
      path = join(mainRepo, 'planted.txt');
    },
    instead: ({ job, step }) =>
      job.phase === 'investigation' && step === 0
        ? { say: 'Planting.', use: [{ name: 'Write', input: { file_path: path, content: 'x' } }] }
        : undefined,
  });
  await session.until(({ status }) => status.kind === 'waiting');
  expect(await ifExists(stat(path))).toBeUndefined();
  const refused = session.models.claude?.turns[1]?.conversation.results[0];
  expect(refused).toMatchObject({ failed: true, text: expect.stringContaining('is not yours to write') });
});

test.concurrent('a codex that writes no signal but says it as its last message is heard', async () => {
  const spoken = JSON.stringify({ status: 'continue', phase: 'requirements', reason: null });
  await using session = await startCliSession({
    cli: 'codex',
    instead: ({ job }) => (job.phase === 'investigation' ? { say: spoken } : undefined),
  });
  await session.until(({ status }) => status.kind === 'waiting');
  const [first] = await session.eventsOf('iteration_ended');
  expect(first).toMatchObject({ ending: 'signalled', signal: { status: 'continue', phase: 'requirements' } });
  expect(first?.signalNotes).toEqual([expect.stringContaining('the last message is the signal')]);
});

test.concurrent('a gemini that writes no signal is a child without one', async () => {
  let asked = 0;
  await using session = await startCliSession({
    cli: 'gemini',
    instead: () => (asked++ === 0 ? { say: 'Done.' } : undefined),
  });
  await session.until(({ progress }) => progress.totalIterations >= 2);
  expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'no_signal' });
});
