import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import type { ModelReply } from '../../support/model-stub/conversation.ts';
import type { HeadlessCli } from '../../support/model-stub/services.ts';
import { type CliSession, startCliSession } from './cli-session.ts';

const CLIS = ['claude', 'codex', 'gemini'] as const;
const isSettled = (session: CliSession) =>
  session.until(({ status }) => ['blocked', 'limited', 'done'].includes(status.kind), 1_200_000);

const RESET = Math.floor(Date.now() / 1000) + 3 * 3600;
const LIMITS: Readonly<Record<HeadlessCli, Extract<ModelReply, { status: number }>>> = {
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

test.concurrent('while one CLI is at its limit, the next one of FALLBACK takes over, and a notification is sent', async () => {
  await using session = await startCliSession({
    cli: 'codex',
    others: ['claude'],
    lines: { FALLBACK: 'gemini,claude' },
    // A FALLBACK name without an installed program would be refused; this one is at its limit as well.
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

// Only a subscription gets the end time; it logs in by a token.
const SUBSCRIBED = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-scripted-model' };
const UNAUTHORIZED: ModelReply = { status: 401, type: 'authentication_error', message: 'invalid key' };
const SPOKEN = JSON.stringify({ status: 'continue', phase: 'requirements', reason: null });
const planting = (path: string): ModelReply => ({
  say: 'Planting.',
  use: [{ name: 'Write', input: { file_path: path, content: 'x' } }],
});

const BUSY: Readonly<Record<HeadlessCli, ModelReply>> = {
  claude: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
  codex: { status: 503, type: 'server_error', message: 'Overloaded', more: { code: 'server_is_overloaded' } },
  gemini: { status: 503, type: 'UNAVAILABLE', message: 'Overloaded' },
};

/** The answers of each CLI's model in one session, by iteration; in the second one its script continues after that. */
const REPLIES: Readonly<Record<HeadlessCli, (planted: string) => readonly (readonly ModelReply[])[]>> = {
  claude: (planted) => [
    [BUSY.claude],
    [planting(planted), { say: 'Done.' }],
    [UNAUTHORIZED],
    [{ say: 'No.', refused: true }],
    [LIMITS.claude],
  ],
  codex: () => [
    [BUSY.codex],
    [{ say: SPOKEN }],
    [UNAUTHORIZED],
    [{ say: 'No.', refused: true }],
    [LIMITS.codex],
  ],
  gemini: () => [[BUSY.gemini], [{ say: 'Done.' }], [UNAUTHORIZED], [LIMITS.gemini]],
};

/** Plays them; a person resumes the session whenever it is blocked. */
async function playEndings(cli: HeadlessCli) {
  let planted = '';
  const given = new Map<string, number>();
  const session = await startCliSession({
    cli,
    env: { CLAUDE_CODE_MAX_RETRIES: '0', ...(cli === 'claude' && SUBSCRIBED) },
    before: async ({ mainRepo }) => {
      planted = join(mainRepo, 'planted.txt');
    },
    instead: ({ job }) => {
      const next = given.get(job.iteration) ?? 0;
      given.set(job.iteration, next + 1);
      const replies = REPLIES[cli](planted)[Number(job.iteration) - 1] ?? [];
      // Some CLIs retry by themselves.
      return job.iteration === '002' ? replies[next] : (replies[next] ?? replies.at(-1));
    },
  });
  const statuses: string[] = [];
  while (statuses.at(-1) !== 'limited') {
    const { status } = await isSettled(session);
    statuses.push(status.kind);
    if (status.kind === 'blocked') await session.resume();
  }
  const ended = await session.eventsOf('iteration_ended');
  return { session, planted, statuses, ended, endings: ended.map(({ ending }) => ending) };
}

const TRIED_AGAIN = { ending: 'overloaded', decision: { kind: 'run', phase: 'investigation' } };
const minutesOff = (until = 0) => Math.abs(until - RESET * 1000) / 60_000;

test.concurrent(
  'claude is busy, writes into the main checkout, forgets the signal, has no valid login, refuses, and reaches its limit',
  ci,
  async ({ expect }) => {
    const { session, planted, statuses, ended, endings } = await playEndings('claude');
    await using _ = session;
    const thatWork = session.models.claude?.turns.filter(({ job }) => job.iteration > '001') ?? [];
    const [afterWrite] = thatWork[1]?.conversation.results ?? [];
    expect(ended[0], 'a busy service is retried').toMatchObject(TRIED_AGAIN);
    const refusal = { failed: true, text: expect.stringContaining('is not yours to write') };
    expect(afterWrite, 'a write into the main checkout is refused').toMatchObject(refusal);
    expect(await ifExists(stat(planted)), 'a write into the main checkout is refused').toBeUndefined();
    expect(thatWork[2]?.job.iteration, 'sent back in the same process').toBe('002');
    expect(ended[1]?.signal, 'sent back in the same process').toMatchObject({ phase: 'requirements' });
    expect(endings).toEqual(['overloaded', 'signalled', 'auth', 'refused', 'usage_limit']);
    expect(statuses, 'auth and a refusal block at once').toEqual(['blocked', 'blocked', 'limited']);
    const [limited] = await session.eventsOf('limited');
    expect(limited, 'parked until its reset').toMatchObject({ provider: 'claude', guessed: false });
    expect(minutesOff(limited?.until)).toBeLessThanOrEqual(3);
  },
);

test.concurrent('codex is busy, gives its signal as its last message, has no valid login, refuses, and reaches its limit', async ({
  expect,
}) => {
  const { session, statuses, ended, endings } = await playEndings('codex');
  await using _ = session;
  expect(ended[0], 'a busy service is retried').toMatchObject(TRIED_AGAIN);
  expect(ended[1], 'the last message is used as the signal').toMatchObject({
    signal: { status: 'continue', phase: 'requirements' },
    signalNotes: [expect.stringContaining('the last message is the signal')],
  });
  expect(endings).toEqual(['overloaded', 'signalled', 'auth', 'refused', 'usage_limit']);
  expect(statuses, 'auth and a refusal block at once').toEqual(['blocked', 'blocked', 'limited']);
  const [limited] = await session.eventsOf('limited');
  expect(limited, 'parked until its reset').toMatchObject({ provider: 'codex', guessed: false });
  expect(minutesOff(limited?.until)).toBeLessThanOrEqual(3);
});

test.concurrent('gemini is busy, writes no signal, has no valid login, and reaches its limit for an estimated time', async ({
  expect,
}) => {
  const { session, statuses, ended, endings } = await playEndings('gemini');
  await using _ = session;
  expect(ended[0], 'a busy service is retried').toMatchObject(TRIED_AGAIN);
  expect(endings).toEqual(['overloaded', 'no_signal', 'auth', 'usage_limit']);
  expect(statuses, 'auth blocks at once').toEqual(['blocked', 'limited']);
  const [limited] = await session.eventsOf('limited');
  expect(limited, 'parked').toMatchObject({ provider: 'gemini', guessed: true });
});

/** Gemini CLI starts itself once more, as it does for people. */
const AS_TWO = { GEMINI_CLI_NO_RELAUNCH: '' };

// In parallel, because they wait most of their time.
test.concurrent('an agent whose service never answers is ended at the time limit, with all its processes', async ({
  expect,
}) => {
  const ended = CLIS.map(async (cli) => {
    // A second agent would only be ended with the session.
    await using session = await startCliSession({
      cli,
      env: AS_TWO,
      lines: { TIMEOUT: '8', MAX_ITERATIONS: '1' },
      instead: () => 'silence',
    });
    await session.until(({ status }) => status.kind === 'blocked');
    const row = `a ${cli} whose service never answers is ended at the time limit, with all its processes`;
    const iterations = await session.eventsOf('iteration_ended');
    expect(iterations, row).toMatchObject([{ ending: 'timeout', iteration: 1 }]);
    expect(await session.processes(), row).toEqual([]);
  });
  // Each to its end, so that none is left running when another fails.
  await Promise.allSettled(ended);
  await Promise.all(ended);
});

// A name that only the tool's own process has; Claude Code refuses an agent's `sleep` alone.
const HOLD =
  'node -e "setTimeout(()=>{}, 600000)" held-by-the-tool & (nohup sleep 600 >/dev/null 2>&1 &) ; wait';

test.concurrent.for(CLIS)(
  'after a worker dies during a tool call of %s, the next one takes over the same agent, and a stop during a tool call leaves no process',
  async (cli, { expect }) => {
    let folder = '';
    const running = (command: string): ModelReply => ({
      say: 'Running.',
      use: [{ name: 'Bash', input: { command, timeout: 600_000 } }],
    });
    await using session = await startCliSession({
      cli,
      env: AS_TWO,
      before: async ({ homeDir }) => {
        folder = homeDir;
      },
      instead: ({ job, step }) => {
        if (step > 0) return undefined;
        const goesOn = `node -e "setInterval(() => fs.existsSync('${folder}/go-on') && process.exit(), 50)"`;
        return running(`touch '${folder}/in-${job.iteration}'; ${job.iteration === '001' ? goesOn : HOLD}`);
      },
    });
    await eventually(() => ifExists(stat(join(folder, 'in-001'))));
    const { lease } = await session.state();
    const [dead] = [await session.workerPid()];
    await session.killWorker();
    await session.until((state) => state.lease > lease);
    expect(await session.workerPid()).not.toBe(dead);
    await writeFile(join(folder, 'go-on'), '');
    await session.until(({ openIteration }) => openIteration?.iteration === 2);
    expect((await session.eventsOf('worker_took_over')).at(-1)).toMatchObject({ previous: 'died' });

    await eventually(() => ifExists(stat(join(folder, 'in-002'))));
    while ((await session.processes()).length < 4) await new Promise((resolve) => setTimeout(resolve, 100));
    await session.stop();
    await session.until(({ status }) => status.kind === 'stopped');
    expect(await session.processes(), 'a stop').toEqual([]);
    const ended = await session.eventsOf('iteration_ended');
    expect(ended.map(({ iteration, phase, ending }) => [iteration, phase, ending])).toEqual([
      [1, 'investigation', 'signalled'],
      [2, 'requirements', 'killed'],
    ]);
  },
);
