import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSharedLimit } from '../../../../src/core/worker/limits/account.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const AGENT = fileURLToPath(new URL('../difficult-agents/agent.mjs', import.meta.url));
const UNGUARDED = { PROVIDER: 'acp', ACP_WITHOUT_GUARD: 'yes' };

const linesFor = (scenario: string, dir: string) => ({
  ...UNGUARDED,
  ACP_COMMAND: `${process.execPath} '${AGENT}' '${scenario}' '${dir}'`,
});

async function providersOf(rig: SessionRig): Promise<string[]> {
  return (await rig.events()).flatMap((event) =>
    event.type === 'iteration_started' ? [event.provider] : [],
  );
}

test.concurrent(
  'a worker that is killed in the middle of a prompt leaves the agent at work, and the next one adopts it',
  ci,
  async ({ expect }) => {
    await using dir = await tempDir();
    await using rig = await startRig({
      lines: { ...linesFor('works slowly', dir.path), MAX_ITERATIONS: '1' },
    });
    await rig.until(({ openIteration }) => openIteration !== undefined);
    await expect.poll(() => readFile(join(dir.path, 'starts'), 'utf8').catch(() => '')).toBe('x');
    await rig.killWorker();
    await rig.launch();
    await expect
      .poll(async () => (await rig.events()).filter(({ type }) => type === 'worker_took_over').length)
      .toBe(2);
    // Others with the marker, such as a git of a worker, come and go.
    const agent = Number(await readFile(join(dir.path, 'pid'), 'utf8'));
    expect((await rig.processesWithMark()).map(({ pid }) => pid)).toContain(agent);
    await writeFile(join(dir.path, 'go-on'), '');
    await rig.until(({ lastIteration }) => lastIteration !== undefined);
    const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended');
    expect(ended).toMatchObject([{ ending: 'signalled', cost: { version: '9.9.9', tools: { edit: 2 } } }]);
    expect(await readFile(join(dir.path, 'starts'), 'utf8')).toBe('x');
  },
);

test.concurrent('an agent takes over while the first provider is at its usage limit, which then works again', async ({
  expect,
}) => {
  await using dir = await tempDir();
  await using rig = await startRig({
    lines: {
      ...linesFor('works slowly', dir.path),
      PROVIDER: 'rehearsal',
      FALLBACK: 'acp',
      MAX_ITERATIONS: '3',
    },
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 3 }] }] },
  });
  await rig.until(({ openIteration }) => openIteration?.iteration === 2);
  // The limit ends while the agent is at work: it is not replaced within its iteration.
  await expect.poll(() => readSharedLimit(rig.context(), 'rehearsal')).toBeUndefined();
  await writeFile(join(dir.path, 'go-on'), '');
  await rig.until(({ lastIteration }) => lastIteration?.iteration === 3);
  expect(await providersOf(rig)).toEqual(['rehearsal', 'acp', 'rehearsal']);
});

test.concurrent('while an agent is at its usage limit, the next provider of FALLBACK takes over', async ({
  expect,
}) => {
  await using dir = await tempDir();
  const lines = { ...linesFor('has used up its plan', dir.path), FALLBACK: 'rehearsal' };
  await using rig = await startRig({ lines });
  await rig.untilWaiting('qa_answers');
  expect(await providersOf(rig)).toEqual(['acp', 'rehearsal']);
  const notices = (await rig.events()).filter((event) => event.type === 'notice');
  expect(JSON.stringify(notices)).toContain('acp has reached its usage limit');
});

test.concurrent('an agent that needs a login blocks the session with its own words', async ({ expect }) => {
  await using dir = await tempDir();
  await using rig = await startRig({ lines: linesFor('needs a login', dir.path) });
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(JSON.stringify(status)).toContain('Authentication required');
});

test.concurrent('a model that the agent does not have blocks the session before its first prompt, with the list', async ({
  expect,
}) => {
  await using dir = await tempDir();
  const lines = { ...linesFor('has models', dir.path), MODEL: 'mine/two' };
  await using rig = await startRig({ lines });
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(JSON.stringify(status)).toContain('It has no model mine/two. It offers: hosted/free, mine/one.');
  const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended');
  expect(ended).toMatchObject([{ ending: 'config' }]);
  expect(await readdir(dir.path), 'a prompt').toEqual([]);
});

/** What a start with these lines says, and what to do then. */
async function refusalOf(lines: Readonly<Record<string, string>>): Promise<string> {
  return await startRig({ lines }).then(
    () => 'It started.',
    ({ message, hint }) => `${message} ${hint}`,
  );
}

test.concurrent.each([
  ['without the sandbox', { ACP_WITHOUT_GUARD: 'no' }, 'ACP_WITHOUT_GUARD=yes'],
  ['with PERMISSIONS=allow', { PERMISSIONS: 'allow' }, 'ACP_ASKS=yes'],
  ['with PERMISSIONS=auto', { PERMISSIONS: 'auto' }, 'it is not offered'],
  ['with a limit of money', { MAX_COST_USD: '5' }, 'Set MAX_HOURS instead'],
  ['with a limit of tokens', { MAX_TOKENS: '5000' }, 'Set MAX_HOURS instead'],
] as const)('an agent of which nothing is known is refused %s', async (_how, lines, hint) => {
  expect(await refusalOf({ ...linesFor('honest', '/nowhere'), ...lines })).toContain(hint);
});

test.concurrent('a limit of all sessions of a day is refused for an agent that reports no cost', async () => {
  const lines = linesFor('honest', '/nowhere');
  const started = startRig({ lines, firstEnv: { MAX_COST_USD_PER_DAY: '50' } });
  await expect(started).rejects.toThrow('MAX_COST_USD_PER_DAY is set');
});

test.concurrent('limits that a resume adds are refused for an agent that reports neither cost nor tokens, and hold for the next provider', async ({
  expect,
}) => {
  await using dir = await tempDir();
  await using rig = await startRig({ lines: linesFor('needs a login', dir.path) });
  await rig.until(({ status }) => status.kind === 'blocked');
  await expect(rig.resume({ limits: { usd: 5 } })).rejects.toThrow('MAX_COST_USD is set');
  await expect(rig.resume({ limits: { tokens: 5000 } })).rejects.toThrow('MAX_TOKENS is set');
  await expect(rig.resume({}, { MAX_COST_USD_PER_DAY: '50' })).rejects.toThrow('MAX_COST_USD_PER_DAY is set');
  expect((await rig.events()).some(({ type }) => type === 'resumed')).toBe(false);
  await rig.resume({ limits: { usd: 5 }, provider: 'rehearsal' });
  await rig.until(({ status }) => status.kind === 'waiting');
  await rig.stop();
  await expect(rig.resume({ provider: 'acp' })).rejects.toThrow('MAX_COST_USD is set');
});

test.concurrent('PROVIDER=acp without a command is refused', async () => {
  expect(await refusalOf(UNGUARDED)).toContain('Name it in .samocode, as in ACP_COMMAND=');
});
