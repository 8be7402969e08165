import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../src/base/errors.ts';
import { runCommand } from '../../src/base/run-command.ts';
import type { ModelOf } from '../support/model-stub/services.ts';
import { startCliSession } from './cli-session.ts';

/** Puts a server that leaves a trace when started into every place where a person may have configured one. */
async function configure(
  cli: ModelOf,
  { homeDir, mainRepo, trace }: Record<'homeDir' | 'mainRepo' | 'trace', string>,
) {
  const server = { command: 'touch', args: [trace] };
  const json = JSON.stringify({ mcpServers: { samocode: server } });
  switch (cli) {
    case 'claude':
      await writeFile(join(homeDir, '.claude.json'), json);
      await writeFile(join(mainRepo, '.mcp.json'), json);
      break;
    case 'codex': {
      const path = join(homeDir, '.codex/config.toml');
      const table = `\n[mcp_servers."my samocode"]\ncommand = "touch"\nargs = ["${trace}"]\n`;
      await writeFile(path, (await readFile(path, 'utf8')) + table);
      break;
    }
    case 'gemini': {
      const path = join(homeDir, '.gemini/settings.json');
      const settings = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify({ ...settings, mcpServers: { samocode: server } }));
      await mkdir(join(mainRepo, '.gemini'));
      await writeFile(join(mainRepo, '.gemini/settings.json'), json);
      break;
    }
    default:
      cli satisfies never;
  }
  const git = (...args: string[]) => runCommand('git', args, { cwd: mainRepo });
  await git('add', '-A');
  await git('commit', '-q', '-m', 'Servers of the project');
}

const CLIS = ['claude', 'codex', 'gemini'] as const;

test.each(CLIS)('no server of the person or the project is started by a %s child', async (cli) => {
  let trace = '';
  await using session = await startCliSession({
    cli,
    before: async (places) => {
      trace = join(places.homeDir, 'server-was-started');
      await configure(cli, { ...places, trace });
    },
  });
  await session.until(({ progress }) => progress.totalIterations >= 1 && progress.phase !== 'investigation');
  expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'signalled' });
  expect(await ifExists(stat(trace))).toBeUndefined();
});

// Gemini CLI takes them from a file that it refuses below a folder which everybody may write, as tests use.
test.each(['claude', 'codex'] as const)(
  'the servers of the MCP file of the project are started by a %s child',
  async (cli) => {
    let trace = '';
    await using session = await startCliSession({
      cli,
      before: async ({ homeDir, mainRepo }) => {
        trace = join(homeDir, 'server-was-started');
        const servers = { traced: { command: 'touch', args: [trace] } };
        await writeFile(join(mainRepo, 'children.mcp.json'), JSON.stringify({ mcpServers: servers }));
        await appendFile(join(mainRepo, '.samocode'), 'MCP=children.mcp.json\n');
      },
    });
    await session.until(
      ({ progress }) => progress.totalIterations >= 1 && progress.phase !== 'investigation',
    );
    expect((await session.eventsOf('iteration_ended'))[0]).toMatchObject({ ending: 'signalled' });
    expect(await ifExists(stat(trace))).toBeDefined();
  },
);
