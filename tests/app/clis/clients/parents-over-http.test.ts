import { test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { makeBench } from '../../../support/bench.ts';
import { mcpRig } from '../../../support/mcp-over-http.ts';
import { preparesFromAfar, serverResultIn } from '../../../support/model-stub/parent-model.ts';
import { runClient } from './client-cli.ts';

const OFFERED = TOOLS.filter(({ name }) => name !== 'setup_project');
const CORE = OFFERED.filter(({ isCore }) => isCore);

/** The tools that each client shows its model from the start; it has searched for the others. */
const CLIENTS = [
  { cli: 'claude', eager: CORE },
  { cli: 'codex', eager: [] },
  { cli: 'gemini', eager: OFFERED },
] as const;

test.concurrent.for(CLIENTS)(
  'a chat in the real $cli lists the tools over HTTP, and prepares a session under the name of its token',
  async ({ cli, eager }, { expect }) => {
    await using bench = await makeBench();
    const { repo, sessionsDir } = bench;
    await using far = await mcpRig(bench.context);
    const server = { url: far.url, token: await far.addToken('phone') };
    const script = preparesFromAfar('Name the boats', repo.path);
    const ran = await runClient({ cli, server, script, homeDir: repo.homeDir, cwd: repo.path });
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('All done.') });
    const request = ran.turns[0]?.request ?? '';
    const shown = [...request.matchAll(/"name":"mcp_{1,2}samocode_{1,2}(\w+)"/g)].map(([, name]) => name);
    expect([...new Set(shown)].sort()).toEqual(eager.map(({ name }) => name).sort());
    const results = (ran.turns.at(-1)?.results ?? []).map(({ text }) => serverResultIn(text));
    expect(results).toMatchObject([
      { summary: expect.stringContaining('There are no such sessions.') },
      // The first where a worker takes seconds to begin.
      { state: expect.stringMatching(/^(?:starting|stopped)$/), branch: 'samocode/boats' },
    ]);
    const [folder = ''] = await sessionFolders(sessionsDir);
    const events = await readEvents(sessionPaths(sessionsDir, folder), 0);
    expect(events).toContainEqual(expect.objectContaining({ by: { channel: 'tool', client: 'phone' } }));
  },
);
