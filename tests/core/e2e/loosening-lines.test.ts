import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTrust } from '../../../src/core/caller/context/trust-project.ts';
import type { ToolContext } from '../../../src/core/faces/mcp/tool.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { NO_OPENINGS } from '../../../src/core/kernel/sandbox-level.ts';
import { shellWord } from '../../../src/core/kernel/shell-quoted.ts';
import { askTool } from '../../app/unit/server/ask-tool.ts';
import { type Bench, makeBench } from '../../support/bench.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { startSession } from '../../support/start-session.ts';

const byTool = (bench: Bench) => ({ ...bench.context, by: { channel: 'tool' } as const });

async function hashOf(bench: Bench): Promise<string> {
  return (await readTrust({}, bench.context)).project.fileHash;
}

async function cli(bench: Bench, ...args: string[]): Promise<string> {
  const { cli: program } = await builtPrograms();
  const { repo } = bench;
  const options = { cwd: repo.path, env: repo.env };
  const { stdout, stderr } = await runCommand(process.execPath, [program, ...args], options);
  return stdout + stderr;
}

async function cliInTerminalOfAgent(bench: Bench, ...args: string[]): Promise<string> {
  const { cli: program } = await builtPrograms();
  const words = [process.execPath, program, ...args].map(shellWord).join(' ');
  const env = { ...bench.repo.env, CODEX_THREAD_ID: '1' };
  const { stdout } = await runCommand('script', ['-qec', words, '/dev/null'], { cwd: bench.repo.path, env });
  return stdout;
}

/** What a parent model does to remove a gate that constrains it, and the answer it gets. */
const ACTS: Array<[name: string, play: (bench: Bench) => Promise<string>, told: RegExp]> = [
  [
    'passes the hash on to setup_project',
    async (bench) => {
      const trust = await hashOf(bench);
      return JSON.stringify((await askTool('setup_project', { trust }, byTool(bench))).json);
    },
    /person_needed.*GATES=none.*in their own terminal/s,
  ],
  [
    'runs samocode trust --yes without a terminal',
    (bench) => cli(bench, 'trust', '--yes'),
    /GATES=none.*their own terminal/s,
  ],
  [
    'runs samocode trust --yes in a pseudo-terminal',
    (bench) => cliInTerminalOfAgent(bench, 'trust', '--yes'),
    /GATES=none.*their own terminal/s,
  ],
  [
    'rewrites the file with samocode init',
    async (bench) => {
      await rm(join(bench.repo.path, '.samocode'));
      return await cli(bench, 'init', '--set', 'PROVIDER=rehearsal', 'GATES=none');
    },
    /No session starts before you trust/,
  ],
  [
    'starts a session and sets the gates itself',
    async (bench) =>
      JSON.stringify((await askTool('start_session', { task: 'x', gates: 'none' }, byTool(bench))).json),
    /bad_input/,
  ],
];

describe('a line that removes a gate has no effect for a parent that', () => {
  test.for(ACTS)('%s', ci, async ([, play, told]) => {
    await using bench = await makeBench({ sandbox: 'auto' });
    await appendFile(join(bench.repo.path, '.samocode'), 'GATES=none\n');
    expect(await play(bench)).toMatch(told);
    expect((await readTrust({}, bench.context)).trust).toMatchObject({ kind: 'untrusted' });
    await expect(startSession({ task: 'x' }, byTool(bench))).rejects.toMatchObject({
      code: 'project_not_trusted',
    });
  });
});

describe('the sandbox of a start', () => {
  const startBy = async (context: Bench['context'], sandbox?: string) => {
    const args = { task: 'x', start: false, ...(sandbox !== undefined && { sandbox }) };
    return (await askTool('start_session', args, context)).json;
  };
  const frozen = async (bench: Bench, json: Awaited<ReturnType<typeof startBy>>) =>
    (await bench.view(String(json.session))).sessionFile?.settings;

  test('cannot be lowered by a parent, neither directly nor through a line that it wrote', async () => {
    await using bench = await makeBench({ sandbox: 'auto' });
    expect(await startBy(byTool(bench), 'off')).toMatchObject({ code: 'person_needed' });
    await appendFile(join(bench.repo.path, '.samocode'), 'SANDBOX=off\n');
    for (const sandbox of [undefined, 'off', 'guard'])
      expect(await startBy(byTool(bench), sandbox)).toMatchObject({ code: 'project_not_trusted' });
    expect(await cli(bench, 'start', '--task', 'x', '--no-run')).toContain('SANDBOX=off');
    expect(await askTool('list_sessions', {}, bench.context)).toMatchObject({
      json: { summary: 'There are no such sessions.' },
    });
  });

  test('is lowered by a person, and by a line that a person trusted, while anybody may raise it', async () => {
    await using bench = await makeBench({ sandbox: 'auto', lines: { SANDBOX_WRITE: '~/cache' } });
    const openings = { ...NO_OPENINGS, write: [join(bench.repo.homeDir, 'cache')] };
    const byPerson = await frozen(bench, await startBy(bench.context, 'off'));
    expect(byPerson).toMatchObject({ sandbox: 'off', sandboxLowered: true, openings });
    const stricter = await frozen(bench, await startBy(byTool(bench), 'guard'));
    expect(stricter).toMatchObject({ sandbox: 'guard', openings });
    expect(stricter).not.toHaveProperty('sandboxLowered');

    await using trusted = await makeBench({ sandbox: 'off' });
    const asProject = await frozen(trusted, await startBy(byTool(trusted), 'off'));
    expect(asProject).toMatchObject({ sandbox: 'off', openings: NO_OPENINGS });
  });
});

test('a command that runs a program may still be trusted through a parent after its person has agreed', async () => {
  await using bench = await makeBench({ sandbox: 'auto' });
  await appendFile(join(bench.repo.path, '.samocode'), 'CHECK=true\n');
  const { json } = await askTool('setup_project', { trust: await hashOf(bench) }, byTool(bench));
  expect(json).toMatchObject({ done: ['Trusted: CHECK=true.'] });
});

test('a client that answers every form trusts no line that relaxes a rule, and is asked nothing', async () => {
  await using bench = await makeBench({ sandbox: 'auto' });
  await appendFile(join(bench.repo.path, '.samocode'), 'GATES=qa\n');
  const asked: string[] = [];
  const ask: ToolContext['ask'] = async ({ message }) => {
    asked.push(message);
    return { kind: 'filled', filled: { decision: 'yes' } };
  };
  const call = await askTool('setup_project', { trust: await hashOf(bench) }, byTool(bench), { ask });
  expect(call.json).toMatchObject({ code: 'person_needed' });
  expect(asked).toEqual([]);
});
