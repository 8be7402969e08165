import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { browserRecipe } from '../support/browser-recipe.ts';
import { freePort } from '../support/free-port.ts';
import { startCliSession } from './cli-session.ts';

const APP = `import { createServer } from 'node:http';
createServer((_, response) => response.end('afloat\\n')).listen(Number(process.env.PORT), '127.0.0.1');
`;

const ROWS = [
  { cli: 'claude', sandbox: 'guard' },
  { cli: 'codex', sandbox: 'off' },
  { cli: 'gemini', sandbox: 'guard' },
] as const;

// Codex ends what `nohup` and `&` leave behind with the command, so that is not what the recipe says.
test.each(ROWS)(
  'a server that a tool call of the real $cli started by the recipe answers later ones, and ends with the iteration',
  async ({ cli, sandbox }) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    let commands: string[] = [];
    await using session = await startCliSession({
      cli,
      lines: { SANDBOX: sandbox },
      before: async ({ homeDir }) => {
        await writeFile(join(homeDir, 'app.mjs'), APP);
        const places = { dir: homeDir, port, page: 'home', sessionDir: homeDir };
        const recipe = await browserRecipe({ ...places, start: `node "${homeDir}/app.mjs"` });
        // Started, asked for its status, and asked again; it is left for the worker to end.
        commands = [...recipe.slice(1, 3), `curl -s ${url}`];
      },
      instead: ({ job, step }) => {
        const command = commands[step];
        return job.phase === 'investigation' && command !== undefined
          ? { say: 'Trying.', use: [{ name: 'Bash', input: { command, description: 'Trying' } }] }
          : undefined;
      },
    });
    await session.until(
      ({ progress }) => progress.totalIterations >= 1 && progress.phase !== 'investigation',
    );
    const [ended] = await session.eventsOf('iteration_ended');
    expect(ended).toMatchObject({ ending: 'signalled', decision: { kind: 'run', phase: 'requirements' } });
    const last = session.models[cli]?.turns.findLast(({ job }) => job.phase === 'investigation');
    const [, status, answer] = last?.conversation.results ?? [];
    expect([status?.text, answer?.text]).toEqual([
      expect.stringContaining('200'),
      expect.stringContaining('afloat'),
    ]);
    await expect(fetch(url)).rejects.toThrow();
  },
);
