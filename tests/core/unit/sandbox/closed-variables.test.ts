import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allProviders } from '../../../../src/core/agents/registry.ts';
import { NO_OPENINGS } from '../../../../src/core/kernel/sandbox-level.ts';
import { copyState, loginPlaces, variablesOfClis } from '../../../../src/core/sandbox/cli-state.ts';
import { guardOf } from '../../../../src/core/sandbox/guard-of.ts';
import { findProtectedPlaces } from '../../../../src/core/sandbox/places.ts';
import { childEnvironment, closedText } from '../../../../src/core/sandbox/programs/environment.ts';
import { closedFolder, NAMES_OF_PATHS } from '../../../support/closed-variables.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const TOOL = { kind: 'bwrap', path: '/usr/bin/bwrap', isRoot: false } as const;
const OPENINGS = {
  ...NO_OPENINGS,
  sockets: ['docker', 'ssh-agent', 'gpg-agent', 'keyring'] as const,
};

describe.each(['guard', 'strict'] as const)('with SANDBOX=%s', (sandbox) => {
  let closed: Awaited<ReturnType<typeof closedFolder>>;
  beforeAll(async () => {
    closed = await closedFolder();
  });
  afterAll(() => closed[Symbol.asyncDispose]());

  test.each(NAMES_OF_PATHS)('%s of another user is absent and named', async (name) => {
    await using dir = await tempDir();
    const at = (folder: string) => join(dir.path, folder);
    for (const folder of ['home', 'repo/.git', 'copies']) await mkdir(at(folder), { recursive: true });
    const env = { PATH: '/usr/bin:/bin', HOME: at('home'), [name]: closed.at(name) };
    await chmod(dir.path, 0o777);
    await chmod(at('copies'), 0o777);
    await asOrdinaryUser(async () => {
      const places = await findProtectedPlaces(
        {
          ...{ mainRepo: at('repo'), sessionsDir: at('sessions'), worktreesDir: at('worktrees') },
          settings: { sandbox, openings: { ...OPENINGS, sockets: [...OPENINGS.sockets] } },
        },
        {
          ...{ env, home: at('home'), runRoot: at('sessions/.run') },
          programFolder: '/usr/lib',
          commonDir: async () => at('repo/.git'),
        },
      );
      const clis = allProviders().map((provider) => provider.name);
      for (const cli of clis) await copyState(cli, places.home, join(at('copies'), cli));
      await loginPlaces(places.home, clis);
      await variablesOfClis(clis, places.home.env);
      guardOf(TOOL, places, { clis: clis.map((cli) => ({ name: cli })) });
      expect(Object.keys(childEnvironment(env, { sessionUlid: 'x', iteration: 1 }))).not.toContain(name);
      expect(closedText(env)).toContain(`${name} (${closed.at(name)})`);
    });
  });
});
