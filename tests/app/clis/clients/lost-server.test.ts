import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { eventually } from '../../../support/eventually.ts';
import { CONVERSATION_MARK, type Conversation } from '../../../support/model-stub/conversation.ts';
import { PARENT_PROMPT } from '../../../support/model-stub/parent-model.ts';
import { runClient } from './client-cli.ts';
import { startInteractiveClaude } from './interactive-claude.ts';

const LIST = { name: 'mcp:list_sessions', input: {} };
const ANSWERED = /There are no such sessions/;

/** The built server under a path that no other chat has. */
async function ownServer({ repo }: Bench): Promise<string> {
  const server = join(repo.root, 'samocode-mcp.js');
  await symlink((await builtPrograms()).server, server);
  return server;
}

function runningServers(server: string): number[] {
  const processes = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  const ours = processes.filter((line) => line.trim().endsWith(`${process.execPath} ${server}`));
  return ours.map((line) => Number.parseInt(line, 10));
}

/** Without any clean-up of its own, as when the memory runs out. */
function kill(server: string): number {
  const pids = runningServers(server);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}

test.concurrent.for([
  // The next call, or the one after it, starts another.
  ['claude', /Connection closed|There are no such sessions/, ANSWERED],
  ['codex', /Transport closed/, /Transport closed/],
  ['gemini', /Connection closed|Not connected/, /Not connected/],
] as const)(
  'what the model of a headless %s reads after its server was killed',
  async ([cli, next, last]) => {
    await using bench = await makeBench();
    const { homeDir, path: cwd } = bench.repo;
    const server = await ownServer(bench);
    let killed: number | undefined;
    const ran = await runClient({
      ...{ cli, server, homeDir, cwd },
      *script() {
        const list = { say: 'Listing.', ...LIST };
        yield list;
        // Each turn plays the script from its beginning.
        killed ??= kill(server);
        yield list;
        yield list;
      },
    });
    expect(killed).toBe(1);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('All done.') });
    const texts = ran.turns.at(-1)?.results.map(({ text }) => text);
    expect(texts).toEqual([ANSWERED, next, last].map((words) => expect.stringMatching(words)));
  },
);

test.concurrent('an interactive Claude Code tells its model that the tools are gone, starts no server again, and reconnects to one for its person', async () => {
  await using bench = await makeBench();
  const { homeDir, path: cwd } = bench.repo;
  const server = await ownServer(bench);
  const turns: Conversation[] = [];
  let calls = 1;
  await using claude = await startInteractiveClaude({
    ...{ server, homeDir, cwd, serverEnv: { SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' }, env: {} },
    answer(conversation) {
      if (!CONVERSATION_MARK.test(conversation.prompt)) return { say: 'Noted.' };
      turns.push(conversation);
      return { say: 'Noted.', ...(conversation.results.length < calls && { use: [LIST] }) };
    },
  });
  const eventuallySeen = (look: () => boolean) =>
    eventually(async () => look()).catch((error) => {
      throw new Error(`${error}\n${claude.screen().slice(-2000)}`);
    });
  const shown = (words: RegExp) => eventuallySeen(() => words.test(claude.screen()));
  /** The first request of the turn that a line begins. Each line is another one: the screen shows what is typed. */
  const asked = async (line: string) => {
    const before = turns.length;
    await claude.type(line);
    await eventuallySeen(() => turns.length > before);
    return turns[before]?.newest;
  };
  const result = async (number: number) => {
    await eventuallySeen(() => turns.at(-1)?.results.length === number);
    return turns.at(-1)?.results.at(-1)?.text;
  };

  await asked(PARENT_PROMPT);
  expect(await result(1)).toMatch(ANSWERED);
  expect(kill(server)).toBe(1);
  // A call before that would have started the server, as in `claude -p`.
  for (
    let line = 1;
    !(await asked(`Is it still there? ${line}`))?.includes('no longer available');
    line += 1
  );
  calls = 2;
  await asked('List the sessions a second time.');
  expect(await result(2)).toContain('No such tool available');
  expect(runningServers(server)).toEqual([]);
  await claude.type('/mcp');
  await shown(/✘ ?samocode/);
  await claude.press('enter');
  await shown(/Status: ?✘ ?failed.*Reconnect/);
  await claude.press('enter');
  await shown(/Reconnected ?to ?samocode/);
  calls = 3;
  await asked('List the sessions a third time.');
  expect(await result(3)).toMatch(ANSWERED);
});
