import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { INSTRUCTIONS } from '../../../../src/app/server/server-info.ts';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventually } from '../../../support/eventually.ts';
import { followsTo, serverResultIn, startsAndLeaves } from '../../../support/model-stub/parent-model.ts';
import { runClient } from './client-cli.ts';

const ALL = TOOLS.map(({ name }) => name);
const CORE = TOOLS.filter(({ isCore }) => isCore).map(({ name }) => name);

/**
 * How each client passes a result to its model, which part of the instructions it shows, which tools it shows from the
 * start (it has searched for the others), and its own name. One of them follows its session to done.
 */
const CLIENTS = [
  {
    cli: 'claude',
    client: 'claude-code',
    shown: /"type":"tool_result","content":"\{\\"summary\\":/,
    instructions: INSTRUCTIONS.trim(),
    eager: CORE,
    end: 'done',
  },
  {
    cli: 'codex',
    client: 'codex-mcp-client',
    shown:
      /Script completed\\nWall time [\d.]+ seconds\\nOutput:\\n"\},\{"type":"input_text","text":"\{\\"summary\\":/,
    instructions: INSTRUCTIONS.split('\n')[0],
    eager: [],
    end: 'stopped',
  },
  {
    cli: 'gemini',
    client: 'gemini-cli-mcp-client',
    shown: /"output":"<untrusted_context>\\n\{\\"summary\\":.*\}\\n<\/untrusted_context>"/,
    instructions: INSTRUCTIONS.trim(),
    eager: ALL,
    end: 'stopped',
  },
] as const;

test.concurrent.for(CLIENTS)(
  'one chat in the real $cli starts a session and leaves, and the next one takes it through both gates until it is $end',
  async ({ cli, client, shown, instructions, eager, end }, { expect }) => {
    await using bench = await makeBench();
    const { repo, sessionsDir } = bench;
    // With a unique path, because other chats have the same server.
    const server = join(repo.root, 'samocode-mcp.js');
    await symlink((await builtPrograms()).server, server);
    const head = await repo.git(['rev-parse', 'HEAD']);
    const chat = { cli, server, homeDir: repo.homeDir, cwd: repo.path };

    const first = await runClient({ ...chat, script: startsAndLeaves('Name the boats') });
    expect(first, first.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('All done.') });
    expect(first.turns[0]?.request).toContain(JSON.stringify(instructions).slice(1, -1));
    expect(toolsIn(first.turns[0]?.request ?? '')).toEqual([...eager].sort());
    expect(first.turns[1]?.newest).toMatch(shown);
    const answers = (first.turns.at(-1)?.results ?? []).map(({ text }) => serverResultIn(text));
    expect(answers).toMatchObject([
      { next: expect.stringContaining('start_session'), main_repo: repo.path },
      // On a busy machine its worker may not have started yet.
      {
        state: expect.stringMatching(/^(?:starting|running)$/),
        next: 'wait',
        branch: 'samocode/boats',
        cursor: expect.any(String),
      },
    ]);
    // The server ends with its client; the session continues, and its worker leaves when it waits.
    await eventually(async () => !(await isRunning(server)));
    const [folder = ''] = await sessionFolders(sessionsDir);
    const paths = sessionPaths(sessionsDir, folder);
    await eventually(async () => (await bench.view(folder)).state.status.kind === 'waiting');
    await eventually(async () => (await bench.view(folder)).worker === 'none');

    const second = await runClient({ ...chat, script: followsTo(end) });
    expect(second, second.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('All done.'),
    });
    const texts = (second.turns.at(-1)?.results ?? []).map(({ text }) => text);
    const refused = texts.filter((text) => text.includes('no_answer_given'));
    expect(refused).toEqual([expect.stringContaining('Open questions: Q1, Q2, Q3')]);
    const results = texts.filter((text) => !refused.includes(text)).map(serverResultIn);
    expect(results.filter(({ summary }) => !summary)).toEqual([]);
    const cursors = results.flatMap(({ cursor }) =>
      cursor === undefined ? [] : Number.parseInt(cursor, 10),
    );
    expect(cursors).toEqual(cursors.toSorted((a, b) => a - b));
    expect(results).toContainEqual(
      expect.objectContaining({ for: 'qa_answers', next: expect.stringContaining('read_qa') }),
    );
    expect(results.find(({ questions }) => questions)?.questions?.[0]).toMatchObject({
      id: 'Q1',
      options: expect.arrayContaining([expect.stringMatching(/^A\) /)]),
    });
    expect(results).toContainEqual(
      expect.objectContaining({ hash: expect.any(String), text: expect.stringContaining('# Plan') }),
    );
    const [last, read] = results.slice(-2);
    expect(last).toMatchObject({
      state: end,
      ...(end === 'done' && { says: { summary: expect.any(String) } }),
    });
    const phase = end === 'done' ? 'done' : 'implementation';
    expect(read).toMatchObject({ text: expect.stringContaining(`Phase: ${phase}`) });

    const approved = (await readEvents(paths, 0)).find(({ type }) => type === 'plan_approved');
    expect(approved).toMatchObject({ by: { channel: 'tool', client: expect.stringContaining(client) } });
    expect(await repo.git(['rev-parse', 'HEAD'])).toBe(head);
    expect(await repo.git(['status', '--porcelain'])).toBe('?? .samocode');
    const commits = (await repo.git(['log', '--format=%s', 'main..samocode/boats'])).split('\n');
    if (end === 'done') expect(commits.length).toBeGreaterThan(2);
    await eventually(async () => !(await isRunning(repo.root)));
  },
);

/** Names of samocode tools that a request declares, in the naming of each service. */
function toolsIn(request: string): string[] {
  const names = [...request.matchAll(/"name":"mcp_{1,2}samocode_{1,2}(\w+)"/g)].map(([, name = '']) => name);
  return [...new Set(names)].sort();
}

/** Whether a process runs with this text in its command line. */
async function isRunning(words: string): Promise<boolean> {
  const { stdout } = await runCommand('ps', ['-A', '-ww', '-o', 'args=']);
  return stdout.split('\n').some((line) => line.includes(words));
}
