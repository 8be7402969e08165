import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CLI_ANSWERS } from '../../support/cli-samples.ts';
import { endings } from '../../support/events-of.ts';
import { always, fails, first } from '../../support/scenario-rules.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { AT_THE_GATE, type FaultRow, faultTable, isAtEnd } from './fault-row.ts';
import { inOneSession, WORKS } from './in-one-session.ts';
import { changeSettings, withSettings } from './with-settings.ts';

const endedAs =
  (...expected: string[]) =>
  async (rig: SessionRig) =>
    expect((await endings(rig)).slice(0, expected.length)).toEqual(expected);

/** The file that every session of the account reads. */
async function writeSharedLimit(rig: SessionRig, text: string): Promise<void> {
  const folder = join(rig.repo.homeDir, '.config/samocode/limits');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rehearsal-login.json'), text);
}

const sharedUntil = (until: number) => JSON.stringify({ v: 1, until, guessed: false, at: Date.now() });

const limits: FaultRow[] = [
  {
    ci: true,
    name: 'a usage limit is waited for until its stated time',
    rules: first({ act: 'limit', resetsInSeconds: 3 }),
    ends: AT_THE_GATE,
    also: async (rig) => {
      const { progress } = await rig.state();
      expect(await endings(rig)).toEqual(['usage_limit', 'signalled', 'signalled']);
      expect(progress.counted.investigation).toBe(1);
    },
  },
  {
    name: 'a usage limit without a stated time is waited for with an estimate, which is marked as such',
    rules: always({ act: 'limit' }),
    ends: 'limited',
    also: async (rig) => expect((await rig.state()).status).toMatchObject({ guessed: true }),
  },
  {
    name: 'a usage limit that recurs is waited for again',
    rules: [{ when: { iteration: [1, 2] }, do: [{ act: 'limit', resetsInSeconds: 2 }] }],
    ends: AT_THE_GATE,
    also: endedAs('usage_limit'),
  },
  {
    name: 'a signal before the limit counts, and the wait follows it',
    rules: first(
      { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' },
      { act: 'limit', resetsInSeconds: 2 },
    ),
    ends: AT_THE_GATE,
    also: async (rig) => {
      expect(await endings(rig)).toEqual(['signalled', 'signalled']);
      const types = (await rig.events()).map(({ type }) => type);
      const between = types.slice(types.indexOf('iteration_ended'), types.lastIndexOf('iteration_started'));
      expect(between).toContain('limited');
    },
  },
  {
    ci: true,
    name: 'a limit is waited for across the death of the worker',
    supervised: true,
    rules: first({ act: 'limit', resetsInSeconds: 4 }),
    act: async (rig) => {
      await rig.until(({ status }) => status.kind === 'limited');
      await rig.killWorker();
    },
    ends: AT_THE_GATE,
  },
  {
    name: 'a person may say that the limit is over',
    rules: first({ act: 'limit', resetsInSeconds: 3600 }),
    sparesWorker: true,
    act: async (rig) => {
      await rig.until(({ status }) => status.kind === 'limited');
      await rig.resume();
    },
    ends: AT_THE_GATE,
  },
  {
    name: 'a stop during a limit counts as a stop',
    rules: first({ act: 'limit', resetsInSeconds: 3600 }),
    sparesWorker: true,
    act: async (rig) => {
      await rig.until(({ status }) => status.kind === 'limited');
      await rig.stop();
    },
    ends: 'stopped',
  },
  withSettings(
    {},
    {
      name: 'what another session found out about the account applies before an agent is started',
      ends: 'limited',
      also: async (rig) => expect(await endings(rig)).toEqual([]),
    },
  ),
  withSettings({}, { name: 'a damaged note about the account delays no session', ends: AT_THE_GATE }),
  withSettings({}, { name: 'a note about a limit that is over delays no session', ends: AT_THE_GATE }),
];

const NOTES: Record<string, string> = {
  'what another session found out about the account applies before an agent is started': sharedUntil(
    Date.now() + 3_600_000,
  ),
  'a damaged note about the account delays no session': '{"v":1,"until":',
  'a note about a limit that is over delays no session': sharedUntil(1),
};

/** The note exists before the session continues. */
function withNote(row: FaultRow): FaultRow {
  const note = NOTES[row.name];
  if (note === undefined) return row;
  return { ...row, before: (rig) => writeSharedLimit(rig, note) };
}

const retried: Array<{ name: string; json: object; ending: string }> = [
  { name: 'an overloaded provider', json: { api_error_status: 529 }, ending: 'overloaded' },
  { name: 'a provider with an internal error', json: { api_error_status: 500 }, ending: 'overloaded' },
  { name: 'a gateway that is unavailable', json: { api_error_status: 503 }, ending: 'overloaded' },
  {
    name: 'too many requests, which is not a usage limit,',
    json: { api_error_status: 429 },
    ending: 'overloaded',
  },
  { name: 'an unavailable network', json: { api_error: 'connection_failed' }, ending: 'network' },
  { name: 'an unknown error', json: { api_error: 'something_new' }, ending: 'crashed' },
];

const blocking: Array<{ name: string; json: object; rule: string }> = [
  { name: 'an invalid login', json: { api_error_status: 401 }, rule: 'auth' },
  { name: 'a login without permission', json: { api_error_status: 403 }, rule: 'auth' },
  { name: 'a model that does not exist', json: { api_error_status: 404 }, rule: 'config' },
  { name: 'a refusal', json: { stop_reason: 'refusal' }, rule: 'refused' },
  {
    name: 'a budget that the CLI enforces itself',
    json: { subtype: 'error_max_budget_usd' },
    rule: 'budget',
  },
];

const classified: FaultRow[] = [
  inOneSession({}, [
    ...retried.map(({ name, json, ending }) => ({
      name: `${name} is retried`,
      acts: [fails(json)],
      ending,
    })),
    {
      name: 'text about a limit in a successful final event does not count as a limit',
      acts: [...WORKS, { act: 'result', json: { result: "You've hit your 5-hour limit · resets 8:55am" } }],
      ending: 'signalled',
      goesOn: true,
    },
    {
      name: 'a limit in the output of a tool does not count',
      acts: [
        {
          act: 'event',
          json: {
            type: 'user',
            message: { content: '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected"}}' },
          },
        },
        ...WORKS,
      ],
      ending: 'signalled',
      goesOn: true,
    },
    {
      name: 'a login that ends after the signal does not affect it',
      acts: [...WORKS, fails({ api_error_status: 401 })],
      ending: 'signalled',
      goesOn: true,
    },
  ]),
  withSettings(
    { maxRetries: 1 },
    {
      name: 'an unknown error blocks when the retries are used up',
      rules: always(fails({ api_error: 'something_new', result: 'Its own words' })),
      ends: 'blocked/retries',
      also: async (rig) =>
        expect((await rig.state()).status).toMatchObject({
          reason: expect.stringContaining('Its own words'),
        }),
    },
  ),
  withSettings(
    {},
    {
      ci: true,
      name: `one session is blocked at once, with their messages, by: ${blocking.map(({ name }) => name).join('; ')}`,
      rules: blocking.map(({ json }, index) => ({
        when: { iteration: index + 1 },
        do: [fails({ ...json, result: 'Its own words' })],
      })),
      sparesWorker: true,
      act: async (rig) => {
        for (const [index, { name, rule }] of blocking.entries()) {
          const { status } = await rig.until(
            (state) => state.status.kind === 'blocked' && state.progress.totalIterations === index + 1,
          );
          expect(status, name).toMatchObject({ rule, reason: expect.stringContaining('Its own words') });
          await rig.resume();
        }
      },
      ends: AT_THE_GATE,
    },
  ),
  {
    ci: true,
    name: 'used-up credit blocks at once',
    rules: always(
      { act: 'event', json: { type: 'assistant', error: 'billing_error', message: { content: [] } } },
      fails({ api_error_status: 400 }),
    ),
    ends: 'blocked/budget',
  },
];

const SAMPLES = join(import.meta.dirname, '../../fixtures/cli-samples');

interface Dialect {
  provider: 'claude' | 'codex' | 'gemini';
  version: string;
  sample: string;
  ends: string;
}

const dialects: Dialect[] = [
  { provider: 'claude', version: 'claude-2.1.328', sample: 'usage-limit-oauth', ends: 'limited' },
  // The same answer to an API key names neither an account limit nor a time.
  {
    provider: 'claude',
    version: 'claude-2.1.328',
    sample: 'err-429-usage-limit',
    ends: 'limited/overloaded',
  },
  { provider: 'claude', version: 'claude-2.1.328', sample: 'err-529-retry1', ends: 'limited/overloaded' },
  { provider: 'claude', version: 'claude-2.1.328', sample: 'err-conn-refused', ends: 'limited/network' },
  { provider: 'claude', version: 'claude-2.1.328', sample: 'err-401-retry0', ends: 'blocked/auth' },
  { provider: 'claude', version: 'claude-2.1.328', sample: 'err-400-credit', ends: 'blocked/budget' },
  { provider: 'codex', version: 'codex-0.169.0', sample: 'err-429-usage-limit-noreset', ends: 'limited' },
  { provider: 'codex', version: 'codex-0.169.0', sample: 'err-503-overloaded', ends: 'limited/overloaded' },
  { provider: 'codex', version: 'codex-0.169.0', sample: 'err-401', ends: 'blocked/auth' },
  { provider: 'gemini', version: 'gemini-0.61.0', sample: 'err-429-perday', ends: 'limited' },
  { provider: 'gemini', version: 'gemini-0.61.0', sample: 'err-503-max2', ends: 'limited/overloaded' },
  { provider: 'gemini', version: 'gemini-0.61.0', sample: 'err-401', ends: 'blocked/auth' },
];

/** Agents that print, one after the other, the recorded output of the real CLI; past resets are moved to the future. */
function recorded(provider: Dialect['provider']): FaultRow {
  const said = dialects.filter((dialect) => dialect.provider === provider);
  const names = said.map(({ sample, ends }) => `${sample} ends as ${ends}`);
  return {
    ci: true,
    name: `${provider}: ${names.join('; ')}`,
    ends: said.at(-1)?.ends ?? '',
    sparesWorker: true,
    before: async (rig) => {
      const program = await writeProgram(rig, said[0] as Dialect);
      const cliPaths = { [provider]: program };
      await changeSettings(rig, { provider, maxRetries: 1, retryDelayMs: 50, cliPaths });
    },
    act: async (rig) => {
      let iterations = 0;
      for (const [index, dialect] of said.entries()) {
        if (index > 0) {
          await writeProgram(rig, dialect);
          await rig.resume();
        }
        const { progress } = await rig
          .until(
            (state) => state.progress.totalIterations > iterations && isAtEnd(state.status, dialect.ends),
          )
          .catch((cause: unknown) => {
            throw new Error(`${provider}: ${names[index]}: ${cause}`, { cause });
          });
        iterations = progress.totalIterations;
      }
    },
  };
}

async function writeProgram(
  rig: SessionRig,
  { version, sample }: { version: string; sample: string },
): Promise<string> {
  const root = rig.repo.root;
  const text = await readFile(join(SAMPLES, version, `${sample}.jsonl`), 'utf8');
  const ahead = Math.round(Date.now() / 1000) + 3600;
  await writeFile(join(root, 'said.jsonl'), text.replaceAll(/"resetsAt":\d+/g, `"resetsAt":${ahead}`));
  await copyFile(join(SAMPLES, version, `${sample}.stderr`), join(root, 'said.stderr')).catch(() =>
    writeFile(join(root, 'said.stderr'), ''),
  );
  const { code } = JSON.parse(await readFile(join(SAMPLES, version, `${sample}.exit`), 'utf8'));
  const program = join(root, 'recorded-cli');
  await writeFile(
    program,
    `#!/bin/sh\n${CLI_ANSWERS}cat '${root}/said.jsonl'\ncat '${root}/said.stderr' >&2\nexit ${code}\n`,
    { mode: 0o755 },
  );
  return program;
}

faultTable([
  ...limits.map(withNote),
  ...classified,
  ...(['claude', 'codex', 'gemini'] as const).map(recorded),
]);
